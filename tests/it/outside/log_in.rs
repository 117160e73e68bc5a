//! Logging in, as people do: with the phone, without network, wrongly, and not at all.

use serde_json::json;

use super::{
    api::Api,
    browser::{Browser, Page},
    demo::Demo,
    party::{Doors, Party},
    scenes::{Phone, code_on, identify, log_in, logged_in, refused_with},
    world::Person,
};

/// Logs in with the code of a phone without network; answers where the browser ends.
pub(super) async fn with_one_time_code(
    browser: &mut Browser,
    party: &Party,
    person: &Person,
    otp: &str,
) -> Page {
    let page = browser.get(&party.start(&[])).await;
    let typed = [("identifier", person.identifier.as_str()), ("otp", otp)];
    if page.has("#otp") {
        return browser.press(&page, "submit", &typed).await;
    }
    let page = browser.press(&page, "submit", &typed[..1]).await;
    browser.press(&page, "submit", &typed[1..]).await
}

#[tokio::test]
async fn what_the_tokens_tell_is_what_code_for_psc_reads() {
    let demo = Demo::start().await;
    let person = demo.person("educateur");
    let party = Party::of(&demo, "plateforme");
    let mut browser = Browser::for_parties(&[&party]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(page.parameter("state").as_deref(), Some("an-état of mine"));
    assert_eq!(page.parameter("iss"), Some(demo.world.issuer()));
    let tokens = party.tokens(&page).await;

    for name in ["refresh_expires_in", "expires_in", "not-before-policy"] {
        assert!(tokens.all[name].is_u64(), "{name}: {}", tokens.all[name]);
    }
    assert_eq!(tokens.all["expires_in"], 120);
    assert_eq!(tokens.all["token_type"], "Bearer");
    assert!(tokens.all["session_state"].is_string());
    assert_eq!(tokens.claim("nonce"), "n-0S6_WzA2Mj");
    assert_eq!(tokens.claim("iss"), demo.world.issuer().as_str());
    assert_eq!(tokens.claim("acr"), "eidas1");
    assert_eq!(tokens.claim("authMode"), "MOBILE");
    assert_eq!(tokens.claim("SubjectNameID"), person.identifier.as_str());
    assert_eq!(tokens.claim("preferred_username"), person.identifier.as_str());
    assert_eq!(tokens.claim("sid"), tokens.all["session_state"]);
    let sub = super::world::text(&tokens.claim("sub"));
    assert!(sub.starts_with("f:") && sub.ends_with(&format!(":{}", person.identifier)), "{sub}");

    let userinfo = party.userinfo(&tokens.access).await;
    assert!(userinfo.header("content-type").starts_with("application/json"));
    let userinfo = userinfo.success();
    assert_eq!(userinfo["sub"], sub.as_str());
    assert_eq!(userinfo["otherIds"][0]["qualite"], json!(1));
    assert_eq!(userinfo["SubjectRole"], json!(["99^1.2.250.1.213.1.1.5.5"]));
    let text = [
        "SubjectOrganization",
        "SubjectOrganizationID",
        "Secteur_Activite",
        "Mode_Acces_Raison",
        "Acces_Regulation_Medicale",
        "UITVersion",
        "PSI_Locale",
        "Palier_Authentification",
        "codeCivilite",
        "given_name",
        "family_name",
    ];
    for name in text {
        assert!(userinfo[name].is_string(), "{name}: {}", userinfo[name]);
    }
    let exercises = userinfo["SubjectRefPro"]["exercices"].as_array().unwrap();
    let activities: Vec<_> =
        exercises.iter().flat_map(|one| one["activities"].as_array().unwrap()).collect();
    assert_eq!(activities.len(), 2);
    for activity in activities {
        let members = activity.as_object().unwrap();
        assert_eq!(members.len(), 30, "{activity}");
        assert!(members.values().all(serde_json::Value::is_string), "{activity}");
    }
    let introspection = party.introspect(&tokens.access).await;
    assert_eq!(introspection["username"], person.identifier.as_str());
    assert_eq!(introspection["client_id"], "plateforme");
}

#[tokio::test]
async fn a_phone_without_network_logs_in_too() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let phone = Phone::of(&demo, &person);
    let wrong = phone.one_time_code("1379").await;
    let mut browser = Browser::for_parties(&[&party]);
    let page = with_one_time_code(&mut browser, &party, &person, &wrong).await;
    assert!(page.parameter("code").is_none(), "a wrong PIN makes a wrong code");
    let right = phone.one_time_code(&person.pin).await;
    let page = with_one_time_code(&mut browser, &party, &person, &right).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

#[tokio::test]
async fn a_wrong_code_is_the_persons_mistake_and_three_wrong_pins_block_the_card() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let phone = Phone::of(&demo, &person);
    let page = identify(&mut browser, &party.start(&[("prompt", "login")]), &person).await;
    let (challenge, code) = (phone.challenge().await, code_on(&page));
    let pending = phone.pending().await;
    let shown: Vec<_> = pending[0]["codes"].as_array().unwrap().iter().collect();
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().any(|one| **one == code.as_str()));
    assert_eq!(pending[0]["client_id"], "dui-tilleuls");

    for left in [2, 1, 0] {
        let answer = phone.approve(&challenge, &code, "1379").await;
        assert_eq!(answer.json()["attempts_left"], left, "{}", answer.body);
        assert_eq!(answer.told(), (400, "wrong_pin".into()));
    }
    assert_eq!(api.card(&person.rpps).await, "blocked");
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    let right = phone.approve(&challenge, &code, &person.pin).await;
    assert!(matches!(right.status, 403 | 410), "{}", right.body);
    let page = browser.again(&page).await;
    assert!(page.parameter("code").is_none(), "{}", page.summary());
}

#[tokio::test]
async fn a_wrong_code_opens_nothing() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let phone = Phone::of(&demo, &person);
    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let (challenge, right) = (phone.challenge().await, code_on(&page));
    let pending = phone.pending().await;
    let codes = pending[0]["codes"].as_array().unwrap();
    let wrong = codes.iter().filter_map(|one| one.as_str()).find(|one| *one != right).unwrap();
    let answer = phone.approve(&challenge, wrong, &person.pin).await;
    assert_eq!(answer.told(), (400, "wrong_code".into()), "{}", answer.body);
    let page = browser.again(&page).await;
    assert!(page.parameter("code").is_none(), "{}", page.summary());
}

#[tokio::test]
async fn somebody_elses_phone_cannot_approve() {
    let demo = Demo::start().await;
    let (person, other) = (demo.person("aide-soignante"), demo.person("educateur"));
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let challenge = Phone::of(&demo, &person).challenge().await;
    let theirs = Phone::of(&demo, &other);
    assert_eq!(theirs.pending().await.len(), 0);
    let answer = theirs.approve(&challenge, &code_on(&page), &other.pin).await;
    assert_eq!(answer.told(), (410, "challenge_gone".into()), "{}", answer.body);
    let page = browser.again(&page).await;
    assert!(page.parameter("code").is_none(), "{}", page.summary());
}

#[tokio::test]
async fn whoever_gives_up_is_sent_back_with_access_denied() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = browser.get(&party.start(&[])).await;
    let page = browser.press(&page, "annuler", &[]).await;
    assert_eq!(refused_with(&page), "access_denied", "{}", page.summary());
    assert_eq!(page.parameter("state").as_deref(), Some("an-état of mine"));
    assert_eq!(page.parameter("iss"), Some(demo.world.issuer()));

    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let page = browser.press(&page, "annuler", &[]).await;
    assert_eq!(refused_with(&page), "access_denied", "{}", page.summary());
}

#[tokio::test]
async fn a_forgotten_eight_is_told_without_a_look_up() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = browser.get(&party.start(&[])).await;
    let page = browser.press(&page, "submit", &[("identifier", &person.rpps)]).await;
    assert!(page.has("#identifier") && page.answer.body.contains('8'), "{}", page.summary());
    assert!(!page.has("#code-a-comparer"));
    for typed in ["", "8", "abc", "899900000000", "<script>alert(1)</script>", "8 99 é"] {
        let page = browser.get(&party.start(&[])).await;
        let page = browser.press(&page, "submit", &[("identifier", typed)]).await;
        assert!((200..500).contains(&page.answer.status), "{typed}: {}", page.summary());
        assert!(!page.answer.body.contains("<script>alert"), "{typed} came back as it was");
    }
}

#[tokio::test]
async fn without_a_right_to_the_client_she_is_told_then_sent_back() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-rive-claire");
    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let phone = Phone::of(&demo, &person);
    let challenge = phone.challenge().await;
    phone.approve(&challenge, &code_on(&page), &person.pin).await;
    let page = browser.again(&page).await;
    assert_eq!(page.error(), "acces_refuse", "{}", page.summary());
    let page = browser.again(&page).await;
    assert_eq!(page.error(), "acces_refuse", "reading it again: {}", page.summary());
    let onward = page
        .attribute("main a[href], #erreur a[href]", "href")
        .unwrap_or_else(|| panic!("no way back on {}", page.answer.body));
    let page = browser.get(page.url.join(&onward).unwrap().as_str()).await;
    assert_eq!(refused_with(&page), "access_denied", "{}", page.summary());
}

#[tokio::test]
async fn logging_out_ends_the_session_for_every_client() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let (party, other) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let mut browser = Browser::for_parties(&[&party, &other]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let tokens = party.tokens(&page).await;
    let elsewhere = super::scenes::silently(&mut browser, &other).await;

    // Without a hint, whoever sent the browser here may be anybody: we ask.
    let page = browser.get(&party.endpoint("logout")).await;
    assert!(page.has("#confirmer-deconnexion"), "{}", page.summary());
    assert_eq!(party.doors(&tokens).await, Doors::open());
    let page = browser.press(&page, "confirmer", &[]).await;
    assert!(page.has("#deconnecte"), "{}", page.summary());
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(other.doors(&elsewhere).await, Doors::shut());
    assert_eq!(refused_with(&browser.get(&other.silent()).await), "login_required");
}

#[tokio::test]
async fn a_hint_brings_the_browser_back_and_a_wrong_one_does_not() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (browser, tokens) = logged_in(&demo, &party, &person).await;
    let back =
        super::world::text(&demo.world.client("dui-tilleuls")["post_logout_redirect_uris"][0]);
    let mut browser = browser.stopping_at(&back);
    let at = |hint: &str, back: &str| {
        let mut url = url::Url::parse(&party.endpoint("logout")).unwrap();
        url.query_pairs_mut()
            .append_pair("id_token_hint", hint)
            .append_pair("post_logout_redirect_uri", back)
            .append_pair("state", "s1");
        String::from(url)
    };
    let page = browser.get(&at("not-a-token", &back)).await;
    assert_eq!(page.error(), "indice_deconnexion", "{}", page.summary());
    let page = browser.get(&at(&tokens.id, "http://localhost:9/elsewhere")).await;
    assert_eq!(page.error(), "adresse_deconnexion", "{}", page.summary());
    assert_eq!(party.doors(&tokens).await, Doors::open(), "a mistake changes nothing");
    let page = browser.get(&at(&tokens.id, &back)).await;
    assert!(page.url.as_str().starts_with(&back), "{}", page.summary());
    assert_eq!(page.parameter("state").as_deref(), Some("s1"));
    assert_eq!(party.doors(&tokens).await, Doors::shut());
}
