//! The gateway as a program sees it: its JSON API, with a client's own token.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::web::Problem;
use crate::world::file::WorldFile;
use crate::world::ports::Ports;

/// An HTTP client that follows nothing and waits for nobody very long.
pub(crate) fn http_client(patience: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(patience)
        .build()
}

/// The gateway, seen by the client `api`.
pub(crate) struct Gateway {
    http: reqwest::Client,
    base: String,
    token_endpoint: String,
    file: Arc<WorldFile>,
    token: Mutex<Option<(String, Instant)>>,
}

impl Gateway {
    pub(crate) fn new(ports: &Ports, file: Arc<WorldFile>, http: reqwest::Client) -> Self {
        Self {
            http,
            base: ports.gateway.clone(),
            token_endpoint: format!("{}/protocol/openid-connect/token", ports.issuer()),
            file,
            token: Mutex::new(None),
        }
    }

    /// The person as the registry shows her; `None` when it cannot be asked, or does not know her.
    pub(crate) async fn person(&self, rpps: &str) -> Option<Value> {
        let path = format!("/api/v1/professionals/{rpps}");
        match self.get(&path).await {
            Ok(person) => Some(person),
            Err(problem) => {
                tracing::debug!(code = problem.code(), "the registry did not tell");
                None
            }
        }
    }

    /// The code that the log-in page shows: a side channel of the demo.
    pub(crate) async fn right_code(&self, challenge: &str) -> Result<String, Problem> {
        let url = format!("{}/demo/right-code/{challenge}", self.base);
        let answer = answer_of(self.http.get(url)).await?;
        Ok(answer.get("code").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    async fn get(&self, path: &str) -> Result<Value, Problem> {
        let url = format!("{}{path}", self.base);
        let answer = answer_of(self.http.get(&url).bearer_auth(self.token().await?)).await;
        match answer {
            Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
                *self.token.lock().await = None;
                answer_of(self.http.get(&url).bearer_auth(self.token().await?)).await
            }
            Ok(_) | Err(_) => answer,
        }
    }

    async fn token(&self) -> Result<String, Problem> {
        let mut kept = self.token.lock().await;
        if let Some((token, until)) = kept.as_ref()
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let secret = self.file.read(|saved| saved.clients.get("api").cloned());
        let request = self
            .http
            .post(&self.token_endpoint)
            .basic_auth("api", secret)
            .form(&[("grant_type", "client_credentials")]);
        let answer = answer_of(request).await?;
        let token =
            answer.get("access_token").and_then(Value::as_str).unwrap_or_default().to_owned();
        let seconds = answer.get("expires_in").and_then(Value::as_u64).unwrap_or(60);
        *kept = Some((token.clone(), Instant::now() + Duration::from_secs(seconds / 2)));
        Ok(token)
    }
}

/// Sends a request; anything but success is a problem.
pub(crate) async fn answer_of(request: reqwest::RequestBuilder) -> Result<Value, Problem> {
    let response = request.send().await.map_err(|error| Problem::unreachable(&error))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| Problem::unreachable(&error))?;
    if !status.is_success() {
        return Err(Problem::passed_on(status, &body));
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).map_err(|_| {
        Problem::new(
            StatusCode::BAD_GATEWAY,
            "gateway_error",
            "La passerelle a répondu autre chose que du JSON.",
        )
    })
}
