//! Answers that several doors give: redirects that nobody caches, and those that are none.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use url::Url;

use super::scenarios::Answer;
use crate::web;

/// What is late comes after this: longer than any client waits, and than what it asked for lives.
const LATE: Duration = Duration::from_mins(1);

/// Sends a browser on.
pub(super) fn redirect(status: StatusCode, to: &str) -> Response {
    (status, [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")]).into_response()
}

/// A registered address with members added to its query, or put behind a `#`.
pub(super) fn address(registered: &str, members: &[(&str, &str)], in_fragment: bool) -> String {
    let Ok(mut url) = Url::parse(registered) else { return registered.to_owned() };
    if in_fragment {
        let fragment =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
        url.set_fragment(Some(&fragment));
    } else {
        url.query_pairs_mut().extend_pairs(members);
    }
    url.into()
}

/// The right answer, or the one that the scenario puts in its place.
pub(super) async fn deliver(right: Response, instead: Option<Answer>, origin: &str) -> Response {
    match instead {
        None => right,
        Some(Answer::Late) => {
            tokio::time::sleep(LATE).await;
            right
        }
        Some(Answer::Unavailable) => unavailable(),
        Some(Answer::Cut) => {
            let broken = stream::iter([Err::<Bytes, _>(io::Error::other("cut on purpose"))]);
            Body::from_stream(broken).into_response()
        }
        Some(Answer::Html) => Html("<!doctype html><title>Maintenance</title>").into_response(),
        Some(Answer::OtherJson) => web::json(StatusCode::OK, &json!(["maintenance"])),
        Some(Answer::Error(error)) => error.answer(origin),
    }
}

pub(super) fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], "Service Unavailable")
        .into_response()
}

/// Our own fault, told as such.
pub(super) fn broken(error: &dyn std::error::Error) -> Response {
    tracing::error!(error = %error, "the simulation of FranceConnect failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
