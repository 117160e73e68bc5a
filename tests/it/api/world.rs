//! The API over a store on a temporary file, with callers whose token is their name.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use passerelle::{
    access::Doors,
    kernel::{Outage, Rpps, secret::Secret},
    portal::{
        Api, Caller, Callers, Denied, Phones,
        directory::{PublicDirectory, too_many},
    },
    registry::Nomenclature,
    web::{
        origin::Proxies,
        page::Frame,
        throttle::{Limit, Throttle},
    },
};
use serde_json::{Value, json};

use super::super::codes::is_documented;
use crate::ground::{Ground, ask};

pub(super) use crate::ground::{NOW, RIVE_CLAIRE, TILLEULS};

/// Tokens: `all`, `none`, a scope, or `at:FINESS` with every scope at one structure.
struct NamedCallers(Doors);

#[async_trait::async_trait]
impl Callers for NamedCallers {
    async fn caller(&self, bearer: &Secret) -> Result<Caller, Denied> {
        const ALL: &str =
            "registry:read registry:write registry:authority security:read security:write";
        let token = bearer.expose();
        let (structure, scopes) = match token.strip_prefix("at:") {
            Some(finess) => (Some(finess.parse().unwrap()), ALL),
            None if token == "all" => (None, ALL),
            None if token.contains(':') => (None, token),
            None if token == "none" => (None, ""),
            None => return Err(Denied::Invalid),
        };
        Ok(Caller {
            client_id: "api".parse().unwrap(),
            structure,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            now: self.0.barrier().await?,
        })
    }
}

/// Phones that only remember for whom they were asked.
#[derive(Default)]
pub(super) struct MockPhones(pub(super) Mutex<Vec<Rpps>>);

#[async_trait::async_trait]
impl Phones for MockPhones {
    async fn activate_and_approve(&self, rpps: Rpps, _pin: &Secret) -> Result<(), Outage> {
        self.0.lock().unwrap().push(rpps);
        Ok(())
    }
}

pub(super) struct World {
    pub(super) router: Router,
    pub(super) phones: Arc<MockPhones>,
    ground: Ground,
}

impl Deref for World {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(super) fn at(&self, pointer: &str) -> String {
        let found = self.json().pointer(pointer).cloned().unwrap_or_default();
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    }

    #[track_caller]
    pub(super) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// A problem, with this code.
    #[track_caller]
    pub(super) fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        let media = answer.headers.get(header::CONTENT_TYPE).unwrap();
        assert_eq!(media, "application/problem+json");
        assert_eq!(answer.at("/code"), code, "{}", answer.text);
        assert!(is_documented(code), "docs/api.md does not say what {code} means");
        answer
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::build(false).await
    }

    /// With mock phones, as in the demo.
    pub(super) async fn demo() -> Self {
        Self::build(true).await
    }

    async fn build(is_demo: bool) -> Self {
        let ground = Ground::new();
        ground.enter_sample().await;
        let (store, doors) = (Arc::clone(&ground.store), ground.doors.clone());
        let nomenclature = Arc::new(Nomenclature::shipped().unwrap());
        let phones = Arc::new(MockPhones::default());
        let api = Api {
            callers: Arc::new(NamedCallers(doors.clone())),
            doors: doors.clone(),
            nomenclature: Arc::clone(&nomenclature),
            registry: Arc::clone(&store) as _,
            requests: Arc::clone(&store) as _,
            habilitations: Arc::clone(&store) as _,
            people: Arc::clone(&store) as _,
            departures: Arc::clone(&store) as _,
            outbox: Arc::clone(&store) as _,
            removals: Arc::clone(&store) as _,
            sessions: Arc::clone(&store) as _,
            journal: Arc::clone(&store) as _,
            phones: is_demo.then(|| Arc::clone(&phones) as Arc<dyn Phones>),
        };
        let frame = Frame { demo: is_demo };
        let directory =
            PublicDirectory { records: Arc::clone(&store) as _, doors, nomenclature, frame };
        let limit = Limit {
            throttle: Arc::new(Throttle::new(0)),
            clock: ground.clock(),
            proxies: Proxies::default(),
            refuse: Arc::new(move |headers| too_many(frame, headers)),
        };
        let router = Router::new().nest("/api/v1", api.router()).merge(directory.router(&limit));
        Self { router, phones, ground }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, text) = ask(&self.router, request).await;
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// A call under `/api/v1` with this token.
    pub(super) async fn call(&self, token: &str, what: &str, body: Option<&Value>) -> Answer {
        self.keyed(token, what, body, None).await
    }

    pub(super) async fn keyed(
        &self,
        token: &str,
        what: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Answer {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    /// Registers somebody at Les Grands Tilleuls; their number and their situation.
    pub(super) async fn person(&self, name: &str, line: u32) -> (String, String) {
        let made = self.call("all", "POST /professionals", Some(&person(name, line))).await.is(201);
        (made.at("/rpps"), made.at("/situations/0/id"))
    }
}

/// The body of a registration.
pub(super) fn person(name: &str, line: u32) -> Value {
    json!({
        "civility": "M", "birth_name": name, "first_names": ["Paul", "Marie"], "sex": "M",
        "birth_date": "1990-01-02", "birth_country": "99100", "birth_commune": "69266",
        "email": format!("paul.{line}@example.org"), "mobile": format!("+3363998{line:04}"),
        "situation": hiring(TILLEULS)
    })
}

/// The body of a hiring.
pub(super) fn hiring(finess: &str) -> Value {
    json!({"finess": finess, "profession": "313", "role": "GENR11", "mode": "S",
           "started_on": "2026-11-02"})
}
