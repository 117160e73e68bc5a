//! `FranceConnect` answers strangers over HTTP, as the real platform does.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, decode_header};
use serde_json::{Value, json};
use url::Url;

use super::relying_party::{Fault, NONCE, Outcome, STATE, stage, text};
use crate::tour::browser::Browser;

/// The names of an object's members, sorted: whether their order is kept depends on what else is
/// built with this crate.
fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> =
        value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_log_in_tells_who_somebody_is() -> Outcome {
    let stage = stage().await?;
    for (client, alg) in
        [("passerelle-demo", Algorithm::ES256), ("passerelle-demo-rs256", Algorithm::RS256)]
    {
        let held = stage.hold(client, "étranger_présumé_né_jour").await?;
        let expected = ["access_token", "expires_in", "id_token", "scope", "token_type"];
        assert_eq!(names(&held), expected);
        assert_eq!(held.get("expires_in"), Some(&json!(60)));
        let id_token = text(&held, "id_token");
        assert_eq!(decode_header(id_token)?.typ, None);
        let told = stage.read(id_token, client, alg).await?;
        let expected = ["acr", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"];
        assert_eq!(names(&told), expected);
        assert_eq!((text(&told, "nonce"), text(&told, "acr")), (NONCE, "eidas1"));
        let seconds = |name: &str| told.get(name).and_then(Value::as_i64).unwrap_or_default();
        assert_eq!(seconds("exp") - seconds("iat"), 60);

        let answer = stage.user_info(text(&held, "access_token")).await?;
        let media = answer.headers().get("content-type").map(reqwest::header::HeaderValue::to_str);
        assert_eq!(media.transpose()?, Some("application/jwt; charset=utf-8"));
        let person = stage.read(&answer.text().await?, client, alg).await?;
        assert_eq!(person.get("sub"), told.get("sub"));
        assert_eq!(person.get("given_name_array"), Some(&json!(["Jean"])));
        assert_eq!(text(&person, "birthdate"), "1992-11-01");
        assert_eq!(text(&person, "idp_birthdate"), "1992-11-00");
        assert_eq!(person.get("birthplace"), Some(&json!("")));
        assert_eq!((person.get("nonce"), person.get("preferred_username")), (None, None));
    }
    Ok(())
}

#[tokio::test]
async fn what_it_says_about_itself_is_the_platforms() -> Outcome {
    let stage = stage().await?;
    let answer = stage.http.get(stage.at("/.well-known/openid-configuration")).send().await?;
    let cached = answer.headers().get("cache-control").and_then(|value| value.to_str().ok());
    assert_eq!(cached, Some("public, max-age=600"));
    let document: Value = answer.json().await?;
    assert_eq!(text(&document, "issuer"), stage.at(""));
    assert_eq!(text(&document, "end_session_endpoint"), stage.at("/session/end"));
    assert_eq!(document.get("acr_values_supported"), Some(&json!(["eidas1"])));
    for absent in ["introspection_endpoint", "registration_endpoint", "ui_locales_supported"] {
        assert_eq!(document.get(absent), None);
    }
    let answer = stage.http.get(stage.at("/jwks")).send().await?;
    let media = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    assert!(media.is_some_and(|media| media.starts_with("application/jwk-set+json")));
    let keys: Value = answer.json().await?;
    let list = keys.get("keys").and_then(Value::as_array).ok_or("keys")?;
    let algorithms: Vec<&str> = list.iter().map(|key| text(key, "alg")).collect();
    assert_eq!(algorithms, ["ES256", "RS256"]);
    Ok(())
}

#[tokio::test]
async fn wrong_requests_end_on_a_page_or_at_the_service() -> Outcome {
    let stage = stage().await?;
    let check = async |more: &[(&str, &str)], status: u16, expected: &str| -> Outcome {
        let url = stage.request("passerelle-demo", "openid", more)?;
        let answer = stage.http.get(url).send().await?;
        assert_eq!(answer.status().as_u16(), status, "{more:?}");
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(Url::parse);
        let to = to.transpose()?;
        let body = answer.text().await?;
        let Some(to) = to else {
            assert!(body.contains(&format!("data-code=\"{expected}\"")), "{more:?} {body}");
            return Ok(());
        };
        let told: HashMap<_, _> = to.query_pairs().into_owned().collect();
        let issuer = stage.at("");
        let of = |name: &str| told.get(name).map_or("", String::as_str);
        assert_eq!((of("error"), of("state")), (expected, STATE), "{more:?}");
        assert!(!of("error_description").is_empty() && of("iss") == issuer, "{told:?}");
        Ok(())
    };
    check(&[("code_challenge", "x")], 400, "Y030007").await?;
    check(&[("nonce", "short")], 400, "Y030007").await?;
    check(&[("prompt", "none")], 400, "Y030007").await?;
    check(&[("client_id", "nobody")], 400, "Y04EA6EF").await?;
    check(&[("redirect_uri", "https://elsewhere.invalid/")], 400, "Y04C013C").await?;
    check(&[("scope", "email")], 303, "invalid_request").await?;
    check(&[("response_type", "")], 303, "invalid_request").await?;
    check(&[("scope", "openid cnous_statut_bourse")], 303, "invalid_scope").await?;
    check(&[("acr_values", "eidas2")], 303, "invalid_acr").await?;
    for path in ["/nowhere", "/session/nowhere"] {
        let answer = stage.http.get(stage.at(path)).send().await?;
        assert_eq!(answer.status(), 404);
        assert!(answer.text().await?.contains("Y000404"));
    }
    assert_eq!(stage.http.post(stage.at("/userinfo")).send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn the_token_endpoint_says_what_is_wrong() -> Outcome {
    let stage = stage().await?;
    let check = async |change: (&str, &str), status: u16, error: &str, code: &str| -> Outcome {
        let mut browser = Browser::new(&stage.http);
        let back = stage.log_in(&mut browser, "passerelle-demo", ("test", "")).await?;
        let granted = back.get("code").ok_or("a code")?;
        assert_eq!(granted.len(), 43);
        let (got, body) = stage.redeem("passerelle-demo", granted, change).await?;
        assert_eq!((got.as_u16(), text(&body, "error")), (status, error), "{change:?} {body}");
        let explained = Url::parse(text(&body, "error_uri"))?;
        let told: HashMap<_, _> = explained.query_pairs().into_owned().collect();
        assert_eq!(told.get("code").map(String::as_str), Some(code), "{change:?}");
        assert_eq!(told.get("id").map(String::len), Some(36));
        assert_eq!(stage.http.get(explained).send().await?.status(), 200);
        Ok(())
    };
    check(("client_secret", "wrong"), 401, "invalid_client", "Y0434A7B").await?;
    check(("client_id", "nobody"), 401, "invalid_client", "Y0434A7B").await?;
    check(("code", ""), 400, "invalid_request", "Y048017B").await?;
    check(("code", "unknown"), 400, "invalid_grant", "Y049E20B").await?;
    check(("redirect_uri", "https://elsewhere.invalid/"), 400, "invalid_grant", "Y04F8199").await?;
    check(("grant_type", "refresh_token"), 400, "unsupported_grant_type", "Y040105").await?;

    // A header is the wrong place for a secret.
    let secret = stage.secret("passerelle-demo");
    let basic = stage.http.post(stage.at("/token")).basic_auth("passerelle-demo", Some(secret));
    let answer = basic.form(&[("grant_type", "authorization_code"), ("code", "x")]).send().await?;
    assert_eq!(answer.status(), 401);
    assert_eq!(text(&answer.json().await?, "error"), "invalid_client");
    Ok(())
}

#[tokio::test]
async fn a_code_used_twice_ends_its_token_and_so_does_a_revocation() -> Outcome {
    let stage = stage().await?;
    let client = "passerelle-demo";
    let refused = async |token: &str, code: &str| -> Outcome {
        let answer = stage.user_info(token).await?;
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().contains_key("www-authenticate"));
        let body: Value = answer.json().await?;
        assert_eq!(text(&body, "error"), "invalid_token");
        assert!(text(&body, "error_uri").contains(code), "{body}");
        Ok(())
    };
    let mut browser = Browser::new(&stage.http);
    let back = stage.log_in(&mut browser, client, ("test", "success")).await?;
    let code = back.get("code").ok_or("a code")?;
    let (_, tokens) = stage.redeem(client, code, ("", "")).await?;
    let token = text(&tokens, "access_token");
    assert_eq!(stage.user_info(token).await?.status(), 200);
    let (status, body) = stage.redeem(client, code, ("", "")).await?;
    assert_eq!((status.as_u16(), text(&body, "error")), (400, "invalid_grant"));
    assert!(text(&body, "error_uri").contains("Y0416228"));
    refused(token, "Y040001").await?;
    refused("", "Y04146A2").await?;

    let held = stage.hold(client, "test").await?;
    let token = text(&held, "access_token");
    let secret = stage.secret(client);
    let revoke = async |more: &[(&str, &str)]| -> Result<u16, Fault> {
        let mut form = vec![("client_id", client), ("client_secret", &secret), ("token", token)];
        form.extend(more);
        let answer = stage.http.post(stage.at("/token/revocation")).form(&form).send().await?;
        Ok(answer.status().as_u16())
    };
    assert_eq!(revoke(&[("more", "x")]).await?, 400);
    assert_eq!(stage.user_info(token).await?.status(), 200);
    assert_eq!(revoke(&[]).await?, 200);
    refused(token, "Y040001").await
}

#[tokio::test]
async fn one_turns_back_from_every_page() -> Outcome {
    let stage = stage().await?;
    let check = async |identity: &str, scenario: &str, error: &str| -> Outcome {
        let mut browser = Browser::new(&stage.http);
        let url = stage.request("passerelle-demo", "openid", &[])?;
        let mut page = browser.open(&url).await?;
        if !identity.is_empty() {
            let form = page.form("identifiant").ok_or("the chooser")?;
            let form = form.fill("identifiant", identity).fill("scenario", scenario);
            page = browser.submit(form.fill("submit", "oui")).await?;
        }
        let form = page.form("revenir").ok_or_else(|| page.seen())?;
        let back = stage.arrive(&mut browser, form.fill("revenir", "oui")).await?;
        let of = |name: &str| back.get(name).map(String::as_str);
        assert_eq!((of("error"), of("state")), (Some(error), Some(STATE)), "{identity}");
        assert_eq!(of("iss"), Some(stage.at("").as_str()));
        // A second time there is nobody to turn back.
        let form = page.form("revenir").ok_or("the form")?.fill("revenir", "oui");
        assert_eq!(browser.submit(form).await?.error_code().as_deref(), Some("Y420001"));
        Ok(())
    };
    check("", "", "access_denied").await?;
    check("test", "success", "access_denied").await?;
    check("test", "page-y010008", "access_denied").await?;
    check("test", "page-y010015", "access_denied").await?;
    check("test", "page-y600006", "server_error").await?;
    check("mois_00", "success", "server_error").await?;
    check("E010011", "success", "temporarily_unavailable").await?;

    let mut browser = Browser::new(&stage.http);
    let page = browser.open(&stage.request("passerelle-demo", "openid", &[])?).await?;
    let form = page.form("identifiant").ok_or("the chooser")?.fill("identifiant", "nobody");
    let again = browser.submit(form.fill("submit", "oui")).await?;
    assert_eq!((again.status, again.text("faute-identifiant").is_some()), (422, true));
    let stranger = Browser::new(&stage.http).open(page.url.as_str()).await?;
    assert_eq!(stranger.error_code().as_deref(), Some("Y190001"));
    Ok(())
}

#[tokio::test]
async fn a_session_signs_on_once_until_it_is_left() -> Outcome {
    let stage = stage().await?;
    let mut browser = Browser::new(&stage.http);
    let back = stage.log_in(&mut browser, "passerelle-demo", ("nouvelle", "")).await?;
    let code = back.get("code").ok_or("a code")?;
    let (_, tokens) = stage.redeem("passerelle-demo", code, ("", "")).await?;
    let hint = text(&tokens, "id_token");

    let second = stage.request("passerelle-demo-rs256", "openid family_name", &[])?;
    let page = browser.open(&second).await?;
    assert!(page.body.contains("CARBONNEL") && !page.body.contains('@'), "{}", page.body);
    let form = page.form("continuer").ok_or("the information page")?;
    let back = stage.arrive(&mut browser, form.fill("continuer", "oui")).await?;
    let code = back.get("code").ok_or("a code")?;
    let (_, other) = stage.redeem("passerelle-demo-rs256", code, ("", "")).await?;
    assert_eq!(text(&other, "scope"), "openid family_name");

    let mut leave = async |members: &[(&str, &str)], expected: &str| -> Outcome {
        let url = Url::parse_with_params(&stage.at("/session/end"), members)?;
        let page = browser.open(url.as_str()).await?;
        let seen = page.error_code().unwrap_or_else(|| page.url.path().to_owned());
        assert_eq!(seen, expected, "{members:?}");
        if let Some(state) = page.url.as_str().strip_prefix(&stage.exit) {
            assert_eq!(state, format!("?state={STATE}"));
        }
        Ok(())
    };
    let hinted = ("id_token_hint", hint);
    let tampered = format!("{hint}x");
    leave(&[], "Y040102").await?;
    leave(&[("id_token_hint", &tampered)], "Y040102").await?;
    leave(&[hinted, ("more", "x")], "Y040101").await?;
    leave(&[hinted, ("client_id", "passerelle-demo-rs256")], "Y040101").await?;
    leave(&[hinted, ("post_logout_redirect_uri", &stage.back)], "Y04CFAEF").await?;
    let exit = ("post_logout_redirect_uri", stage.exit.as_str());
    leave(&[hinted, exit, ("state", STATE)], "/portail/franceconnect/sortie").await?;
    leave(&[hinted], "/api/v2/session/end").await?;
    assert_eq!(stage.http.post(stage.at("/session/end")).send().await?.status(), 404);
    let page = browser.open(&second).await?;
    assert!(page.form("identifiant").is_some(), "{}", page.body);
    Ok(())
}
