//! What we ask FranceConnect behind the browser's back: within a time, and within a length.

use std::time::Duration;

use axum::http::{Request, Response, StatusCode, header};
use serde::Deserialize;
use url::Url;

use crate::web::outgoing::{CallError, Outgoing, Patience};

use super::{Failure, Refusal};

/// The longest answer that we read: its longest, the keys, have some 2,000 bytes.
const LONGEST: usize = 64 << 10;

/// Carries our requests.
#[derive(Clone, Debug)]
pub(super) struct Http {
    outgoing: Outgoing,
    patience: Patience,
}

/// An answer that was a success.
pub(super) struct Body {
    /// The media type, without its parameters, in lower case.
    pub(super) media: String,
    pub(super) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Said {
    error: String,
    error_uri: Option<String>,
}

impl Http {
    pub(super) fn new(outgoing: Outgoing, timeout: Duration) -> Self {
        Self { outgoing, patience: Patience { time: timeout, bytes: LONGEST } }
    }

    pub(super) async fn carry(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, CallError> {
        self.outgoing.carry(request, self.patience).await
    }

    /// Reads `url`, which `what` names in messages.
    pub(super) async fn get(
        &self,
        what: &'static str,
        url: &Url,
        accept: &str,
        bearer: Option<&str>,
    ) -> Result<Body, Failure> {
        let unintelligible = |why: String| Failure::Unintelligible { what, why };
        let mut request = Request::get(url.as_str()).header(header::ACCEPT, accept);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request =
            request.body(Vec::new()).map_err(|error| unintelligible(error.to_string()))?;
        let answer = self.carry(request).await.map_err(|error| Failure::of_call(&error, what))?;
        let media = answer.headers().get(header::CONTENT_TYPE).and_then(|text| text.to_str().ok());
        let media = media.and_then(|text| text.split(';').next()).unwrap_or_default();
        let body = Body { media: media.trim().to_ascii_lowercase(), bytes: Vec::new() };
        let bytes = answer.body();
        match (answer.status(), serde_json::from_slice::<Said>(bytes)) {
            (StatusCode::OK, _) => Ok(Body { bytes: answer.into_body(), ..body }),
            (_, Ok(said)) => {
                let refusal = Refusal::new(&said.error, said.error_uri.as_deref());
                Err(Failure::Rejected { what, refusal })
            }
            (status, Err(_)) => {
                Err(unintelligible(format!("status {}, {}", status.as_u16(), body.media)))
            }
        }
    }

    /// The same where JSON is wanted, and a page is not.
    pub(super) async fn get_json(&self, what: &'static str, url: &Url) -> Result<Vec<u8>, Failure> {
        let body = self.get(what, url, "application/json", None).await?;
        let is_json = body.media == "application/json" || body.media.ends_with("+json");
        if is_json {
            return Ok(body.bytes);
        }
        Err(Failure::Unintelligible { what, why: format!("{} instead of JSON", body.media) })
    }
}

impl Failure {
    /// What a call that failed means here.
    pub(super) fn of_call(error: &CallError, what: &'static str) -> Self {
        match error {
            CallError::Forbidden => Self::Forbidden,
            CallError::Unreachable => Self::Unreachable,
            CallError::TooLong | CallError::Status(_) => {
                Self::Unintelligible { what, why: error.to_string() }
            }
        }
    }
}
