//! Where one slice's port is another slice's verb, and the loops beside the requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    http::{Request, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::{
    access::Doors,
    departure::{LogoutTokens, Mailbag, Notice},
    ecps::{Post, post::OutgoingPost},
    kernel::{
        Outage, Timestamp,
        journal::{Actor, Entry, Event},
        letter::Letter,
        secret::Secret,
        time::Span,
    },
    oidc::{BearerError, Provider},
    portal::{Caller, Callers, Denied},
    store::sqlite::Sqlite,
};

/// The provider recognises those whom it gave a token.
pub(super) struct ProviderCallers(pub(super) Arc<Provider>);

#[async_trait::async_trait]
impl Callers for ProviderCallers {
    async fn caller(&self, bearer: &Secret) -> Result<Caller, Denied> {
        match self.0.api_caller(bearer).await {
            Ok(caller) => Ok(Caller {
                client_id: caller.client,
                structure: caller.structure,
                scopes: caller.scopes.iter().map(str::to_owned).collect(),
                now: caller.now,
            }),
            Err(BearerError::Outage(outage)) => Err(Denied::Outage(outage)),
            Err(BearerError::Dead(refused)) if refused.is_unknown() => {
                Err(Denied::Outage(Outage::Unavailable(refused.to_string())))
            }
            Err(
                BearerError::NoToken
                | BearerError::TwoTokens
                | BearerError::NotOurs
                | BearerError::Expired
                | BearerError::Dead(_)
                | BearerError::WrongBearer,
            ) => Err(Denied::Invalid),
        }
    }
}

/// The provider signs what tells that a session is over.
pub(super) struct ProviderLogoutTokens(pub(super) Arc<Provider>);

#[async_trait::async_trait]
impl LogoutTokens for ProviderLogoutTokens {
    async fn logout_token(&self, notice: &Notice, now: Timestamp) -> Result<String, Outage> {
        self.0.logout_token(&notice.client, notice.sid, now).await
    }
}

/// The post carries the letters that are owed.
pub(super) struct PostMailbag(pub(super) Arc<OutgoingPost>);

#[async_trait::async_trait]
impl Mailbag for PostMailbag {
    async fn post(&self, letter: &Letter) -> bool {
        self.0.mail(letter).await.is_ok()
    }
}

/// A due end fires at the first question after it, or here: each second somebody asks.
pub(super) async fn fire_what_is_due(doors: Doors) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(outage) = doors.barrier().await {
            tracing::warn!(%outage, "the records do not answer");
        }
    }
}

/// Forgets what has expired: a round a minute, more while something is left.
pub(super) async fn sweep(store: Arc<Sqlite>, refused_requests: Span) {
    loop {
        let rest = match store.sweep(refused_requests).await {
            Ok(true) => Duration::from_millis(100),
            Ok(false) => Duration::from_mins(1),
            Err(outage) => {
                tracing::warn!(%outage, "nothing was swept");
                Duration::from_mins(1)
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// The span of a request: method and path, never the query, which may carry codes and tokens.
pub(super) fn span<B>(request: &Request<B>) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}

/// Strangers' refused attempts since the last line of the journal that counted them.
#[derive(Debug, Default)]
pub(super) struct Refusals(AtomicU64);

impl Refusals {
    /// Counts every request that was refused for what it carried: misspelt, without a right, of
    /// another session, too often.
    pub(super) async fn watch(
        State(refusals): State<Arc<Self>>,
        request: Request<Body>,
        next: Next,
    ) -> Response {
        let response = next.run(request).await;
        if matches!(
            response.status(),
            StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::TOO_MANY_REQUESTS
        ) {
            refusals.0.fetch_add(1, Ordering::Relaxed);
        }
        response
    }

    /// Writes one line each time `every` has passed, if there is anything to tell. What the store
    /// does not take is told with the next.
    pub(super) async fn write_down(self: Arc<Self>, store: Arc<Sqlite>, every: Span) {
        let every = Duration::from_millis(every.0.unsigned_abs());
        loop {
            tokio::time::sleep(every).await;
            let count = self.0.swap(0, Ordering::Relaxed);
            if count == 0 {
                continue;
            }
            let counted =
                Entry { count: Some(count), ..Entry::new(Event::RefusalsCounted, Actor::Stranger) };
            if let Err(outage) = store.write_down(counted).await {
                tracing::warn!(%outage, "refusals are counted again later");
                self.0.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}
