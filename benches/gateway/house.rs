//! The whole gateway over a world, without sockets: requests go into its router, as they would
//! after a server has read them.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use passerelle::{
    app::{self, Machine, Work},
    config::{self, Sources},
    kernel::{
        journal::Actor, random::SystemRandom, retry::Keep, secret::Secret, time::SystemClock,
    },
    oidc::{Clients, Registration, StoredClient, client_secret_digest},
    portal::operations,
};
use serde_json::{Map, Value, json};
use tower::ServiceExt;
use url::form_urlencoded;

use crate::world::{STRUCTURE, World, cpu_seconds};

/// The care home's software.
pub(crate) const DUI: &str = "dui";
/// A program that calls the API.
const API: &str = "api";
const SECRET: &str = "un secret de banc";
pub(crate) const REDIRECT: &str = "http://localhost:8082/retour";
pub(crate) const PROTOCOL: &str = "/auth/realms/esante-wallet/protocol/openid-connect";
/// Requests that are under way at once.
pub(crate) const TOGETHER: usize = 64;

/// The gateway.
pub(crate) struct House {
    pub(crate) router: Router,
    /// What goes on beside the requests, once it is spawned.
    pub(crate) background: Vec<Work<()>>,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl House {
    /// As `serve` builds it, counters included, with two clients.
    pub(crate) async fn over(world: &World) -> Self {
        let config = config::load(&Sources::default()).unwrap();
        let machine = Machine {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            metrics: operations::start_counting(),
        };
        let app::App { router, background } =
            app::build(&config, Arc::clone(&world.store), machine, None).await.unwrap();
        let dui = json!({ "redirect_uris": [REDIRECT], "structure": STRUCTURE });
        enter(world, DUI, dui).await;
        let api = json!({ "grant_types": ["client_credentials"], "scope": "registry:write" });
        enter(world, API, api).await;
        Self { router, background }
    }

    /// A token for the API.
    pub(crate) async fn api_token(&self) -> String {
        let request = form("token", API, &[("grant_type", "client_credentials")]);
        let answer = send(self.router.clone(), request).await.good();
        answer.member("access_token")
    }
}

async fn enter(world: &World, id: &str, members: Value) {
    let members: Map<String, Value> = members.as_object().unwrap().clone();
    let id = id.parse().unwrap();
    let secret = Secret::received(SECRET.to_owned());
    let client = StoredClient {
        registration: Registration::blank("Service").change(members).unwrap().registration,
        secret: Some(client_secret_digest(&world.store.key(), &id, &secret)),
        id,
    };
    world.store.enter_client(client, Actor::Operator, Keep::nothing()).await.unwrap();
}

impl Answer {
    /// Itself, if it is no refusal.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        let fine = self.status.is_success() || self.status.is_redirection();
        assert!(fine, "{}: {}", self.status, self.text());
        self
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn member(&self, name: &str) -> String {
        self.json().get(name).and_then(Value::as_str).unwrap().to_owned()
    }

    /// A parameter of the address that it leads to.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let location = self.headers.get(header::LOCATION).unwrap().to_str().unwrap();
        let query = location.split_once('?').unwrap().1;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    }
}

/// Sends `requests`, made beforehand, 64 at once: the answers in the same order, and the CPU seconds
/// that all of it took.
pub(crate) async fn send_all(router: &Router, requests: Vec<Request<Body>>) -> (Vec<Answer>, f64) {
    let start = cpu_seconds();
    let under_way = stream::iter(requests)
        .map(|request| tokio::spawn(send(router.clone(), request)))
        .buffered(TOGETHER);
    let answers: Vec<_> = under_way.collect().await;
    let spent = cpu_seconds() - start;
    (answers.into_iter().map(|answer| answer.unwrap().good()).collect(), spent)
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// `POST` of a client to the provider, with its secret in the body.
fn form(endpoint: &str, client: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", client), ("client_secret", SECRET)])
        .extend_pairs(fields)
        .finish();
    Request::post(format!("{PROTOCOL}/{endpoint}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

pub(crate) fn exchange(code: &str) -> Request<Body> {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
    form("token", DUI, &fields)
}

pub(crate) fn refresh(token: &str) -> Request<Body> {
    form("token", DUI, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

pub(crate) fn introspection(token: &str) -> Request<Body> {
    form("token/introspect", DUI, &[("token", token)])
}

pub(crate) fn userinfo(token: &str) -> Request<Body> {
    Request::get(format!("{PROTOCOL}/userinfo"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

pub(crate) fn key_set() -> Request<Body> {
    Request::get(format!("{PROTOCOL}/certs")).body(Body::empty()).unwrap()
}
