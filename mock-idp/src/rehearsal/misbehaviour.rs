//! Each scenario of `FranceConnect`, as a service sees it that checks everything.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};

use super::relying_party::{Fault, NONCE, Outcome, STATE, Stage, stage, text};
use crate::tour::browser::Browser;

const CLIENT: &str = "passerelle-demo";

/// What stops the service first; `ok` when nothing does.
async fn judged(stage: &Stage, scenario: &str) -> Result<String, Fault> {
    let mut browser = Browser::new(&stage.http);
    let back = stage.log_in(&mut browser, CLIENT, ("test", scenario)).await?;
    let of = |name: &str| back.get(name).map_or("", String::as_str);
    if !of("error").is_empty() {
        return Ok(of("error").to_owned());
    }
    if of("state") != STATE {
        return Ok(format!("state {}", of("state")));
    }
    if of("iss") != stage.at("") {
        return Ok(format!("iss {}", of("iss")));
    }
    let Ok((status, tokens)) = stage.redeem(CLIENT, of("code"), ("", "")).await else {
        return Ok("token: cut".to_owned());
    };
    let id_token = text(&tokens, "id_token");
    if id_token.is_empty() {
        return Ok(format!("token: {} {}", status.as_u16(), text(&tokens, "error")).trim().into());
    }
    let told = match stage.read(id_token, CLIENT, Algorithm::ES256).await {
        Ok(told) => told,
        Err(error) => return Ok(format!("id_token: {error}")),
    };
    if text(&told, "nonce") != NONCE {
        return Ok(format!("nonce {}", text(&told, "nonce")));
    }
    if text(&told, "acr") != "eidas1" {
        return Ok(format!("acr {}", text(&told, "acr")));
    }
    let answer = stage.user_info(text(&tokens, "access_token")).await?;
    if !answer.status().is_success() {
        return Ok(format!("userinfo: {}", answer.status().as_u16()));
    }
    let person = match stage.read(&answer.text().await?, CLIENT, Algorithm::ES256).await {
        Ok(person) => person,
        Err(error) => return Ok(format!("userinfo: {error}")),
    };
    if person.get("sub") != told.get("sub") {
        return Ok("sub".to_owned());
    }
    let complete = person.get("birthdate").is_some();
    Ok(if complete { "ok" } else { "no birthdate" }.to_owned())
}

/// The scenarios that a service meets before, or instead of, its own checks are in the other
/// tests: pages, and answers that are late.
#[tokio::test]
async fn each_scenario_goes_wrong_in_its_own_place() -> Outcome {
    let stage = stage().await?;
    let check = async |scenario: &str, expected: &str| -> Outcome {
        let got = judged(&stage, scenario).await.map_err(|error| format!("{scenario}: {error}"))?;
        assert_eq!(got, expected, "{scenario}");
        Ok(())
    };
    check("success", "ok").await?;
    check("refused", "access_denied").await?;
    check("server-error", "server_error").await?;
    check("temporarily-unavailable", "temporarily_unavailable").await?;
    check("missing-iss", "iss ").await?;
    check("other-iss", "iss https://franceconnect.example/api/v2").await?;
    check("wrong-state", "state undefined").await?;
    check("wrong-code", "token: 400 invalid_grant").await?;
    check("code-expired", "token: 400 invalid_grant").await?;
    check("down", "token: 503").await?;
    check("connection-cut", "token: cut").await?;
    check("html-instead-of-json", "token: 200").await?;
    check("token-other-json", "token: 200").await?;
    check("wrong-nonce", "nonce un-autre-nonce-de-plus-de-vingt-deux-caracteres").await?;
    check("missing-nonce", "nonce ").await?;
    check("wrong-signature", "id_token: InvalidSignature").await?;
    check("wrong-audience", "id_token: InvalidAudience").await?;
    check("wrong-issuer", "id_token: InvalidIssuer").await?;
    check("expired-id-token", "id_token: ExpiredSignature").await?;
    check("low-acr", "acr eidas0").await?;
    check("missing-acr", "acr ").await?;
    check("higher-acr", "acr eidas2").await?;
    check("alg-hs256", "id_token: InvalidAlgorithm").await?;
    check("at-hash", "ok").await?;
    check("wrong-at-hash", "ok").await?;
    check("other-sub", "sub").await?;
    check("userinfo-wrong-signature", "userinfo: InvalidSignature").await?;
    check("userinfo-expired", "userinfo: ExpiredSignature").await?;
    check("userinfo-wrong-audience", "userinfo: InvalidAudience").await?;
    check("userinfo-wrong-issuer", "userinfo: InvalidIssuer").await?;
    check("userinfo-alg-hs256", "userinfo: InvalidAlgorithm").await?;
    check("userinfo-incomplete", "no birthdate").await?;
    check("userinfo-down", "userinfo: 503").await?;
    check("userinfo-refused", "userinfo: 401").await?;
    check("jwks-down", "id_token: no keys").await?;
    for unreadable in ["alg-none", "userinfo-alg-none", "userinfo-unsigned", "userinfo-html"] {
        let got = judged(&stage, unreadable).await?;
        let place = if unreadable == "alg-none" { "id_token: " } else { "userinfo: " };
        assert!(got.starts_with(place), "{unreadable}: {got}");
    }
    // A scenario lasts for one log-in.
    check("success", "ok").await
}

#[tokio::test]
async fn keys_change_and_whoever_reads_them_again_goes_on() -> Outcome {
    let stage = stage().await?;
    for (scenario, new_names) in
        [("key-rotated", true), ("key-rotated-halfway", true), ("key-replaced", false)]
    {
        let before = serde_json::to_value(stage.keys().await?)?;
        let outcome = judged(&stage, scenario).await?;
        let after = serde_json::to_value(stage.keys().await?)?;
        let kids = |keys: &Value| keys.pointer("/keys/0/kid").cloned();
        assert_eq!(kids(&before) != kids(&after), new_names, "{scenario}");
        assert_ne!(before.pointer("/keys/0/x"), after.pointer("/keys/0/x"), "{scenario}");
        assert_eq!(outcome, "ok", "{scenario}");
    }
    Ok(())
}

#[tokio::test]
async fn a_late_answer_does_not_come_in_time() -> Outcome {
    let mut stage = stage().await?;
    let patient = stage.http.clone();
    let hasty = crate::gateway::http_client(Duration::from_millis(300))?;
    for late in ["slow", "userinfo-slow"] {
        stage.http = patient.clone();
        let mut browser = Browser::new(&patient);
        let back = stage.log_in(&mut browser, CLIENT, ("test", late)).await?;
        let code = back.get("code").ok_or("a code")?;
        if late == "slow" {
            stage.http = hasty.clone();
            assert!(stage.redeem(CLIENT, code, ("", "")).await.is_err());
        } else {
            let (_, tokens) = stage.redeem(CLIENT, code, ("", "")).await?;
            stage.http = hasty.clone();
            assert!(stage.user_info(text(&tokens, "access_token")).await.is_err());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_program_chooses_how_the_next_log_in_goes() -> Outcome {
    let stage = stage().await?;
    let url = format!("{}/api/scenario", stage.origin);
    let arm = async |next: Value| -> Result<(u16, Value), Fault> {
        let sent = stage.http.request(Method::PUT, &url).json(&json!({"next": next}));
        let answer = sent.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    let list =
        async || -> Result<Value, Fault> { Ok(stage.http.get(&url).send().await?.json().await?) };
    let known = list().await?;
    let items = known.get("items").and_then(Value::as_array).ok_or("items")?;
    assert!(items.len() > 30 && items.iter().all(|item| !text(item, "sentence").is_empty()));
    let (status, problem) = arm(json!("unheard-of")).await?;
    assert_eq!((status, text(&problem, "code")), (400, "unknown_scenario"));

    // What the form leaves alone, the program decides; what a person chooses, she gets.
    let denied = "access_denied";
    for (in_form, expected) in [("success", denied), ("", denied), ("down", "token: 503")] {
        assert_eq!(arm(json!("refused")).await?.0, 200);
        assert_eq!(text(&list().await?, "next"), "refused");
        assert_eq!(judged(&stage, in_form).await?, expected, "{in_form}");
        assert_eq!(list().await?.get("next"), Some(&Value::Null));
        assert_eq!(judged(&stage, in_form).await? == "ok", in_form != "down");
    }
    arm(json!("refused")).await?;
    arm(json!("success")).await?;
    assert_eq!(judged(&stage, "success").await?, "ok");
    Ok(())
}
