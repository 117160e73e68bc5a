//! Promise 12: a stranger's mistake gets a clear answer. Nothing here may panic, hang, answer 500,
//! or change anything.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    api::Api,
    demo::Demo,
    http::{Answer, refusal, send},
    party::{Doors, Party},
    scenes::logged_in,
};

/// Everything that these requests could have changed.
async fn state(api: &Api) -> Vec<Value> {
    let mut state = Vec::new();
    for path in ["/professionals", "/clients", "/departures", "/sessions", "/structures"] {
        state.push(api.get(path).await.success());
    }
    state
}

/// One demo, one live log-in, and the state that must not change.
struct Target {
    demo: Demo,
    api: Api,
    party: Party,
    tokens: super::party::Tokens,
    before: Vec<Value>,
}

impl Target {
    async fn set_up() -> Self {
        let demo = Demo::start().await;
        let api = Api::of(&demo).await;
        let party = Party::of(&demo, "dui-tilleuls");
        let (_, tokens) = logged_in(&demo, &party, &demo.person("aide-soignante")).await;
        let before = state(&api).await;
        Self { demo, api, party, tokens, before }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.demo.http.request(method, format!("{}{path}", self.demo.gateway()))
    }

    async fn tear_down(self) {
        assert_eq!(state(&self.api).await, self.before, "a mistake changed something");
        assert_eq!(self.party.doors(&self.tokens).await, Doors::open());
        assert!(!self.demo.said().contains("panicked"), "{}", self.demo.said());
    }
}

#[track_caller]
fn refused(what: &str, answer: &Answer, expected: &(u16, String)) {
    assert_eq!(answer.told(), *expected, "{what}: {}", answer.body);
    assert!(!answer.body.contains("panicked"), "{what}");
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn at_the_token_endpoint() {
    let target = Target::set_up().await;
    let path = target.party.endpoint("token");
    let path = path.strip_prefix(&target.demo.gateway()).unwrap().to_owned();
    let (id, secret) = (target.party.id.as_str(), target.party.secret.as_str());
    let long = format!("grant_type=refresh_token&refresh_token={}", "a".repeat(2_000_000));
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
        ("not UTF-8", "grant_type=%ff%fe&code=%00".into(), refusal(400, "unsupported_grant_type")),
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
        format!("{access} "),
        target.tokens.id.clone(),
        target.tokens.refresh.clone(),
        "é".to_owned(),
        "a".repeat(20_000),
    ];
    for token in &tokens {
        for path in ["/api/v1/professionals", "/api/v1/sessions"] {
            let header = format!("Bearer {token}");
            let answer = send(target.ask(Method::GET, path).header("authorization", header)).await;
            assert!(matches!(answer.status, 401 | 431), "{path} {token}: {}", answer.body);
        }
        let answer = target.party.userinfo(token).await;
        let padded = token.trim() == access;
        assert!(padded || matches!(answer.status, 401 | 431), "{token}: {}", answer.body);
        let said = target.party.introspect(token.trim()).await;
        let is_ours = [access, &target.tokens.refresh].contains(&&token.trim().to_owned());
        if !is_ours {
            assert_eq!(said, json!({"active": false}), "{token}");
        }
        let revoked = target.party.call("revoke", &[("token", token)]).await;
        if is_ours {
            // What it may revoke, it did: take the next one.
            break;
        }
        assert_eq!(revoked.status, 200, "RFC 7009, section 2.2: {}", revoked.body);
    }
    let bare = send(target.demo.http.get(target.party.endpoint("userinfo"))).await;
    assert_eq!(bare.status, 401);
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
    let person = target.ask(Method::GET, "/api/v1/professionals").bearer_auth(access);
    let answer = send(person).await;
    assert!(matches!(answer.status, 401 | 403), "a person's token: {}", answer.body);
    assert!(!target.demo.said().contains("panicked"));
}

#[tokio::test]
async fn at_the_api() {
    let target = Target::set_up().await;
    let api = &target.api;
    let person = target.demo.person("educateur").rpps;
    let situation = api.situation(&person, &target.demo.world.finess("tilleuls")).await;
    let nobody = "/situations/019a0000-0000-7000-8000-000000000000/end";
    let end = format!("/situations/{situation}/end");
    let cases: Vec<(&str, Value, u16, &str)> = vec![
        (&end, json!({}), 422, "invalid_fields"),
        (&end, json!({"immediate": false}), 422, "invalid_fields"),
        (&end, json!({"immediate": "oui"}), 422, "invalid_fields"),
        (&end, json!({"immediate": true, "last_day": "2030-01-01"}), 422, "invalid_fields"),
        (&end, json!({"last_day": "2026-02-30"}), 422, "invalid_fields"),
        (&end, json!({"last_day": "demain"}), 422, "invalid_fields"),
        (&end, json!({"at": "2026-11-22T07:00:00"}), 422, "invalid_fields"),
        (&end, json!({"last_day": "9999-12-31", "colour": 1}), 422, "invalid_fields"),
        (&end, json!([]), 400, "invalid_json"),
        (&end, json!(null), 400, "invalid_json"),
        (nobody, json!({"immediate": true}), 404, "not_found"),
        ("/situations/x/end", json!({"immediate": true}), 404, "not_found"),
        ("/situations/%00/end", json!({"immediate": true}), 404, "not_found"),
        ("/situations/%2e%2e%2f%2e%2e%2ftoken/end", json!({}), 404, "not_found"),
        ("/professionals", json!({}), 422, "invalid_fields"),
        ("/professionals", json!({"birth_name": {"a": 1}}), 422, "invalid_fields"),
        ("/professionals/99900000000/situations", json!({}), 404, "not_found"),
        ("/professionals/12/situations", json!({}), 404, "not_found"),
        ("/nothing", json!({}), 404, "not_found"),
    ];
    for (path, body, status, word) in cases {
        let answer = api.post(path, &body).await;
        refused(&format!("{path} {body}"), &answer, &refusal(status, word));
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(50_000), "1".to_owned() + &"}".repeat(50_000));
    let large = format!("{{\"reason\": \"{}\"}}", "a".repeat(7 << 20));
    for (what, kind, body, status) in [
        ("deep", "application/json", deep.as_str(), 413),
        ("large", "application/json", &large, 413),
        ("text", "text/plain", "{\"immediate\": true}", 415),
        ("a form", FORM, "immediate=true", 415),
        ("cut off", "application/json", "{\"immediate\": tr", 400),
        ("empty", "application/json", "", 400),
    ] {
        let answer = api.post_text(&end, kind, body).await;
        assert!(
            answer.status == status || (status == 413 && answer.status == 400),
            "{what}: {} {}",
            answer.status,
            answer.body
        );
    }
    let queries = [
        "/professionals?limit=0",
        "/professionals?limit=x",
        "/sessions?rpps=abc",
        "/departures?after=x",
        "/professionals?limit=1&limit=2",
        "/professionals?after=%ff",
        "/sessions?client=%00",
    ];
    for path in queries {
        let answer = api.get(path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
    }
    for path in ["/professionals/abc", "/departures/x", "/clients/nobody", "/professionals/é"] {
        assert_eq!(api.get(path).await.told(), refusal(404, "not_found"), "{path}");
    }
    assert_eq!(api.delete("/sessions/x").await.status, 404);
    assert_eq!(api.delete("/local-accesses/x").await.status, 404);
    assert_eq!(api.put("/clients/nobody", &json!({"enabled": false})).await.status, 404);
    target.tear_down().await;
}

#[tokio::test]
async fn on_the_pages() {
    let target = Target::set_up().await;
    let wide = "9".repeat(5_000);
    let paths = [
        "/auth/connexion/x",
        "/auth/realms/autre",
        "/auth/realms/esante-wallet/protocol/openid-connect/ext/par/request",
        "/annuaire/1",
        "/annuaire/%00",
        "/annuaire/99900000000",
        "/annuaire?nom=%25&q=%27%20OR%201%3D1",
        "/..%2f..%2fetc/passwd",
        "/assets/../Cargo.toml",
        "/demo/right-code/x",
        "/demo/right-code/019a0000-0000-7000-8000-000000000000",
        "/demo/nothing",
        &format!("/annuaire/{wide}"),
        &format!("/auth?client_id={wide}"),
    ];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = send(target.ask(method.clone(), path)).await;
            let fine = (200..500).contains(&answer.status);
            assert!(fine, "{method} {path}: {} {}", answer.status, answer.body);
            assert!(!answer.body.contains("root:"), "{path}");
        }
    }
    for body in [
        json!({}),
        json!({"advance": "x"}),
        json!({"advance": "-PT1H"}),
        json!({"set": "hier"}),
        json!({"advance": "P1000000Y"}),
        json!([1]),
    ] {
        let clock = target.ask(Method::POST, "/demo/clock").json(&body);
        let answer = send(clock).await;
        assert_eq!(answer.status / 100, 4, "{body}: {}", answer.body);
    }
    let answer = target.demo.set_calendar("2020-01-01T00:00:00Z").await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    target.tear_down().await;
}

/// Bytes that are no HTTP, and requests that never end: the others are served meanwhile.
#[tokio::test]
async fn on_the_wire() {
    use tokio::{io::AsyncWriteExt, net::TcpStream};
    let target = Target::set_up().await;
    let address = ("127.0.0.1", target.demo.port());
    let mut held = Vec::new();
    let starts: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /auth HTTP/9.9\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    ];
    for start in starts.iter().cycle().take(100) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        held.push(stream);
    }
    target.tear_down().await;
    drop(held);
}
