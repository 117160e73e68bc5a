//! Which tokens are believed. No identity is accepted from a bad ID token, and userinfo is not even
//! asked.

use std::sync::Arc;

use passerelle::kernel::time::Span;
use serde_json::{Value, json};

use super::{
    house::{House, says_no},
    keys::{Keys, Signer},
    stand_in::{Instead, Made, Script, at_hash, payload, sub},
};
use crate::oidc::browser::Browser;

const DOUBTFUL: &str = "Identité non vérifiée";
const TOO_LOW: &str = "Niveau de garantie insuffisant";
const ALG: &str = "franceconnect.id_token_signed_response_alg";
const INCOMPLETE: &str = "Identité incomplète";

fn id_claims(changes: Value) -> impl FnOnce(&mut Script) {
    move |script| script.id_token.changes = changes
}

fn id_signed(signer: Signer) -> impl FnOnce(&mut Script) {
    move |script| script.id_token.signer = signer
}

fn claims(changes: Value) -> impl FnOnce(&mut Script) {
    move |script| script.userinfo.changes = changes
}

fn signed(signer: Signer) -> impl FnOnce(&mut Script) {
    move |script| script.userinfo.signer = signer
}

/// One trip with that script: the title of the page that says no, and how often userinfo was asked.
async fn refused(
    house: &House,
    why: &str,
    change: impl FnOnce(&mut Script),
    (status, title, asked): (u16, &str, u32),
) {
    let (mut browser, before) = (Browser::default(), house.fc.calls().userinfo);
    house.fc.reset();
    house.fc.set(change);
    let page = house.come_back(&mut browser).await;
    says_no(&page, status, title, why);
    assert_eq!(house.fc.calls().userinfo - before, asked, "{why}: userinfo");
    assert_eq!(house.shown(&mut browser).await, None, "{why}");
    assert_eq!(house.count("SELECT count(*) FROM preregistration"), 0, "{why}");
}

async fn accepted(house: &House, why: &str, change: impl FnOnce(&mut Script)) {
    let mut browser = Browser::default();
    house.fc.reset();
    house.fc.set(change);
    let answer = house.come_back(&mut browser).await;
    assert_eq!(answer.location(), "/portail/preenregistrement", "{why}: {}", answer.text);
    assert_eq!(house.shown(&mut browser).await.as_deref(), Some("DUBOIS"), "{why}");
}

#[tokio::test]
async fn a_bad_id_token_brings_nobody_and_userinfo_is_not_asked() {
    let house = House::new().await;
    let no = (502, DOUBTFUL, 0);
    refused(&house, "nobody signs", id_signed(Signer::None), no).await;
    refused(&house, "our own secret signs", id_signed(Signer::Hs256), no).await;
    refused(&house, "another algorithm, published", id_signed(Signer::Rs256), no).await;
    refused(&house, "an unknown key", id_signed(Signer::Unknown), no).await;
    refused(&house, "a forger", id_signed(Signer::Forger), no).await;
    refused(&house, "another issuer", id_claims(json!({"iss": "https://fc.example/api/v2"})), no)
        .await;
    refused(&house, "another audience", id_claims(json!({"aud": "somebody"})), no).await;
    let two = json!({"aud": ["passerelle-essai", "somebody"]});
    refused(&house, "one audience too many", id_claims(two), no).await;
    refused(&house, "no audience", id_claims(json!({"aud": []})), no).await;
    refused(&house, "another nonce", id_claims(json!({"nonce": "a".repeat(64)})), no).await;
    refused(&house, "no nonce", id_claims(json!({"nonce": null})), no).await;
    let low = (403, TOO_LOW, 0);
    refused(&house, "no level", id_claims(json!({"acr": null})), low).await;
    refused(&house, "a strange level", id_claims(json!({"acr": "eidas0"})), low).await;
    refused(
        &house,
        "another access token",
        id_claims(json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})),
        no,
    )
    .await;
    refused(&house, "no ID token", |script| script.with_id_token = false, no).await;
    let expired = |script: &mut Script| {
        let now = script.now.as_seconds();
        script.id_token.changes = json!({"iat": now - 71, "exp": now - 11});
    };
    refused(&house, "expired", expired, no).await;
    let early = |script: &mut Script| {
        let now = script.now.as_seconds();
        script.id_token.changes = json!({"iat": now + 11, "exp": now + 71});
    };
    refused(&house, "from the future", early, no).await;
}

#[tokio::test]
async fn an_id_token_that_is_none_is_no_answer() {
    let house = House::new().await;
    let broken = (502, "FranceConnect a rencontré une erreur", 0);
    for (why, text) in [
        ("garbage", "garbage"),
        ("encrypted", "e30.a.b.c.d"),
        ("no JSON", "YQ.YQ.YQ"),
        ("no expiry", "eyJhbGciOiJFUzI1NiJ9.e30.YQ"),
    ] {
        let change = |script: &mut Script| {
            let made = script.id_token.clone();
            script.id_token = Made { instead: Some(text.to_owned()), ..made };
        };
        refused(&house, why, change, broken).await;
    }
}

#[tokio::test]
async fn bad_userinfo_brings_nobody() {
    let house = House::new().await;
    let no = (502, DOUBTFUL, 1);
    refused(&house, "nobody signs", signed(Signer::None), no).await;
    refused(&house, "our own secret signs", signed(Signer::Hs256), no).await;
    refused(&house, "another algorithm, published", signed(Signer::Rs256), no).await;
    refused(&house, "an unknown key", signed(Signer::Unknown), no).await;
    refused(&house, "a forger", signed(Signer::Forger), no).await;
    refused(&house, "somebody else", claims(json!({"sub": sub().replace('3', "4")})), no).await;
    refused(&house, "another audience", claims(json!({"aud": "somebody"})), no).await;
    refused(&house, "no audience", claims(json!({"aud": null})), no).await;
    refused(&house, "another issuer", claims(json!({"iss": "https://fc.example/api/v2"})), no)
        .await;
    refused(&house, "no issuer", claims(json!({"iss": null})), no).await;
    refused(&house, "no end", claims(json!({"exp": null})), no).await;
    let expired = |script: &mut Script| {
        let now = script.now.as_seconds();
        script.userinfo.changes = json!({"iat": now - 71, "exp": now - 11});
    };
    refused(&house, "expired", expired, no).await;
    let incomplete = (502, INCOMPLETE, 1);
    refused(&house, "no country", claims(json!({"birthcountry": null})), incomplete).await;
    refused(&house, "no date", claims(json!({"birthdate": "1962-02-30"})), incomplete).await;
    let odd = json!("66 digits and more");
    let both = |script: &mut Script| {
        script.id_token.changes = json!({"sub": odd});
        script.userinfo.changes = json!({"sub": odd});
    };
    refused(&house, "a strange subject", both, incomplete).await;
}

#[tokio::test]
async fn userinfo_comes_signed_unless_configured_otherwise() {
    let plain = |script: &mut Script| {
        let now = script.now.as_seconds();
        let jwt = script.keys.sign(Signer::None, "", &json!({
            "sub": sub(), "given_name": "Angela", "family_name": "DUBOIS", "gender": "female",
            "birthdate": "1962-08-24", "birthplace": "75107", "birthcountry": "99100", "iat": now,
        }));
        script.userinfo_instead = Some(Instead::Says(200, "application/json", payload(&jwt)));
    };
    let broken = (502, "FranceConnect a rencontré une erreur", 1);
    refused(&House::new().await, "plain JSON", plain, broken).await;
    let house = House::with(&[("franceconnect.userinfo", "json")]).await;
    refused(&house, "a JWT where JSON was configured", |_| (), broken).await;
    let somebody = |script: &mut Script| {
        plain(script);
        script.id_token.changes = json!({"sub": sub().replace('3', "4")});
    };
    refused(&house, "JSON about somebody else", somebody, (502, DOUBTFUL, 1)).await;
    accepted(&house, "plain JSON, configured", plain).await;
}

#[tokio::test]
async fn what_franceconnect_is_known_to_send_is_believed() {
    let house = House::new().await;
    accepted(&house, "as it is today", |_| ()).await;
    accepted(&house, "with at_hash", id_claims(json!({"at_hash": at_hash()}))).await;
    accepted(&house, "a higher level", id_claims(json!({"acr": "eidas3"}))).await;
    accepted(&house, "one audience in a list", id_claims(json!({"aud": ["passerelle-essai"]})))
        .await;
    accepted(&House::with(&[(ALG, "RS256")]).await, "RS256", |script| {
        script.id_token.signer = Signer::Rs256;
        script.userinfo.signer = Signer::Rs256;
    })
    .await;
    accepted(&house, "clocks that differ a little", |script| {
        let now = script.now.as_seconds();
        script.id_token.changes = json!({"iat": now + 9, "exp": now + 69});
        script.userinfo.changes = json!({"iat": now - 69, "exp": now - 9});
    })
    .await;
}

#[tokio::test]
async fn an_answer_below_the_level_that_was_asked_for_is_refused() {
    let house = House::with(&[("franceconnect.acr_values", "eidas2")]).await;
    let mut browser = Browser::default();
    assert_eq!(house.depart(&mut browser).await.get("acr_values"), "eidas2");
    says_no(&house.come_back(&mut browser).await, 403, TOO_LOW, "eidas1 for eidas2");
    house.fc.set(id_claims(json!({"acr": "eidas2"})));
    house.come_back(&mut browser).await.is(303);
}

#[tokio::test]
async fn keys_that_rotated_are_read_again_once_in_a_while() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let rotate = |name: &str| house.fc.set(|script| script.keys = Arc::new(Keys::new(name)));
    let keys_read = || house.fc.calls().keys;
    house.come_back(&mut browser).await.is(303);
    house.come_back(&mut browser).await.is(303);
    assert_eq!((keys_read(), house.fc.calls().discovery), (1, 1), "remembered");
    rotate("-a");
    house.come_back(&mut browser).await.is(303);
    assert_eq!(keys_read(), 2, "an unknown key: read again, tried again");
    rotate("-b");
    says_no(&house.come_back(&mut browser).await, 502, DOUBTFUL, "too soon");
    assert_eq!(keys_read(), 2, "not for every stranger's token");
    house.advance(Span::seconds(60));
    house.come_back(&mut browser).await.is(303);
    assert_eq!(keys_read(), 3);
    house.advance(Span::seconds(60));
    rotate("-b");
    house.come_back(&mut browser).await.is(303);
    assert_eq!(
        keys_read(),
        4,
        "another key under the same name: a failed signature is no end either"
    );
    house.advance(Span::minutes(10));
    house.come_back(&mut browser).await.is(303);
    assert_eq!(house.fc.calls().discovery, 2, "too old");
}

#[tokio::test]
async fn keys_may_rotate_between_the_two_tokens() {
    accepted(&House::new().await, "a rotation in between", |script| script.rotates = true).await;
}
