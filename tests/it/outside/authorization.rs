//! The authorization endpoint, with requests that nobody should send.

use super::{
    browser::Browser,
    demo::Demo,
    http::send,
    party::Party,
    scenes::{logged_in, refused_with},
};

/// Where nobody we vetted listens, we send nobody.
#[tokio::test]
async fn an_unknown_client_or_address_gets_a_page_and_no_redirect() {
    let demo = Demo::start().await;
    let party = Party::of(&demo, "dui-tilleuls");
    let redirect = party.redirect.clone();
    let near = [
        format!("{redirect}/"),
        format!("{redirect}?x=1"),
        format!("{redirect}#x"),
        format!("{redirect}%2e"),
        redirect.replace("localhost", "127.0.0.1"),
        redirect.replace("localhost", "LOCALHOST"),
        redirect.replace("http:", "https:"),
        redirect.replace("/retour", "/../retour"),
        redirect.replace("http://", "http://a@"),
        "http://attacker.example/".to_owned(),
        "javascript:alert(1)".to_owned(),
        "//attacker.example".to_owned(),
    ];
    let mut cases = vec![
        (party.start(&[("client_id", "nobody")]), "client_inconnu"),
        (party.start(&[("client_id", "")]), "client_inconnu"),
        (party.start(&[("client_id", "api")]), "adresse_retour"),
        (party.start(&[("redirect_uri", "")]), "adresse_retour"),
        (format!("{}&client_id=dui-tilleuls", party.start(&[])), "requete_invalide"),
        (format!("{}&redirect_uri=http://a.example/", party.start(&[])), "adresse_retour"),
        (format!("{}/auth?x=1", demo.gateway()), "client_inconnu"),
        (format!("{}&state=%ff", party.start(&[("state", "")])), "requete_invalide"),
    ];
    cases
        .extend(near.iter().map(|near| (party.start(&[("redirect_uri", near)]), "adresse_retour")));
    for (address, code) in cases {
        for silent in ["", "&prompt=none"] {
            let mut browser = Browser::new().stopping_at("");
            let page = browser.get(&format!("{address}{silent}")).await;
            assert_eq!(page.answer.status / 100, 4, "{address}: {}", page.summary());
            assert_eq!(page.answer.header("location"), "", "{address}");
            assert_eq!(page.error(), code, "{address}: {}", page.summary());
        }
    }
}

#[tokio::test]
async fn every_other_mistake_is_told_to_the_client_with_state_and_issuer() {
    let demo = Demo::start().await;
    let party = Party::of(&demo, "dui-tilleuls");
    let long = "x".repeat(3000);
    let cases: [(&[(&str, &str)], &str); 15] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment.jwt")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "registry:write")], "invalid_scope"),
        (&[("acr_values", "urn:made:up")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
        (&[("request_uri", "http://a.example/r")], "request_uri_not_supported"),
    ];
    for (more, error) in cases {
        let mut browser = Browser::for_parties(&[&party]);
        let page = browser.get(&party.start(more)).await;
        assert!(page.url.as_str().starts_with(&party.redirect), "{more:?}: {}", page.summary());
        assert_eq!(refused_with(&page), error, "{more:?}");
        assert_eq!(page.parameter("state").as_deref(), Some("an-état of mine"), "{more:?}");
        assert_eq!(page.parameter("iss"), Some(demo.world.issuer()), "{more:?}");
    }
}

#[tokio::test]
async fn a_code_is_worth_something_to_its_own_client_only() {
    let demo = Demo::start().await;
    let person = demo.person("educateur");
    let (party, other) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let (mut browser, _) = logged_in(&demo, &party, &person).await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let check = async |who: &Party, fields: &[(&str, &str)], code: &str| {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
        form.extend_from_slice(fields);
        let answer = who.call("token", &form).await;
        assert_eq!(answer.word(), "invalid_grant", "{fields:?}: {}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
    };
    let redirect = party.redirect.as_str();
    let right = [("redirect_uri", redirect), ("code_verifier", verifier)];
    let wrong: [&[(&str, &str)]; 4] = [
        &[("redirect_uri", redirect)],
        &[("redirect_uri", redirect), ("code_verifier", &verifier.replace('d', "e"))],
        &[("redirect_uri", &other.redirect), ("code_verifier", verifier)],
        &[("code_verifier", verifier)],
    ];
    for fields in wrong {
        let code = browser.get(&party.silent()).await.parameter("code").unwrap();
        check(&party, fields, &code).await;
    }
    let code = browser.get(&party.silent()).await.parameter("code").unwrap();
    check(&other, &right, &code).await;
}

#[tokio::test]
async fn an_answer_can_be_posted_and_a_get_can_be_a_post() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, _) = logged_in(&demo, &party, &person).await;
    let silent = party.silent();
    let page = browser.get(&format!("{silent}&response_mode=form_post")).await;
    let value = |name: &str| page.attribute(&format!("input[name={name}]"), "value");
    assert_eq!(page.attribute("form", "action").as_ref(), Some(&party.redirect));
    assert_eq!(value("state").as_deref(), Some("an-état of mine"));
    assert!(value("code").is_some() && value("iss").is_some(), "{}", page.answer.body);

    let address = url::Url::parse(&silent).unwrap();
    let fields: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.post(&format!("{}/auth/", demo.gateway()), &fields).await;
    assert!(page.parameter("code").is_some(), "{}", page.summary());
}

#[tokio::test]
async fn no_address_of_ours_comes_from_the_request() {
    let demo = Demo::start().await;
    let issuer = demo.world.issuer();
    let gateway = demo.gateway();
    let path = issuer.strip_prefix(&gateway).unwrap();
    let mut documents = Vec::new();
    for address in [
        format!("{issuer}/.well-known/openid-configuration"),
        format!("{issuer}/.well-known/wallet-openid-configuration"),
    ] {
        let request = demo.http.get(address).header("host", "attacker.example");
        let answer = send(request.header("x-forwarded-host", "attacker.example")).await;
        assert!(!answer.body.contains("attacker"), "{}", answer.body);
        documents.push(answer.success());
    }
    assert_eq!(documents[0], documents[1]);
    assert_eq!(documents[0]["issuer"], issuer.as_str());
    assert_eq!(documents[0]["authorization_endpoint"], format!("{gateway}/auth").as_str());
    let other = format!("{gateway}/.well-known/oauth-authorization-server{path}");
    assert_eq!(demo.get(&other).await.success()["issuer"], issuer.as_str());
    let keys = demo.get(documents[0]["jwks_uri"].as_str().unwrap()).await;
    assert!(!keys.body.contains(": "), "some clients search the key set as text");
    let keys = keys.success();
    for key in keys["keys"].as_array().unwrap() {
        assert!(key["d"].is_null() && key["kid"].is_string() && key["use"] == "sig", "{key}");
    }
}

/// OpenID Connect Core 1.0, section 3.1.2.1.
#[tokio::test]
async fn a_proof_of_somebody_else_than_the_hint_names_is_no_answer() {
    let demo = Demo::start().await;
    let (one, other) = (demo.person("educateur"), demo.person("aide-soignante"));
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &one).await;
    let start = party.start(&[("id_token_hint", &tokens.id), ("prompt", "login")]);
    for (person, expected) in [(&other, Some("login_required")), (&one, None)] {
        let page = super::scenes::identify(&mut browser, &start, person).await;
        let phone = super::scenes::Phone::of(&demo, person);
        let challenge = phone.challenge().await;
        let code = super::scenes::code_on(&page);
        phone.approve(&challenge, &code, &person.pin).await.success();
        let page = browser.again(&page).await;
        assert_eq!(page.parameter("error").as_deref(), expected, "{}", page.summary());
        assert_eq!(page.parameter("code").is_some(), expected.is_none(), "{}", page.summary());
    }
}

/// A log-in belongs to the browser in which it began.
#[tokio::test]
async fn a_page_of_a_log_in_is_nothing_in_another_browser() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = super::scenes::identify(&mut browser, &party.start(&[]), &person).await;
    let phone = super::scenes::Phone::of(&demo, &person);
    let challenge = phone.challenge().await;
    phone.approve(&challenge, &super::scenes::code_on(&page), &person.pin).await.success();
    let mut thief = Browser::for_parties(&[&party]);
    let stolen = thief.again(&page).await;
    assert!(stolen.parameter("code").is_none(), "{}", stolen.summary());
    assert_eq!(stolen.error(), "requete_expiree", "{}", stolen.summary());
    assert!(browser.again(&page).await.parameter("code").is_some());
}
