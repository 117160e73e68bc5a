//! Where one slice's port is another slice's verb, and the loops beside the requests.

use std::{sync::Arc, time::Duration};

use axum::http::Request;

use crate::{
    access::Doors,
    departure::{LogoutTokens, Mailbag, Notice},
    ecps::{Post, post::OutgoingPost},
    kernel::{Outage, Timestamp, letter::Letter, secret::Secret},
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

impl LogoutTokens for ProviderLogoutTokens {
    fn logout_token(&self, notice: &Notice, now: Timestamp) -> Result<String, Outage> {
        self.0.logout_token(&notice.client, notice.sid, now)
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
pub(super) async fn sweep(store: Arc<Sqlite>) {
    loop {
        let rest = match store.sweep().await {
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
