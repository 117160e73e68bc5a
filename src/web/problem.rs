//! Errors for programs: `application/problem+json` (RFC 9457) with a stable `code`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::kernel::Outage;

/// A refusal, told to a program and to the person who reads its logs.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    members: Box<Map<String, Value>>,
    retry_after: Option<u32>,
    challenge: Option<HeaderValue>,
}

impl Problem {
    /// `code` is stable and meant for programs; `detail` is plain French: what is wrong, and what
    /// to do.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or_default().into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("code".to_owned(), code.into());
        members.insert("detail".to_owned(), detail.into().into());
        Self { status, members: Box::new(members), retry_after: None, challenge: None }
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // A value of ours that does not serialise is a bug that the tests of its caller find; the
        // refusal itself must still go out.
        self.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// Asks the caller to come back after that many seconds (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Says how to authenticate (RFC 9110, section 11.6.1).
    #[must_use]
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Outage> for Problem {
    /// Unknown is closed (promise 6).
    fn from(outage: Outage) -> Self {
        tracing::error!(%outage, "answering 503");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Service momentanément indisponible : nous ne pouvons pas vérifier. Réessayez dans \
             quelques secondes ; la même clé d'idempotence évite d'agir deux fois.",
        )
        .retry_after(1)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Value::Object(*self.members).to_string();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
