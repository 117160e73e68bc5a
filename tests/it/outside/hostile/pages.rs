//! Nonsense, at the API and on the pages.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::http::{refusal, send},
    FORM, Target, refused,
};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
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
    let deep = format!("{}1{}", "{\"a\":".repeat(9_000), "}".repeat(9_000));
    let large = format!("{{\"reason\": \"{}\"}}", "a".repeat(200_000));
    for (what, kind, body, status) in [
        ("deep", "application/json", deep.as_str(), 400),
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
