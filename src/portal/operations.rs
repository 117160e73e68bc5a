//! What operators ask: is it alive, may it be asked, what has it counted.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use tokio::sync::watch;

use crate::{access::Doors, kernel::Outage};

/// Whether the records take writes.
#[async_trait::async_trait]
pub trait Writable: Send + Sync {
    /// Nothing when the last write succeeded. When it did not, one is tried now, so that the answer
    /// is right again as soon as there is room again; a file that is damaged stays so.
    async fn writable(&self) -> Result<(), Outage>;
}

/// What these pages look at.
pub struct Operations {
    /// The doors: a barrier that passes is what *ready* means.
    pub doors: Doors,
    /// The records, which must take writes as well: a log-in that cannot be written is refused.
    pub records: Arc<dyn Writable>,
    /// Whether every party of the demo listens; `None` where there is no demo.
    pub parties: Option<watch::Receiver<bool>>,
    /// The counters, where the process has installed them.
    pub metrics: Option<PrometheusHandle>,
}

/// Installs the counters of this process. `None` when something else counts already.
pub fn start_counting() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// `/health/live`, `/health/ready`, `/metrics`.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(async || Json(json!({"status": "live"}))))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(Desk { operations, told: Told::default() }))
}

struct Desk {
    operations: Operations,
    told: Told,
}

/// What the log was last told of our readiness: it is asked every few seconds, and changes seldom.
#[derive(Default)]
struct Told(Mutex<Option<bool>>);

impl Told {
    /// Whether this is news.
    fn is_news(&self, is_ready: bool) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.replace(is_ready) != Some(is_ready)
    }
}

/// Ready: the records take writes and answer behind the barrier, and in the demo every party listens. Unknown is
/// closed, and says so (promise 6).
async fn ready(State(desk): State<Arc<Desk>>) -> Response {
    let Desk { operations, told } = desk.as_ref();
    if operations.parties.as_ref().is_some_and(|ready| !*ready.borrow()) {
        return not_ready(told, "the parties of the demo are not all listening yet");
    }
    let asked = match operations.records.writable().await {
        Ok(()) => operations.doors.barrier().await,
        Err(outage) => Err(outage),
    };
    match asked {
        Ok(now) => {
            if told.is_news(true) {
                tracing::info!("ready");
            }
            let revision = now.stamp.revision;
            Json(json!({"status": "ready", "revision": revision, "calendar": now.calendar}))
                .into_response()
        }
        Err(outage) => not_ready(told, &outage.to_string()),
    }
}

fn not_ready(told: &Told, reason: &str) -> Response {
    if told.is_news(false) {
        tracing::warn!(reason, "not ready");
    }
    let body = Json(json!({"status": "unavailable", "reason": reason}));
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], body).into_response()
}

/// Prometheus' text form.
async fn metrics(State(desk): State<Arc<Desk>>) -> Response {
    match &desk.operations.metrics {
        Some(handle) => {
            let media = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, media)], handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_of_readiness_is_news() {
        let told = Told::default();
        let news = [false, false, true, true, false].map(|is_ready| told.is_news(is_ready));
        assert_eq!(news, [true, false, true, false, true]);
    }
}
