//! The composition root: the one file that sees everything.
//!
//! A stand-in: it says what the commands expect, and the real one takes its place.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{Router, http::StatusCode, routing::get};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    config::Config,
    kernel::{Clock, Outage, Rpps, random::Random},
    store::sqlite::Sqlite,
};

/// What the machine gives: time and randomness.
#[derive(Clone)]
pub struct Machine {
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// A generator fit for secrets.
    pub random: Arc<dyn Random>,
}

/// Work of some length, on its own.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Tells the demo's world in JSON.
pub type Describe = Arc<dyn Fn() -> Work<Value> + Send + Sync>;

/// What `demo` adds to the gateway; nothing under `/demo/` exists without it.
pub struct Demo {
    /// What `GET /demo/world` answers.
    pub world: Describe,
    /// Whether every party listens: the demo is ready then.
    pub ready: watch::Receiver<bool>,
}

/// The gateway, ready to be served.
pub struct App {
    /// Every path.
    pub router: Router,
    /// What goes on beside the requests, until dropped: the outbox, the timer of due ends.
    pub background: Vec<Work<()>>,
}

/// Builds the gateway on `store`.
#[expect(clippy::unused_async, reason = "signing keys are made at the first start")]
pub async fn build(
    _config: &Config,
    _store: Arc<Sqlite>,
    _machine: Machine,
    demo: Option<Demo>,
) -> Result<App, Outage> {
    let mut router = Router::new().route("/health/live", get(async || "ok"));
    if let Some(demo) = demo {
        let ready = demo.ready;
        let answer = async move || match *ready.borrow() {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        };
        router = router.route("/health/ready", get(answer));
    }
    Ok(App { router, background: Vec::new() })
}

/// What a demo begins with, in the shapes of the API.
pub struct Seed {
    /// Relying parties and programs, in the field names of dynamic registration.
    pub clients: Vec<Value>,
    /// People.
    pub people: Vec<SeedPerson>,
}

/// Somebody to begin with.
pub struct SeedPerson {
    /// The name by which programs find this person.
    pub key: String,
    /// The body of `POST /professionals`; none for who is not registered yet.
    pub registration: Option<Value>,
    /// How long before seeding the registration was validated.
    pub validated_before_hours: u32,
    /// Who entered the situation: `employer` or `ordre`.
    pub authority: String,
    /// Situations beside the first, in the shape of the API.
    pub other_situations: Vec<Value>,
    /// Structures that gave a local access.
    pub local_accesses: Vec<String>,
    /// What this person may manage, and where.
    pub habilitations: Vec<(String, Option<String>)>,
}

/// Writes `seed`, and answers who received which number.
#[expect(clippy::unused_async, reason = "the store is awaited")]
pub async fn seed(
    _store: &Arc<Sqlite>,
    _machine: &Machine,
    _seed: Seed,
) -> Result<Vec<(String, Rpps)>, Outage> {
    Ok(Vec::new())
}
