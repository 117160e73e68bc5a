//! What we remember of FranceConnect: its addresses and its keys, for a while. Keys that do not fit a
//! token are read again, once, and then not again for that reason for another while: a stranger's
//! token must not make us call.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::timeout};
use url::Url;

use crate::kernel::{Timestamp, time::Span};

use super::{Endpoints, Failure, Settings, http::Http, provider::Keys};

/// Addresses and keys, as they were read.
pub(super) struct Known {
    pub(super) endpoints: Endpoints,
    pub(super) keys: Keys,
    read_at: Timestamp,
}

/// The memory, shared by all requests.
pub(super) struct Memory {
    issuer: String,
    written: Option<Endpoints>,
    cache: Span,
    pause: Span,
    patience: Duration,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    known: Option<Arc<Known>>,
    read_again_at: Option<Timestamp>,
}

impl Memory {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            written: settings.endpoints.clone(),
            cache: settings.cache,
            pause: settings.keys_pause,
            // Whoever holds the lock makes two calls at most.
            patience: settings.timeout * 2,
            remembered: Mutex::default(),
        }
    }

    /// What is known, read anew when it is too old.
    pub(super) async fn current(&self, http: &Http, now: Timestamp) -> Result<Arc<Known>, Failure> {
        let mut remembered = self.lock().await?;
        let fresh = remembered.known.as_ref().filter(|known| now < known.read_at + self.cache);
        if let Some(known) = fresh {
            return Ok(Arc::clone(known));
        }
        let endpoints = self.endpoints(http).await?;
        let known = Arc::new(read(endpoints, http, now).await?);
        remembered.known = Some(Arc::clone(&known));
        Ok(known)
    }

    /// Keys newer than those of `used`, if there are any or if it is time to ask.
    pub(super) async fn newer(
        &self,
        used: &Arc<Known>,
        http: &Http,
        now: Timestamp,
    ) -> Result<Option<Arc<Known>>, Failure> {
        let mut remembered = self.lock().await?;
        // Somebody else was faster.
        if let Some(known) = remembered.known.as_ref().filter(|known| !Arc::ptr_eq(known, used)) {
            return Ok(Some(Arc::clone(known)));
        }
        if remembered.read_again_at.is_some_and(|at| now < at + self.pause) {
            return Ok(None);
        }
        remembered.read_again_at = Some(now);
        let known = Arc::new(read(used.endpoints.clone(), http, now).await?);
        remembered.known = Some(Arc::clone(&known));
        Ok(Some(known))
    }

    async fn lock(&self) -> Result<tokio::sync::MutexGuard<'_, Remembered>, Failure> {
        timeout(self.patience, self.remembered.lock()).await.map_err(|_| Failure::Unreachable)
    }

    async fn endpoints(&self, http: &Http) -> Result<Endpoints, Failure> {
        if let Some(written) = &self.written {
            return Ok(written.clone());
        }
        let what = "the discovery document";
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let address = Url::parse(&address)
            .map_err(|error| Failure::Unintelligible { what, why: error.to_string() })?;
        Ok(Endpoints::announced(&http.get_json(what, &address).await?, &self.issuer)?)
    }
}

async fn read(endpoints: Endpoints, http: &Http, now: Timestamp) -> Result<Known, Failure> {
    let what = "the keys";
    let document = http.get_json(what, &endpoints.keys).await?;
    let keys = Keys::read(&document).map_err(|why| Failure::Unintelligible { what, why })?;
    Ok(Known { endpoints, keys, read_at: now })
}
