//! Requests, and their answers read whole.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// Nothing in a demo takes longer, but for an activation.
const PATIENCE: Duration = Duration::from_secs(40);

/// An HTTP client that follows nothing and keeps no cookie.
pub(crate) fn client() -> Client {
    // Whoever was first to install a provider installed the same one.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Sends a request that must be answered.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    try_send(request).await.unwrap()
}

/// Sends a request to somebody who may not be there.
pub(crate) async fn try_send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.text().await? })
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The word that programs go by: `error` of OAuth, `code` of a problem, or nothing.
    pub(crate) fn word(&self) -> String {
        let body = self.json();
        let word = ["error", "code"].into_iter().find_map(|name| body[name].as_str());
        word.unwrap_or_default().to_owned()
    }

    /// Status and word: what a refusal is compared by.
    pub(crate) fn told(&self) -> (u16, String) {
        (self.status, self.word())
    }

    /// The JSON of an answer that must be a success.
    #[track_caller]
    pub(crate) fn success(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.json()
    }
}

/// What a refusal is compared with.
pub(crate) fn refusal(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}
