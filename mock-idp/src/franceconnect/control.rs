//! How programs choose the way in which the next log-in goes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::scenarios::{self, Twist};
use crate::web::{Body, Problem, json};

/// Every scenario, and the one that waits for the next log-in.
pub(super) async fn list(State(me): Shared) -> Response {
    let items: Vec<Value> = scenarios::ALL
        .iter()
        .map(|scenario| json!({"name": scenario.name, "sentence": scenario.sentence}))
        .collect();
    let next = me.desk().armed.map(|scenario| scenario.name);
    json(StatusCode::OK, &json!({"items": items, "next": next}))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    next: Option<String>,
}

/// The next log-in goes this way, and only that one; `success` takes an earlier wish back.
pub(super) async fn arm(State(me): Shared, Body(wanted): Body<Wanted>) -> Response {
    let name = wanted.next.unwrap_or_default();
    let Some(scenario) = scenarios::of(&name) else {
        let detail = "`next` names no scenario; GET lists them.";
        return Problem::bad_request("unknown_scenario", detail).into_response();
    };
    me.desk().armed = Some(scenario).filter(|scenario| scenario.twist != Twist::Nothing);
    json(StatusCode::OK, &json!({"next": scenario.name}))
}
