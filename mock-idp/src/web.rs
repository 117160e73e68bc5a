//! What every party's HTTP needs: pages, problems, and forms read without surprises.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What each page's frame shows.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) party: &'static str,
    pub(crate) base: &'static str,
    /// Seconds after which a page that may change is looked at again.
    pub(crate) refresh: Option<u8>,
}

/// The seconds of a page that somebody waits before.
pub(crate) const WAITING: u8 = 2;

/// Renders a page; a template that fails is our fault, and says so.
pub(crate) fn page(status: StatusCode, template: &impl askama::Template) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
                          connect-src 'self'; img-src data:; base-uri 'none'; \
                          frame-ancestors 'self'";
    match template.render() {
        Ok(html) => (
            status,
            [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, POLICY)],
            Html(html),
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The strangers' own look.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/style.css"))
        .into_response()
}

/// What keeps a waiting page up to date where scripts run.
pub(crate) async fn watching() -> Response {
    let script = include_str!("../templates/suivi.js");
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// Sends the browser on after a form, so that reloading posts nothing twice.
pub(crate) fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// A refusal as `application/problem+json`, ours or the gateway's passed on.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) members: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        let mut members = Map::new();
        members.insert("type".into(), "about:blank".into());
        members.insert("title".into(), status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".into(), status.as_u16().into());
        members.insert("code".into(), code.into());
        members.insert("detail".into(), detail.into());
        Self { status, members }
    }

    pub(crate) fn bad_request(code: &str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// What the gateway said, unchanged; an answer that is no problem document becomes one.
    pub(crate) fn passed_on(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Self { status, members },
            Ok(_) | Err(_) => {
                Self::new(status, "gateway_error", "La passerelle a répondu sans explication.")
            }
        }
    }

    pub(crate) fn unreachable(error: &reqwest::Error) -> Self {
        tracing::debug!(%error, "the gateway did not answer");
        Self::new(
            StatusCode::BAD_GATEWAY,
            "gateway_unreachable",
            "La passerelle ne répond pas. Réessayez dans un instant.",
        )
    }

    pub(crate) fn code(&self) -> &str {
        self.text("code")
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.members.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (
            self.status,
            [
                (header::CONTENT_TYPE, "application/problem+json"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            Value::Object(self.members).to_string(),
        )
            .into_response()
    }
}

/// The fields of a form; an absent one reads as empty, the last of several wins.
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body =
            Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

/// A JSON body; an empty one is an empty object.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let bytes =
            Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            Problem::bad_request("invalid_json", &error.to_string()).into_response()
        })
    }
}
