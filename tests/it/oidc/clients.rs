//! Relying parties by the API, and what their settings do.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use passerelle::{
    kernel::{random::SystemRandom, secret::Secret},
    oidc::{ApiCaller, BearerError, LoginError},
    portal::{Caller, Callers, Denied, api::ClientsApi},
    web::outgoing::Allow,
};
use serde_json::{Value, json};

use super::{
    browser::{Answer, Browser, said},
    world::{ISSUER, RIVE_CLAIRE, SECRET, TILLEULS, World},
};

/// The callers that the provider recognises.
struct Recognised(Arc<passerelle::oidc::Provider>);

#[async_trait::async_trait]
impl Callers for Recognised {
    async fn caller(&self, bearer: &Secret) -> Result<Caller, Denied> {
        let told = |error| match error {
            BearerError::Outage(outage) => Denied::Outage(outage),
            BearerError::NoToken
            | BearerError::TwoTokens
            | BearerError::NotOurs
            | BearerError::Expired
            | BearerError::Dead(_)
            | BearerError::WrongBearer => Denied::Invalid,
        };
        let ApiCaller { client, structure, scopes, now } =
            self.0.api_caller(bearer).await.map_err(told)?;
        let scopes = scopes.iter().map(str::to_owned).collect();
        Ok(Caller { client_id: client, structure, scopes, now })
    }
}

/// The API beside the provider, and a program that may call it.
struct Desk {
    world: World,
    token: String,
}

impl Desk {
    async fn new() -> Self {
        Self::bound_to(None).await
    }

    async fn bound_to(structure: Option<&str>) -> Self {
        let mut world = World::new().await;
        let api = ClientsApi {
            callers: Arc::new(Recognised(Arc::clone(&world.provider))),
            clients: Arc::clone(&world.store) as _,
            records_key: world.key(),
            random: Arc::new(SystemRandom),
            allow: Allow::Hosts(["localhost".to_owned()].into()),
        };
        world.router = world.router.clone().merge(Router::new().nest("/api/v1", api.router()));
        let program = json!({"grant_types": ["client_credentials"], "structure": structure,
                             "scope": "clients:write registry:read"});
        world.client("api", program).await;
        let token = world.call("api", "token", &[("grant_type", "client_credentials")]).await;
        let token = token.is(200).at("access_token");
        Self { world, token }
    }

    async fn call(&self, what: &str, key: Option<&str>, body: &Value) -> Answer {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.world.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

fn dui(more: Value) -> Value {
    let mut members = json!({"client_id": "dui", "client_secret": SECRET,
                             "redirect_uris": [super::world::REDIRECT]});
    if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
        members.extend(more);
    }
    members
}

#[tokio::test]
async fn disabling_shuts_and_enabling_revives_nothing() {
    let desk = Desk::new().await;
    let world = &desk.world;
    desk.call("POST /clients", None, &dui(json!({}))).await.is(201);
    let mut browser = Browser::default();
    let tokens = world.tokens(&mut browser, "dui").await;
    let code = world.log_in(&mut browser, "dui").await;
    let begun = world.authorize(&mut Browser::default(), "dui", "").await.is(303);
    assert!(begun.sent("demande").is_some());

    let off = desk.call("PUT /clients/dui", None, &json!({"enabled": false})).await.is(200);
    assert_eq!(off.json()["enabled"], false);
    world.refresh("dui", &tokens.at("refresh_token")).await.refused_with(401, "invalid_client");
    let page = world.authorize(&mut browser, "dui", "").await.is(400);
    assert!(page.text.contains("client_inconnu"), "{}", page.text);

    desk.call("PUT /clients/dui", None, &json!({"enabled": true})).await.is(200);
    assert!(!world.is_active("dui", &tokens.at("access_token")).await);
    world.refresh("dui", &tokens.at("refresh_token")).await.refused_with(400, "invalid_grant");
    world.redeem("dui", &code).await.refused_with(400, "invalid_grant");
    // The session is the person's, not the client's: it opens the client anew.
    let code = world.authorize(&mut browser, "dui", "").await.sent("code").unwrap();
    let fresh = world.redeem("dui", &code).await.is(200);
    assert!(world.is_active("dui", &fresh.at("access_token")).await);
    let causes: u32 = world.one("SELECT count(*) FROM cut WHERE cause = '\"client_disabled\"'");
    assert_eq!(causes, 1);
}

#[tokio::test]
async fn another_structure_shuts_what_was_open() {
    let desk = Desk::new().await;
    let world = &desk.world;
    desk.call("POST /clients", None, &dui(json!({"structure": TILLEULS}))).await.is(201);
    let tokens = world.tokens(&mut Browser::default(), "dui").await;
    desk.call("PUT /clients/dui", None, &json!({"client_name": "Autre"})).await.is(200);
    assert!(world.is_active("dui", &tokens.at("access_token")).await);
    let bound = desk.call("PUT /clients/dui", None, &json!({"structure": RIVE_CLAIRE})).await;
    assert_eq!(bound.is(200).at("structure"), RIVE_CLAIRE);
    assert!(!world.is_active("dui", &tokens.at("access_token")).await);
    let wrong = desk.call("PUT /clients/dui", None, &json!({"structure": "759999220"})).await;
    assert_eq!(wrong.is(422).json()["fields"][0]["field"], "structure");
}

#[tokio::test]
async fn a_client_that_could_not_be_told_is_refused() {
    let desk = Desk::new().await;
    let here = json!({"backchannel_logout_uri": "http://localhost:8082/fin"});
    let elsewhere = json!({"backchannel_logout_uri": "https://dui.example/fin", "acr": 5});
    let refused = desk.call("POST /clients", None, &dui(elsewhere.clone())).await.is(422).json();
    let told = |refused: &Value| {
        let fields = refused["fields"].as_array().unwrap().clone();
        let pairs = fields.iter().map(|f| format!("{} {}", f["field"], f["code"]));
        pairs.collect::<Vec<_>>().join(" ").replace('"', "")
    };
    assert_eq!(told(&refused), "acr invalid backchannel_logout_uri unreachable");
    desk.call("POST /clients", None, &dui(here)).await.is(201);
    let refused = desk.call("PUT /clients/dui", None, &elsewhere).await.is(422).json();
    assert_eq!(told(&refused), "acr invalid backchannel_logout_uri unreachable");
    // What was entered before the setting changed can still be shut.
    desk.world.change("dui", json!({"backchannel_logout_uri": "https://dui.example/fin"})).await;
    let off = json!({"enabled": false, "backchannel_logout_uri": "https://dui.example/fin"});
    desk.call("PUT /clients/dui", None, &off).await.is(200);
    desk.call("GET /clients?structure=019999028", None, &json!({})).await.is(400);
}

#[tokio::test]
async fn a_removed_client_is_gone_and_its_name_inherits_nothing() {
    let desk = Desk::new().await;
    let world = &desk.world;
    desk.call("POST /clients", None, &dui(json!({}))).await.is(201);
    let tokens = world.tokens(&mut Browser::default(), "dui").await;
    desk.call("DELETE /clients/dui", None, &json!({})).await.is(204);
    desk.call("DELETE /clients/dui", None, &json!({})).await.is(404);
    desk.call("GET /clients/dui", None, &json!({})).await.is(404);
    world.refresh("dui", &tokens.at("refresh_token")).await.refused_with(401, "invalid_client");
    desk.call("POST /clients", None, &dui(json!({}))).await.is(201);
    world.refresh("dui", &tokens.at("refresh_token")).await.refused_with(400, "invalid_grant");
}

#[tokio::test]
async fn a_secret_is_told_again_under_its_key_and_kept_nowhere() {
    let desk = Desk::new().await;
    let wanted = json!({"client_name": "Essai", "redirect_uris": [super::world::REDIRECT]});
    let first = desk.call("POST /clients", Some("k1"), &wanted).await.is(201);
    let again = desk.call("POST /clients", Some("k1"), &wanted).await.is(201);
    assert_eq!(first.json(), again.json());
    let (id, secret) = (first.at("client_id"), first.at("client_secret"));
    assert_eq!(secret.len(), 43);
    let other = json!({"client_name": "Autre", "redirect_uris": [super::world::REDIRECT]});
    desk.call("POST /clients", Some("k1"), &other).await.is(422);
    let unkeyed = desk.call("POST /clients", None, &wanted).await.is(201);
    assert_ne!(unkeyed.at("client_secret"), secret);
    let read = desk.call(&format!("GET /clients/{id}"), None, &json!({})).await.is(200);
    assert!(read.json().get("client_secret").is_none());
    let kept: String = desk.world.one("SELECT group_concat(answer) FROM idempotency");
    assert!(!kept.contains(&secret));
    let form = [("client_id", &*id), ("client_secret", &*secret), ("token", "x")];
    let introspect = format!("{ISSUER}/protocol/openid-connect/token/introspect");
    desk.world.post(&mut Browser::default(), &introspect, &form).await.is(200);
}

#[tokio::test]
async fn a_caller_gives_away_no_more_than_it_holds() {
    let desk = Desk::new().await;
    let program = |scope: &str| json!({"client_name": "P", "grant_types": ["client_credentials"], "scope": scope});
    desk.call("POST /clients", None, &program("registry:read")).await.is(201);
    desk.call("POST /clients", None, &program("registry:write")).await.is(403);

    let bound = Desk::bound_to(Some(TILLEULS)).await;
    let own = bound.call("POST /clients", None, &dui(json!({}))).await.is(201);
    assert_eq!(own.at("structure"), TILLEULS, "its own structure, unless it says otherwise");
    let looks = dui(json!({"client_id": "x", "introspects": "any"}));
    bound.call("POST /clients", None, &looks).await.is(403);
    bound.call("POST /clients", None, &dui(json!({"structure": RIVE_CLAIRE}))).await.is(403);
    bound.call("PUT /clients/dui", None, &json!({"structure": null})).await.is(403);
    bound.world.client("national", json!({})).await;
    bound.call("PUT /clients/national", None, &json!({"enabled": false})).await.is(404);
    bound.call("DELETE /clients/national", None, &json!({})).await.is(404);
    let list = bound.call("GET /clients", None, &json!({})).await.is(200);
    let listed: Vec<Value> = list.json()["items"].as_array().unwrap().clone();
    let listed: Vec<&Value> = listed.iter().map(|client| &client["client_id"]).collect();
    assert_eq!(listed, ["api", "dui"]);
}

#[tokio::test]
async fn settings_are_read_when_a_grant_opens() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut browser = Browser::default();
    let before = world.tokens(&mut browser, "dui").await;
    let oidc = json!({"profile": "oidc", "acr": "eidas3", "sub_form": "uuid",
                      "id_token_signed_response_alg": "ES256",
                      "token_endpoint_auth_method": "client_secret_post"});
    world.change("dui", oidc).await;
    let refreshed = world.refresh("dui", &before.at("refresh_token")).await.is(200);
    assert_eq!(said(&refreshed.at("id_token"))["acr"], "eidas1");
    assert_eq!(said(&refreshed.at("access_token"))["typ"], "Bearer");

    let code = world.authorize(&mut browser, "dui", "").await;
    assert!(code.sent("session_state").is_none());
    let after = world.redeem("dui", &code.sent("code").unwrap()).await.is(200);
    // The profile is exact about how the secret comes.
    world.change("dui", json!({"token_endpoint_auth_method": "client_secret_basic"})).await;
    world.refresh("dui", &after.at("refresh_token")).await.refused_with(401, "invalid_client");
    world.change("dui", json!({"token_endpoint_auth_method": null, "profile": "psc"})).await;
    let id = said(&after.at("id_token"));
    assert_eq!((&id["acr"], &id["sub"]), (&json!("eidas3"), &json!(uuid::Uuid::from_u128(1))));
    assert!(id.get("SubjectNameID").is_none());
    let access = said(&after.at("access_token"));
    assert_eq!(access["aud"], format!("http://localhost:8080{ISSUER}"));
    assert!(world.is_active("dui", &after.at("access_token")).await);
    let told = world.call("dui", "token/introspect", &[("token", &after.at("access_token"))]).await;
    assert_eq!(told.at("SubjectNameID"), "899900000037");
    assert_eq!(told.at("username"), "899900000037");
}

#[tokio::test]
async fn a_client_sees_its_own_tokens_unless_it_may_see_others() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("autre", json!({})).await;
    world.client("api", json!({"introspects": "any"})).await;
    world.client("paire", json!({"introspects": ["dui"]})).await;
    let tokens = world.tokens(&mut Browser::default(), "dui").await;
    for token in [tokens.at("access_token"), tokens.at("refresh_token")] {
        for (id, expected) in [("dui", true), ("autre", false), ("api", true), ("paire", true)] {
            assert_eq!(world.is_active(id, &token).await, expected, "{id}");
        }
    }
    assert!(!world.is_active("dui", &tokens.at("id_token")).await, "an ID token opens nothing");
    let stranger = world.call("autre", "revoke", &[("token", &tokens.at("access_token"))]).await;
    stranger.refused_with(400, "invalid_grant");
    assert!(world.is_active("dui", &tokens.at("access_token")).await);
}

/// RFC 6750, sections 2 and 3.1.
#[tokio::test]
async fn a_token_comes_to_userinfo_once() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let token = world.tokens(&mut Browser::default(), "dui").await.at("access_token");
    let path = format!("{ISSUER}/protocol/openid-connect/userinfo");
    let posted =
        async |form: &[(&str, &str)]| world.post(&mut Browser::default(), &path, form).await;
    let once = ("access_token", token.as_str());
    posted(&[once]).await.is(200);
    posted(&[once, once]).await.refused_with(400, "invalid_request");
    posted(&[once, ("a", "1"), ("a", "2")]).await.refused_with(400, "invalid_request");
    let bearer = format!("Bearer {token}");
    for (headers, form, status) in [(1, "", 200), (2, "", 401), (1, "access_token=x", 400)] {
        let mut request =
            Request::post(&path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for _ in 0..headers {
            request = request.header(header::AUTHORIZATION, &bearer);
        }
        world.send(request.body(Body::from(form)).unwrap()).await.is(status);
    }
}

#[tokio::test]
async fn when_the_records_do_not_answer_nothing_is_said_to_be_shut() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let tokens = world.tokens(&mut Browser::default(), "dui").await;
    // A head that nobody can read: the barrier fails.
    world.records().execute("ALTER TABLE head RENAME TO lost", []).unwrap();
    let unknown = |answer: Answer| {
        let answer = answer.is(503);
        assert_eq!(answer.headers.get(header::RETRY_AFTER).unwrap(), "1");
    };
    let token = tokens.at("access_token");
    unknown(world.call("dui", "token/introspect", &[("token", &token)]).await);
    unknown(world.refresh("dui", &tokens.at("refresh_token")).await);
    unknown(world.authorize(&mut Browser::default(), "dui", "").await);
    let request = Request::get(format!("{ISSUER}/protocol/openid-connect/userinfo"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    unknown(world.send(request.body(Body::empty()).unwrap()).await);
    let caller = world.provider.api_caller(&Secret::received(token)).await;
    assert!(matches!(caller, Err(BearerError::Dead(refused)) if refused.is_unknown()));
}

#[tokio::test]
async fn an_address_that_was_taken_back_gets_no_code() {
    let desk = Desk::new().await;
    let world = &desk.world;
    desk.call("POST /clients", None, &dui(json!({}))).await.is(201);
    let mut browser = Browser::default();
    let begun = world.authorize(&mut browser, "dui", "").await.is(303);
    let pending = world.pending(&browser, &begun).await.unwrap();
    let session = world.session().await;
    let elsewhere = json!({"redirect_uris": ["http://localhost:9/ailleurs"]});
    desk.call("PUT /clients/dui", None, &elsewhere).await.is(200);
    let concluded = world.provider.conclude(&pending, &session).await;
    assert!(matches!(concluded, Err(LoginError::Gone)));
    assert!(world.pending(&browser, &begun).await.is_err(), "nor does the page wait");
}
