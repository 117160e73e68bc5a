//! Whoever has no right, at the doors of OAuth.

use reqwest::Method;
use serde_json::json;

use super::{
    super::http::{refusal, send},
    FORM, Target, refused,
};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn at_the_token_endpoint() {
    let target = Target::set_up().await;
    let path = target.party.endpoint("token");
    let path = path.strip_prefix(&target.demo.gateway()).unwrap().to_owned();
    let (id, secret) = (target.party.id.as_str(), target.party.secret.as_str());
    let long = format!("grant_type=refresh_token&refresh_token={}", "a".repeat(200_000));
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
    let cases: Vec<(&str, String, (u16, String))> = vec![
        ("empty", String::new(), refusal(400, "invalid_request")),
        ("no grant type", "code=x".into(), refusal(400, "invalid_request")),
        ("unknown", "grant_type=password".into(), refusal(400, "unsupported_grant_type")),
        (
            "CIBA, which is not here",
            "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=x".into(),
            refusal(400, "unsupported_grant_type"),
        ),
        (
            "not for this client",
            "grant_type=client_credentials".into(),
            refusal(400, "unauthorized_client"),
        ),
        ("no code", "grant_type=authorization_code".into(), refusal(400, "invalid_request")),
        (
            "unknown code",
            "grant_type=authorization_code&code=x&redirect_uri=y".into(),
            refusal(400, "invalid_grant"),
        ),
        (
            "twice the same",
            "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x".into(),
            refusal(400, "invalid_request"),
        ),
        ("not UTF-8", "grant_type=%ff%fe&code=%00".into(), refusal(400, "invalid_request")),
        (
            "unsigned",
            format!("grant_type=refresh_token&refresh_token={none}"),
            refusal(400, "invalid_grant"),
        ),
        (
            "an access token",
            format!("grant_type=refresh_token&refresh_token={}", target.tokens.access),
            refusal(400, "invalid_grant"),
        ),
        (
            "an ID token",
            format!("grant_type=refresh_token&refresh_token={}", target.tokens.id),
            refusal(400, "invalid_grant"),
        ),
        (
            "more than was granted",
            format!(
                "grant_type=refresh_token&scope=clients:write&refresh_token={}",
                target.tokens.refresh
            ),
            refusal(400, "invalid_scope"),
        ),
    ];
    for (what, body, expected) in cases {
        let request = target.ask(Method::POST, &path).basic_auth(id, Some(secret));
        let answer = send(request.header("content-type", FORM).body(body)).await;
        refused(what, &answer, &expected);
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    }
    let request = target.ask(Method::POST, &path).basic_auth(id, Some(secret));
    let answer = send(request.header("content-type", FORM).body(long)).await;
    assert_eq!(answer.status / 100, 4, "a body without end: {}", answer.body);
    let request = target.ask(Method::POST, &path).basic_auth(id, Some(secret));
    let answer = send(request.json(&json!({"grant_type": "refresh_token"}))).await;
    refused("JSON", &answer, &refusal(400, "invalid_request"));
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = send(target.ask(method.clone(), &path)).await;
        assert_eq!(answer.status, 405, "{method}: {}", answer.body);
    }
    target.tear_down().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn with_credentials_of_every_wrong_kind() {
    let target = Target::set_up().await;
    let (id, secret) = (target.party.id.clone(), target.party.secret.clone());
    let form = |fields: &[(&str, &str)]| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("grant_type", "refresh_token");
        body.append_pair("refresh_token", &target.tokens.refresh);
        body.append_pair("token", &target.tokens.access);
        body.extend_pairs(fields).finish()
    };
    let alone = form(&[]);
    let both = form(&[("client_id", &id), ("client_secret", &secret)]);
    let basic = |text: &str| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        format!("Basic {}", STANDARD.encode(text))
    };
    let cases: Vec<(&str, Option<String>, String, u16, &str)> = vec![
        ("none", None, alone.clone(), 401, "invalid_client"),
        ("a wrong secret", Some(basic(&format!("{id}:x"))), alone.clone(), 401, "invalid_client"),
        ("no secret", Some(basic(&format!("{id}:"))), alone.clone(), 401, "invalid_client"),
        ("nobody", Some(basic("nobody:x")), alone.clone(), 401, "invalid_client"),
        ("no colon", Some(basic(&id)), alone.clone(), 401, "invalid_client"),
        ("not base64", Some("Basic ***".into()), alone.clone(), 401, "invalid_client"),
        ("no scheme", Some(secret.clone()), alone.clone(), 401, "invalid_client"),
        ("a bearer", Some(format!("Bearer {secret}")), alone.clone(), 401, "invalid_client"),
        (
            "in two forms",
            Some(basic(&format!("{id}:{secret}"))),
            both.clone(),
            400,
            "invalid_request",
        ),
        (
            "an assertion",
            None,
            form(&[
                ("client_assertion", "a.b.c"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ]),
            401,
            "invalid_client",
        ),
        ("an identifier alone", None, form(&[("client_id", &id)]), 401, "invalid_client"),
        (
            "letters of an identifier in capitals",
            Some(basic(&format!("{}:{secret}", id.to_uppercase()))),
            alone,
            401,
            "invalid_client",
        ),
    ];
    for endpoint in ["token", "token/introspect", "revoke"] {
        let path = target.party.endpoint(endpoint);
        let path = path.strip_prefix(&target.demo.gateway()).unwrap();
        for (what, header, body, status, word) in &cases {
            let mut request = target.ask(Method::POST, path).header("content-type", FORM);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let answer = send(request.body(body.clone())).await;
            refused(&format!("{endpoint}, {what}"), &answer, &refusal(*status, word));
            let challenged = answer.header("www-authenticate").starts_with("Basic");
            assert!(challenged || *status != 401, "{endpoint}, {what}: no challenge");
        }
    }
    let request = target.ask(Method::POST, "/").header("authorization", "Basic \u{e9}");
    assert!(send(request).await.status < 500);
    target.tear_down().await;
}

#[tokio::test]
async fn at_the_doors_that_take_a_token() {
    let target = Target::set_up().await;
    let access = &target.tokens.access;
    let changed = |place: usize| {
        let mut parts: Vec<String> = access.split('.').map(str::to_owned).collect();
        let part = &mut parts[place];
        let middle = part.len() / 2;
        let letter = if part.as_bytes()[middle] == b'A' { "B" } else { "A" };
        part.replace_range(middle..=middle, letter);
        parts.join(".")
    };
    let unsigned = {
        let payload = access.split('.').nth(1).unwrap();
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")
    };
    let tokens = [
        String::from("x"),
        "a.b.c".to_owned(),
        "....".to_owned(),
        changed(0),
        changed(1),
        changed(2),
        unsigned,
        target.tokens.id.clone(),
        "a".repeat(20_000),
    ];
    for token in &tokens {
        for path in ["/api/v1/professionals", "/api/v1/sessions", "/api/v1/clients"] {
            let answer = send(target.ask(Method::GET, path).bearer_auth(token)).await;
            assert!(matches!(answer.status, 401 | 431), "{path} {token}: {}", answer.body);
        }
        let answer = target.party.userinfo(token).await;
        assert!(matches!(answer.status, 401 | 431), "{token}: {}", answer.body);
        assert_eq!(target.party.introspect(token).await, json!({"active": false}), "{token}");
        let revoked = target.party.call("revoke", &[("token", token)]).await;
        assert_eq!(revoked.status, 200, "RFC 7009, section 2.2: {}", revoked.body);
    }
    let refresh = target.party.userinfo(&target.tokens.refresh).await;
    assert_eq!(refresh.status, 401, "a refresh token is no access token: {}", refresh.body);
    for header in [&b"Bearer \xe9"[..], b"Bearer", b"Bearer ", b"bearer  x y", b"\xff"] {
        let value = reqwest::header::HeaderValue::from_bytes(header).unwrap();
        let request = target.ask(Method::GET, "/api/v1/professionals");
        let answer = send(request.header("authorization", value)).await;
        assert_eq!(answer.status, 401, "{header:?}: {}", answer.body);
    }
    let bare = send(target.demo.http.get(target.party.endpoint("userinfo"))).await;
    assert_eq!(bare.status, 401);
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
    let person = target.ask(Method::GET, "/api/v1/professionals").bearer_auth(access);
    let answer = send(person).await;
    assert!(matches!(answer.status, 401 | 403), "a person's token: {}", answer.body);
    target.tear_down().await;
}
