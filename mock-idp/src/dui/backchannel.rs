//! Where the gateway tells this software that a session is over.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::logout_token::{Expected, Logout, Refused, verify};
use super::{Dui, Fault};
use crate::clock;
use crate::web::{self, Form};

const SLOW: Duration = Duration::from_secs(30);

/// Takes one logout token. A session that is unknown here is over here: 200 as well.
pub(super) async fn receive(State(dui): State<Arc<Dui>>, form: Form) -> Response {
    match dui.fault() {
        Fault::Ok => {}
        Fault::Down => {
            let retry = [(header::RETRY_AFTER, "1")];
            return (StatusCode::SERVICE_UNAVAILABLE, retry).into_response();
        }
        Fault::Slow => tokio::time::sleep(SLOW).await,
    }
    let logout = match judge(&dui, form.get("logout_token")).await {
        Ok(logout) => logout,
        Err(Failure::Refused(why)) => return refuse(&why.to_string()),
        Err(Failure::NoKeys(why)) => {
            tracing::warn!(software = dui.software.key, why, "no keys to verify a logout token");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    if !dui.sessions.first_use(&logout.jti) {
        return refuse("jti was used before");
    }
    let ended = dui.sessions.end(&logout.sid);
    tracing::info!(software = dui.software.key, ended, "a logout token closed sessions");
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

enum Failure {
    Refused(Refused),
    NoKeys(String),
}

async fn judge(dui: &Dui, token: &str) -> Result<Logout, Failure> {
    let provider = &dui.provider;
    let expected =
        Expected { issuer: &provider.issuer, audience: dui.software.key, now: clock::now() };
    let known = provider.known().await.map_err(Failure::NoKeys)?;
    match verify(token, &known.keys, &expected) {
        Err(Refused::Key) => {
            // A new key: read the set again, once.
            provider.forget().await;
            let fresh = provider.known().await.map_err(Failure::NoKeys)?;
            verify(token, &fresh.keys, &expected)
        }
        judged => judged,
    }
    .map_err(Failure::Refused)
}

fn refuse(why: &str) -> Response {
    tracing::info!(why, "a logout token was refused");
    let body = json!({"error": "invalid_request", "error_description": why});
    web::json(StatusCode::BAD_REQUEST, &body)
}
