//! Relying parties by the API.

use serde_json::json;

use super::{
    api::Api,
    demo::Demo,
    party::{Doors, Party},
    scenes::logged_in,
};

#[tokio::test]
async fn a_client_of_ones_own_logs_people_in() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let redirect = "http://127.0.0.1:9/retour?outil=essai&x=%20";
    let wanted = json!({
        "client_id": "dui-essai", "client_secret": "un secret de trente-deux octets!",
        "client_name": "DUI d'essai", "redirect_uris": [redirect, "http://[::1]:9/retour"],
        "post_logout_redirect_uris": ["http://127.0.0.1:9/fin"],
        "structure": demo.world.finess("tilleuls"),
    });
    let made = api.post("/clients", &wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(made[name], *value, "{name}");
    }
    assert_eq!((&made["profile"], &made["enabled"]), (&json!("psc"), &json!(true)));
    let party = Party::registered(&demo, &made);
    let (_, tokens) = logged_in(&demo, &party, &demo.person("aide-soignante")).await;
    assert_eq!(party.doors(&tokens).await, Doors::open());

    let read = api.get("/clients/dui-essai").await.success();
    assert!(read["client_secret"].is_null(), "a secret is told once");
    let again = api.post("/clients", &wanted).await;
    assert_eq!(again.status, 409, "{}", again.body);
    let mut built_in = wanted.clone();
    built_in["client_id"] = json!("portail");
    let reserved = api.post("/clients", &built_in).await;
    assert_eq!(reserved.status, 409, "{}", reserved.body);
    let list = api.get("/clients").await.success();
    assert!(list["items"].as_array().unwrap().iter().any(|one| one["client_id"] == "dui-essai"));
    let wrong = json!({"client_name": "", "redirect_uris": ["http://a.example/#x"],
                       "structure": "019999029", "profile": "x", "colour": "red"});
    let refused = api.post("/clients", &wrong).await;
    assert_eq!(refused.status / 100, 4, "{}", refused.body);
    for field in ["client_name", "redirect_uris", "structure", "profile", "colour"] {
        assert!(refused.body.contains(field), "{field}: {}", refused.body);
    }
    let nowhere = json!({"client_name": "Ailleurs", "redirect_uris": [redirect],
                         "structure": "750000013"});
    let refused = api.post("/clients", &nowhere).await;
    assert_eq!(refused.status / 100, 4, "a structure that is not there: {}", refused.body);
}

#[tokio::test]
async fn a_client_without_the_scope_may_not() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let reader = json!({"client_name": "Lecture", "grant_types": ["client_credentials"],
                        "scope": "registry:read"});
    let reader = Party::registered(&demo, &api.post("/clients", &reader).await.success());
    let token = reader.call("token", &[("grant_type", "client_credentials")]).await.success();
    assert_eq!(token["scope"], "registry:read");
    let bearer = super::world::text(&token["access_token"]);
    let person = demo.person("educateur");
    let at = |path: &str| format!("{}/api/v1{path}", demo.gateway());
    let get = |path: &str| super::http::send(demo.http.get(at(path)).bearer_auth(&bearer));
    get(&format!("/professionals/{}", person.rpps)).await.success();
    for path in ["/clients", "/sessions", "/departures", "/journal"] {
        let answer = get(path).await;
        assert_eq!(answer.told(), (403, "insufficient_scope".into()), "{path}: {}", answer.body);
        assert!(answer.header("www-authenticate").contains("insufficient_scope"), "{path}");
    }
    let asked = [("grant_type", "client_credentials"), ("scope", "registry:read clients:write")];
    let more = reader.call("token", &asked).await;
    assert_eq!(more.told(), (400, "invalid_scope".into()), "{}", more.body);

    api.put(&format!("/clients/{}", reader.id), &json!({"enabled": false})).await.success();
    let cut = get("/professionals").await;
    assert_eq!(cut.told(), (401, "invalid_token".into()), "{}", cut.body);
}

#[tokio::test]
async fn a_session_that_an_operator_ends_is_over_everywhere() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, kept) = logged_in(&demo, &party, &demo.person("educateur")).await;
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let sessions = api.get(&format!("/sessions?rpps={}", person.rpps)).await.success();
    let items = sessions["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["sid"]), (1, &tokens.claim("sid")));
    let path = format!("/sessions/{}", super::world::text(&items[0]["sid"]));
    let ended = api.delete(&path).await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(party.doors(&kept).await, Doors::open());
    let page = browser.get(&party.silent()).await;
    assert_eq!(super::scenes::refused_with(&page), "login_required");
    let sessions = api.get(&format!("/sessions?rpps={}", person.rpps)).await.success();
    assert_eq!(sessions["items"], json!([]));
    let again = api.delete(&path).await;
    assert!(matches!(again.status, 204 | 404), "{}", again.body);
}
