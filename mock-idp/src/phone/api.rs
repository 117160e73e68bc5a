//! The phones for programs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::activation::{Contact, Secrets};
use super::approval::Approval;
use super::auto::Auto;
use super::{Phones, rpps_of};
use crate::web::{self, Body, Problem};

type Shared = State<Arc<Phones>>;
type Answer = Result<Response, Problem>;

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new()
        .route("/api/phones/{rpps}", get(show).delete(lose))
        .route("/api/phones/{rpps}/activate", post(activate))
        .route("/api/phones/{rpps}/activation", post(ask))
        .route("/api/phones/{rpps}/activation/{id}/finish", post(finish))
        .route("/api/phones/{rpps}/pending", get(pending))
        .route("/api/phones/{rpps}/approve", post(approve))
        .route("/api/phones/{rpps}/deny", post(deny))
        .route("/api/phones/{rpps}/mode", put(mode))
        .route("/api/phones/{rpps}/otp", post(otp))
}

fn ok(body: &Value) -> Response {
    web::json(StatusCode::OK, body)
}

async fn show(State(phones): Shared, Path(rpps): Path<String>) -> Answer {
    Ok(ok(&phones.describe(&rpps_of(&rpps)?)))
}

async fn lose(State(phones): Shared, Path(rpps): Path<String>) -> Answer {
    phones.lose(&rpps_of(&rpps)?)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct Activate {
    pin: String,
    #[serde(flatten)]
    contact: Contact,
}

async fn activate(
    State(phones): Shared,
    Path(rpps): Path<String>,
    Body(wanted): Body<Activate>,
) -> Answer {
    let rpps = rpps_of(&rpps)?;
    Ok(ok(&phones.activate(&rpps, &wanted.pin, wanted.contact).await?))
}

#[derive(Deserialize)]
struct Ask {
    /// What the person types, when it is not 8 and her number.
    identifier: Option<String>,
}

async fn ask(State(phones): Shared, Path(rpps): Path<String>, Body(typed): Body<Ask>) -> Answer {
    let rpps = rpps_of(&rpps)?;
    let identifier = typed.identifier.unwrap_or_else(|| format!("8{rpps}"));
    let mut answer = phones.ask(&rpps, &identifier).await?;
    if let Some(members) = answer.as_object_mut()
        && let Some(id) = members.get("activation").cloned()
    {
        members.insert("id".into(), id);
    }
    Ok(web::json(StatusCode::CREATED, &answer))
}

async fn finish(
    State(phones): Shared,
    Path((rpps, id)): Path<(String, String)>,
    Body(secrets): Body<Secrets>,
) -> Answer {
    Ok(ok(&phones.finish(&rpps_of(&rpps)?, &id, &secrets).await?))
}

async fn pending(State(phones): Shared, Path(rpps): Path<String>) -> Answer {
    Ok(ok(&json!(phones.pending(&rpps_of(&rpps)?).await?)))
}

async fn approve(
    State(phones): Shared,
    Path(rpps): Path<String>,
    Body(approval): Body<Approval>,
) -> Answer {
    Ok(ok(&phones.approve(&rpps_of(&rpps)?, &approval).await?))
}

#[derive(Deserialize)]
struct Deny {
    challenge: String,
}

async fn deny(State(phones): Shared, Path(rpps): Path<String>, Body(deny): Body<Deny>) -> Answer {
    Ok(ok(&phones.deny(&rpps_of(&rpps)?, &deny.challenge).await?))
}

#[derive(Deserialize)]
struct NewMode {
    auto: Auto,
    #[serde(default)]
    delay_ms: u64,
}

async fn mode(
    State(phones): Shared,
    Path(rpps): Path<String>,
    Body(wanted): Body<NewMode>,
) -> Answer {
    let rpps = rpps_of(&rpps)?;
    phones.set_mode(&rpps, wanted.auto, wanted.delay_ms);
    Ok(ok(&phones.describe(&rpps)))
}

#[derive(Deserialize)]
struct Pin {
    pin: String,
}

async fn otp(State(phones): Shared, Path(rpps): Path<String>, Body(typed): Body<Pin>) -> Answer {
    Ok(ok(&json!(phones.one_time_code(&rpps_of(&rpps)?, &typed.pin)?)))
}
