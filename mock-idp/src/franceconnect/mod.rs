//! `FranceConnect` as the State's platform answers, profile *low*: it vouches for the civil identity
//! of people who say who they are. Everybody here is invented, and a log-in can be told to misbehave.
//!
//! Behaviour follows what is public of the real platform; its look does not.

mod answers;
mod authorize;
mod clients;
mod control;
mod desk;
mod discovery;
mod documents;
mod failures;
mod flow;
mod identities;
mod keys;
mod logout;
mod pages;
mod parameters;
mod scenarios;
mod token;
mod userinfo;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde_json::Value;

use crate::random;
use crate::world::WorldError;
use crate::world::file::WorldFile;
use crate::world::people::PersonSeed;
use clients::Client;
use desk::Desk;
use identities::Identity;
use keys::Keys;

pub(crate) use clients::KEYS as CLIENTS;

/// Everything lives below this.
const BASE: &str = "/api/v2";
const COOKIE: &str = "passerelle_franceconnect_session";

/// The platform.
pub(crate) struct FranceConnect {
    /// Scheme, host and port.
    origin: String,
    clients: Vec<Client>,
    identities: Vec<Identity>,
    keys: Keys,
    desk: Mutex<Desk>,
}

type Shared = axum::extract::State<Arc<FranceConnect>>;

impl FranceConnect {
    /// The platform at `origin`, which knows the gateway and these people beside its own.
    pub(crate) fn open(
        origin: String,
        gateway: &str,
        people: &[PersonSeed],
        file: &Arc<WorldFile>,
    ) -> Result<Self, WorldError> {
        Ok(Self {
            origin,
            clients: clients::all(gateway, file),
            identities: identities::all(people),
            keys: Keys::open(Arc::clone(file))?,
            desk: Mutex::default(),
        })
    }

    /// The gateway's own secret.
    pub(crate) fn secret(&self) -> String {
        self.clients.first().map(|client| client.secret.clone()).unwrap_or_default()
    }

    /// The test identities, as programs read them.
    pub(crate) fn people(&self) -> Vec<Value> {
        self.identities.iter().map(Identity::description).collect()
    }

    /// The services, as programs read them.
    pub(crate) fn clients(&self) -> Vec<Value> {
        self.clients.iter().map(Client::description).collect()
    }

    fn issuer(&self) -> String {
        format!("{}{BASE}", self.origin)
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    fn identity(&self, key: &str) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.key == key)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The browser's own name, drawn at its first visit.
fn browser_of(jar: &CookieJar) -> String {
    jar.get(COOKIE).map_or_else(random::opaque, |cookie| cookie.value().to_owned())
}

fn cookie(browser: String) -> Cookie<'static> {
    Cookie::build((COOKIE, browser)).path("/").http_only(true).same_site(SameSite::Lax).build()
}

/// Pages and calls of the platform; whatever else is asked is a page that does not exist.
pub(crate) fn router(platform: Arc<FranceConnect>) -> Router {
    let at = |path: &str| format!("{BASE}{path}");
    let choosing = get(flow::choose).post(flow::chosen);
    let reading = get(flow::inform).post(flow::informed);
    Router::new()
        .route("/", get(pages::home))
        .route("/session/fermer", post(logout::close))
        .route("/erreur", get(pages::explain))
        .route("/style.css", get(pages::style))
        .route("/api/scenario", get(control::list).put(control::arm))
        .route(BASE, get(pages::moved))
        .route(&at("/.well-known/openid-configuration"), get(discovery::metadata))
        .route(&at("/jwks"), get(discovery::jwks))
        .route(&at("/authorize"), get(flow::authorize).post(flow::authorize_by_form))
        .route(&at("/interaction/{uid}"), choosing)
        .route(&at("/interaction/{uid}/consent"), reading)
        .route(&at("/token"), post(token::exchange))
        .route(&at("/token/revocation"), post(token::revoke))
        .route(&at("/userinfo"), get(userinfo::tell))
        .route(&at("/session/end"), get(logout::end))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::not_found)
        .with_state(platform)
}
