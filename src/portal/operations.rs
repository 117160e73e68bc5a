//! What operators ask: is it alive, may it be asked, what has it counted.

use std::sync::Arc;

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
        .with_state(Arc::new(operations))
}

/// Ready: the records take writes and answer behind the barrier, and in the demo every party listens. Unknown is
/// closed, and says so (promise 6).
async fn ready(State(operations): State<Arc<Operations>>) -> Response {
    if operations.parties.as_ref().is_some_and(|ready| !*ready.borrow()) {
        return not_ready("the parties of the demo are not all listening yet");
    }
    let asked = match operations.records.writable().await {
        Ok(()) => operations.doors.barrier().await,
        Err(outage) => Err(outage),
    };
    match asked {
        Ok(now) => {
            let revision = now.stamp.revision;
            Json(json!({"status": "ready", "revision": revision, "calendar": now.calendar}))
                .into_response()
        }
        Err(outage) => not_ready(&outage.to_string()),
    }
}

fn not_ready(reason: &str) -> Response {
    let told = Json(json!({"status": "unavailable", "reason": reason}));
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], told).into_response()
}

/// Prometheus' text form.
async fn metrics(State(operations): State<Arc<Operations>>) -> Response {
    match &operations.metrics {
        Some(handle) => {
            let media = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, media)], handle.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
