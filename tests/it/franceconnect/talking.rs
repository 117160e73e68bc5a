//! What we ask FranceConnect, and what we do with answers that are none.

use std::collections::BTreeMap;

use serde_json::json;
use url::form_urlencoded;

use super::{
    house::{House, attribute, says_no, text},
    stand_in::{CLIENT, Instead, SECRET, Script},
};
use crate::oidc::browser::Browser;

const BROKEN: &str = "FranceConnect a rencontré une erreur";
const DOWN: &str = "FranceConnect est momentanément indisponible";
const HOME: &str = "http://localhost:8080/portail/franceconnect";

fn page() -> Instead {
    Instead::Says(200, "text/html", "<!doctype html><p>Entretien".to_owned())
}

fn refusal(status: u16, error: &str, code: &str) -> Instead {
    let uri = format!("https://docs.example/erreurs?code={code}&id=4ab1-09");
    let body = json!({"error": error, "error_description": "x", "error_uri": uri});
    Instead::Says(status, "application/json", body.to_string())
}

fn too_long(media: &'static str) -> Instead {
    Instead::Says(200, media, "x".repeat(70_000))
}

#[tokio::test]
async fn the_authorization_request_holds_what_franceconnect_accepts_and_nothing_else() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let trip = house.depart(&mut browser).await;
    let mut names: Vec<_> = trip.query.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected =
        ["acr_values", "client_id", "nonce", "redirect_uri", "response_type", "scope", "state"];
    assert_eq!(names, expected, "Y030007 otherwise");
    assert_eq!(trip.get("response_type"), "code");
    assert_eq!(trip.get("client_id"), CLIENT);
    assert_eq!(trip.get("acr_values"), "eidas1");
    assert_eq!(trip.get("redirect_uri"), format!("{HOME}/retour"));
    assert_eq!(trip.get("scope"), "openid identite_pivot preferred_username email idp_birthdate");
    let again = house.depart(&mut browser).await;
    for name in ["state", "nonce"] {
        let is_hex = trip.get(name).bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(trip.get(name).len() == 64 && is_hex, "{name}");
        assert_ne!(trip.get(name), again.get(name));
    }
    assert_ne!(trip.get("state"), trip.get("nonce"));
}

#[tokio::test]
async fn a_code_is_redeemed_with_the_secret_in_the_body() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    let (form, with_header) = house.fc.script.lock().unwrap().token_request.clone();
    let form: BTreeMap<_, _> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let expected = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("code", "un-code"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", &format!("{HOME}/retour")),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    assert_eq!(form, expected.map(owned).into());
    assert!(!with_header, "client_secret_post, not Basic");
}

#[tokio::test]
async fn an_answer_that_is_none_brings_nobody() {
    struct Row<'a>(&'a str, (u16, &'a str), Option<&'a str>);
    async fn check(house: &House, change: impl FnOnce(&mut Script), row: Row<'_>) {
        let (mut browser, Row(why, (status, title), support)) = (Browser::default(), row);
        house.fc.reset();
        house.fc.set(change);
        let answer = house.come_back(&mut browser).await;
        says_no(&answer, status, title, why);
        assert_eq!(text(&answer, "#assistance").as_deref(), support, "{why}");
        assert_eq!(house.shown(&mut browser).await, None, "{why}");
    }
    let house = House::new().await;
    let at_token = |instead| |script: &mut Script| script.token_instead = Some(instead);
    let at_userinfo = |instead| |script: &mut Script| script.userinfo_instead = Some(instead);
    let expired = (502, "L'identification n'a pas pu être terminée");
    let misunderstood = (502, "FranceConnect a refusé notre demande");
    let told = |error: &str, code: &str| {
        Some(format!("Pour l'assistance : {error}, code {code}, incident 4ab1-09."))
    };
    check(&house, at_token(page()), Row("a page for a token", (502, BROKEN), None)).await;
    check(&house, at_token(too_long("application/json")), Row("a long token", (502, BROKEN), None))
        .await;
    let wrong = Instead::Says(500, "text/html", "<p>Erreur".to_owned());
    check(&house, at_token(wrong), Row("a broken token", (502, BROKEN), None)).await;
    let empty = Instead::Says(200, "application/json", "{}".to_owned());
    check(&house, at_token(empty), Row("an empty answer", (502, BROKEN), None)).await;
    check(&house, at_token(Instead::Redirects), Row("elsewhere", (502, BROKEN), None)).await;
    check(&house, at_token(Instead::Breaks), Row("half an answer", (503, DOWN), None)).await;
    let replayed = told("invalid_grant", "Y0416228");
    let instead = refusal(400, "invalid_grant", "Y0416228");
    check(&house, at_token(instead), Row("a used code", expired, replayed.as_deref())).await;
    let stranger = told("invalid_client", "Y0434A7B");
    let instead = refusal(401, "invalid_client", "Y0434A7B");
    check(&house, at_token(instead), Row("a wrong secret", misunderstood, stranger.as_deref()))
        .await;
    check(&house, at_userinfo(page()), Row("a page for userinfo", (502, BROKEN), None)).await;
    check(
        &house,
        at_userinfo(too_long("application/jwt")),
        Row("long userinfo", (502, BROKEN), None),
    )
    .await;
    check(&house, at_userinfo(Instead::Redirects), Row("elsewhere", (502, BROKEN), None)).await;
    check(&house, at_userinfo(Instead::Breaks), Row("half an answer", (503, DOWN), None)).await;
    let late = told("invalid_token", "Y040001");
    let instead = refusal(401, "invalid_token", "Y040001");
    check(&house, at_userinfo(instead), Row("a dead access token", expired, late.as_deref())).await;
}

#[tokio::test]
async fn nobody_is_sent_where_franceconnect_does_not_lie() {
    async fn check(
        house: &House,
        why: &str,
        change: impl FnOnce(&mut Script),
        (status, title): (u16, &str),
    ) {
        let mut browser = Browser::default();
        house.fc.reset();
        house.fc.set(change);
        let answer = house.get(&mut browser, "/portail/franceconnect").await;
        says_no(&answer, status, title, why);
        assert_eq!(house.count("SELECT count(*) FROM errand"), 0, "{why}");
    }
    let house = House::new().await;
    let misunderstood = (502, "FranceConnect a refusé notre demande");
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        let change = |script: &mut Script| {
            script.discovery[name] = json!("http://127.0.0.1:9/api/v2/x");
        };
        check(&house, name, change, misunderstood).await;
    }
    let other = |script: &mut Script| script.discovery["issuer"] = json!("https://fc.example");
    check(&house, "another issuer", other, misunderstood).await;
    let at_discovery = |instead| |script: &mut Script| script.discovery_instead = Some(instead);
    check(&house, "a page", at_discovery(page()), (502, BROKEN)).await;
    check(&house, "half an answer", at_discovery(Instead::Breaks), (503, DOWN)).await;
    check(&house, "a long one", at_discovery(too_long("application/json")), (502, BROKEN)).await;
    let at_keys = |instead| |script: &mut Script| script.keys_instead = Some(instead);
    check(&house, "keys that are a page", at_keys(page()), (502, BROKEN)).await;
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.fc.set(|script| script.discovery_instead = Some(page()));
    house.get(&mut browser, "/portail/franceconnect").await.is(502);
    house.fc.set(|script| script.discovery_instead = None);
    house.come_back(&mut browser).await.is(303);
}

#[tokio::test]
async fn addresses_that_are_written_down_replace_discovery() {
    let plain = House::new().await;
    let at = |path: &str| format!("{}/{path}", plain.fc.issuer);
    let (authorize, token, userinfo) = (at("authorize"), at("token"), at("userinfo"));
    let (jwks, end) = (at("jwks"), at("session/end"));
    let issuer = plain.fc.issuer.clone();
    // Another house, at the first one's FranceConnect.
    let mut house = House::with(&[
        ("franceconnect.issuer", &issuer),
        ("franceconnect.authorization_endpoint", &authorize),
        ("franceconnect.token_endpoint", &token),
        ("franceconnect.userinfo_endpoint", &userinfo),
        ("franceconnect.jwks_uri", &jwks),
        ("franceconnect.end_session_endpoint", &end),
    ])
    .await;
    house.fc = std::sync::Arc::clone(&plain.fc);
    let mut browser = Browser::default();
    house.come_back(&mut browser).await.is(303);
    assert_eq!(house.shown(&mut browser).await.as_deref(), Some("DUBOIS"));
    assert_eq!(house.fc.calls().discovery, 0);
}

#[tokio::test]
async fn a_host_that_we_may_not_call_is_not_called() {
    let told = passerelle::config::load(&passerelle::config::Sources {
        command_line: vec![
            ("franceconnect.issuer", "http://127.0.0.1:9/api/v2".to_owned()),
            ("franceconnect.client_id", CLIENT.to_owned()),
            ("franceconnect.client_secret", SECRET.to_owned()),
        ],
        ..passerelle::config::Sources::default()
    });
    assert!(told.unwrap_err().to_string().contains("its host is not in outbound.allow"));
}

#[tokio::test]
async fn the_entrance_offers_what_there_is() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let page = house.get(&mut browser, "/portail").await.is(200);
    let label = text(&page, "#franceconnect");
    assert_eq!(label.as_deref(), Some("S'identifier avec FranceConnect"));
    let href = |id: &str| attribute(&page, id, "href").unwrap_or_default();
    assert_eq!(href("#franceconnect"), "/portail/franceconnect");
    assert_eq!(href("#e-cps"), "/portail/connexion");
    assert_eq!(href("#qu-est-ce-que-franceconnect"), "https://franceconnect.gouv.fr/");
    assert_eq!(text(&page, "#simulation"), None, "only in the demo");
    assert_eq!(text(&page, "#reprendre"), None);
    house.come_back(&mut browser).await.is(303);
    let page = house.get(&mut browser, "/portail").await;
    assert!(text(&page, "#reprendre").is_some());
}

#[tokio::test]
async fn a_deployment_dresses_the_button() {
    let theirs = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(theirs.path(), ".fr-connect { color: white; }").unwrap();
    let stylesheet = theirs.path().to_str().unwrap();
    let house = House::with(&[("server.stylesheet", stylesheet)]).await;
    let mut browser = Browser::default();
    let page = house.get(&mut browser, "/portail").await.is(200);
    let parts = ["login", "brand"].map(|part| {
        text(&page, &format!(".fr-connect-group #franceconnect.fr-connect > .fr-connect__{part}"))
    });
    assert_eq!(parts.map(Option::unwrap), ["S'identifier avec", "FranceConnect"]);
    let theme = house.get(&mut browser, "/assets/theme.css").await.is(200);
    assert!(theme.text.contains(":root {"), "ours is there");
    assert!(theme.text.ends_with(".fr-connect { color: white; }"), "theirs wins");
}

#[tokio::test]
async fn without_an_issuer_franceconnect_is_not_offered() {
    let (house, mut browser) = (House::without_franceconnect().await, Browser::default());
    let page = house.get(&mut browser, "/portail").await.is(200);
    assert!(
        text(&page, "#franceconnect-absent").is_some() && text(&page, "#franceconnect").is_none()
    );
    for path in ["", "/retour?code=a&state=b", "/sortie"] {
        let page = house.get(&mut browser, &format!("/portail/franceconnect{path}")).await.is(404);
        assert_eq!(attribute(&page, "#erreur", "data-code").as_deref(), Some("franceconnect"));
    }
}
