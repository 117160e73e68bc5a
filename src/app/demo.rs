//! What `demo` adds to the gateway: paths under `/demo/`, which `serve` does not have.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use url::Url;

use crate::{
    access::Doors,
    departure::{Calendar, Move},
    ecps::Ecps,
    kernel::{IdNat, Outage, Rpps, Timestamp, secret::Secret, time::Span},
    portal::{Phones, home::Parties},
    store::sqlite::Sqlite,
    web::{Problem, outgoing::Outgoing},
};

use super::Work;

/// Tells the demo's world in JSON.
pub type Describe = Arc<dyn Fn() -> Work<Value> + Send + Sync>;

/// The mock world, as far as the gateway is told of it.
pub struct Demo {
    /// What `GET /demo/world` answers.
    pub world: Describe,
    /// Whether every party listens: the demo is ready then.
    pub ready: watch::Receiver<bool>,
    /// Where the mock phones are.
    pub phones: Url,
    /// What the home page names.
    pub parties: Parties,
}

#[derive(Clone)]
struct Paths {
    world: Describe,
    ecps: Ecps,
    doors: Doors,
    store: Arc<Sqlite>,
}

impl Demo {
    pub(super) fn phones(&self, outgoing: Outgoing) -> Arc<dyn Phones> {
        Arc::new(MockPhones { outgoing, base: self.phones.clone() })
    }

    pub(super) fn router(self, ecps: &Ecps, doors: &Doors, store: Arc<Sqlite>) -> Router {
        let (ecps, doors) = (ecps.clone(), doors.clone());
        Router::new()
            .route("/demo/world", get(world))
            .route("/demo/clock", get(clock).post(move_clock))
            .route("/demo/right-code/{challenge}", get(right_code))
            .with_state(Paths { world: self.world, ecps, doors, store })
    }
}

async fn world(State(paths): State<Paths>) -> Json<Value> {
    Json((paths.world)().await)
}

async fn clock(State(paths): State<Paths>) -> Result<Response, Problem> {
    let now = paths.doors.barrier().await?;
    Ok(Json(json!({"protocol": now.protocol, "calendar": now.calendar})).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance: Option<jiff::Span>,
    set: Option<Timestamp>,
}

/// Forward only; answers when everything due by then is done.
async fn move_clock(State(paths): State<Paths>, body: Bytes) -> Result<Response, Problem> {
    let asked: Option<ClockMove> = serde_json::from_slice(&body).ok();
    let asked = match asked {
        Some(ClockMove { advance: Some(span), set: None }) => {
            milliseconds(&span).map(Move::Advance)
        }
        Some(ClockMove { advance: None, set: Some(moment) }) => Some(Move::To(moment)),
        Some(_) | None => None,
    };
    let asked = asked.ok_or_else(|| {
        let detail =
            "Attendu : {\"advance\":\"PT48H\"} ou {\"set\":\"2026-11-23T08:00:00+01:00\"}.";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_clock", detail)
    })?;
    match paths.store.move_calendar(asked).await? {
        Ok(_) => clock(State(paths)).await,
        Err(refused) => {
            Err(Problem::new(StatusCode::CONFLICT, "clock_backwards", refused.to_string()))
        }
    }
}

/// Days count 24 hours here: elapsed time, as the 48 hours do.
fn milliseconds(span: &jiff::Span) -> Option<Span> {
    let elapsed = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    i64::try_from(elapsed.as_millis()).ok().map(Span)
}

/// The side channel of phones that cannot look at two screens.
async fn right_code(
    State(paths): State<Paths>,
    Path(challenge): Path<String>,
) -> Result<Response, Problem> {
    let gone = || Problem::new(StatusCode::GONE, "challenge_gone", "Cette demande n'est plus là.");
    let id = challenge.parse().map_err(|_| gone())?;
    let code = paths.ecps.right_code(id).await?.ok_or_else(gone)?;
    Ok(Json(json!({"code": code})).into_response())
}

/// The mock phones, over HTTP like everybody else.
struct MockPhones {
    outgoing: Outgoing,
    base: Url,
}

#[async_trait::async_trait]
impl Phones for MockPhones {
    async fn activate_and_approve(&self, rpps: Rpps, pin: &Secret) -> Result<(), Outage> {
        let path = |verb: &str| self.base.join(&format!("/api/phones/{rpps}/{verb}"));
        let bad = |error: url::ParseError| Outage::Unavailable(error.to_string());
        let failed =
            |error| Outage::Unavailable(format!("the mock phone of {}: {error}", IdNat(rpps)));
        let pin = json!({"pin": pin.expose()});
        let activate = path("activate").map_err(bad)?;
        self.outgoing.post_json(&activate, &pin).await.map_err(failed)?;
        let mode = path("mode").map_err(bad)?;
        self.outgoing.put_json(&mode, &json!({"auto": "approve"})).await.map_err(failed)
    }
}
