//! What stands in front of every slice: deadlines, counts, words for what reaches none of them.

use std::sync::Arc;

use axum::{
    Router,
    http::{StatusCode, Uri},
    middleware::from_fn_with_state,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    trace::{DefaultOnFailure, TraceLayer},
};

use crate::{
    config::Config,
    kernel::Clock,
    web::{
        intake::Intake,
        origin::Proxies,
        page::Frame,
        throttle::{Limit, Refuse, Throttle},
    },
};

use super::{
    glue::{self, Refusals},
    refusal,
};

/// How often one address may try.
pub(super) struct Limits {
    logins: Arc<Throttle>,
    searches: Arc<Throttle>,
    clock: Arc<dyn Clock>,
    proxies: Proxies,
}

impl Limits {
    pub(super) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let throttle = config.throttle;
        Self {
            logins: Arc::new(Throttle::new(throttle.logins_per_minute_per_address)),
            searches: Arc::new(Throttle::new(throttle.directory_per_minute_per_address)),
            clock,
            proxies: config.server.trusted_proxies.clone(),
        }
    }

    /// Log-ins: one count for each address, whichever way it tries.
    pub(super) fn logins(&self, refuse: Refuse) -> Limit {
        self.of(&self.logins, refuse)
    }

    /// Looks at the directory.
    pub(super) fn searches(&self, refuse: Refuse) -> Limit {
        self.of(&self.searches, refuse)
    }

    fn of(&self, throttle: &Arc<Throttle>, refuse: Refuse) -> Limit {
        Limit {
            throttle: Arc::clone(throttle),
            clock: Arc::clone(&self.clock),
            proxies: self.proxies.clone(),
            refuse,
        }
    }
}

/// Puts it all around `router`, which has every path by now.
pub(super) fn around(
    router: Router,
    frame: Frame,
    config: &Config,
    refusals: &Arc<Refusals>,
) -> Router {
    let intake = Intake {
        within: config.server.patience.body,
        refuse: Arc::new(move |path, status| refusal::words(frame, path, status)),
    };
    // Whatever fails says why where it does, and readiness when it changes.
    let noted = DefaultOnFailure::new().level(tracing::Level::DEBUG);
    router
        .fallback(async move |uri: Uri| refusal::words(frame, uri.path(), StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async move |uri: Uri| {
            refusal::words(frame, uri.path(), StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn_with_state(frame, refusal::in_our_words))
        .layer(from_fn_with_state(intake, Intake::watch))
        .layer(from_fn_with_state(Arc::clone(refusals), Refusals::watch))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(glue::span).on_failure(noted))
}
