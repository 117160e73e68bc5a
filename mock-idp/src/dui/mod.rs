//! Care-home software: three relying parties with one code.
//!
//! Each logs people in with `openidconnect`, a library that we did not write; keeps its own session
//! under its own cookie; and closes it when the gateway says so, or refuses to refresh.

mod api;
mod backchannel;
mod login;
mod logout;
mod logout_token;
mod oidc;
mod pages;
mod record;
mod renewal;
mod sessions;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};

use crate::web;
use crate::world::file::WorldFile;
use crate::world::ports::{Party, Ports};
use oidc::Provider;
use sessions::{Session, Sessions};

/// What makes one piece of software different from the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Software {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) party: Party,
    /// The path below which it lives, without a final slash.
    pub(crate) base: &'static str,
    /// The structure that it is bound to; none: national.
    pub(crate) structure: Option<&'static str>,
    pub(crate) pkce: bool,
    /// Sends its secret in the body rather than in a header.
    pub(crate) secret_in_body: bool,
}

pub(crate) const TILLEULS: Software = Software {
    key: "dui-tilleuls",
    name: "DUI Les Grands Tilleuls",
    party: Party::Tilleuls,
    base: "",
    structure: Some("019999028"),
    pkce: true,
    secret_in_body: false,
};

pub(crate) const RIVE_CLAIRE: Software = Software {
    key: "dui-rive-claire",
    name: "DUI Rive Claire",
    party: Party::RiveClaire,
    base: "",
    structure: Some("699999124"),
    pkce: false,
    secret_in_body: true,
};

pub(crate) const PLATEFORME: Software = Software {
    key: "plateforme",
    name: "Plateforme nationale de coordination",
    party: Party::Tilleuls,
    base: "/plateforme",
    structure: None,
    pkce: true,
    secret_in_body: false,
};

/// How the endpoint that hears of ends behaves, for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Fault {
    #[default]
    Ok,
    /// Answers 503.
    Down,
    /// Answers after half a minute.
    Slow,
}

/// One piece of software, running.
pub(crate) struct Dui {
    software: Software,
    provider: Provider,
    sessions: Sessions,
    fault: Mutex<Fault>,
}

impl Dui {
    pub(crate) fn new(
        software: Software,
        ports: &Ports,
        file: &WorldFile,
        http: reqwest::Client,
    ) -> Self {
        let secret = file.read(|saved| saved.clients.get(software.key).cloned());
        let home = format!("{}{}", ports.origin(software.party), software.base);
        let provider = Provider::new(software, ports.issuer(), home, secret, http);
        Self { software, provider, sessions: Sessions::default(), fault: Mutex::default() }
    }

    /// Pages and calls of this software.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        let base = self.software.base;
        let at = |path: &str| format!("{base}{path}");
        let mut router = Router::new()
            .route(&at("/"), get(pages::home))
            .route(&at("/style.css"), get(web::style))
            .route(&at("/suivi.js"), get(web::watching))
            .route(&at("/connexion"), get(login::start))
            .route(&at("/retour"), get(login::finish))
            .route(&at("/dossier"), get(pages::record))
            .route(&at("/deconnexion"), get(logout::start).post(logout::start))
            .route(&at("/deconnecte"), get(logout::finished))
            .route(&at("/backchannel-logout"), post(backchannel::receive))
            .route(&at("/api/session"), get(api::session))
            .route(&at("/api/verifier"), post(api::introspect))
            .route(&at("/api/rafraichir"), post(api::refresh))
            .route(&at("/api/identite"), post(api::identity))
            .route(&at("/api/panne"), get(api::fault).post(api::set_fault));
        if !base.is_empty() {
            router = router.route(base, get(pages::home));
        }
        router.with_state(self)
    }

    /// Where this software listens.
    pub(crate) fn party(&self) -> Party {
        self.software.party
    }

    fn session(&self, jar: &CookieJar) -> Option<Session> {
        self.sessions.find(jar.get(&self.cookie_name("session"))?.value())
    }

    /// `passerelle_<party>_<what>`: ports do not keep cookies apart, names do.
    fn cookie_name(&self, what: &str) -> String {
        format!("passerelle_{}_{what}", self.software.key)
    }

    fn cookie(&self, what: &str, value: String) -> Cookie<'static> {
        let path = if self.software.base.is_empty() { "/" } else { self.software.base };
        Cookie::build((self.cookie_name(what), value))
            .path(path)
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn page_frame(&self, title: &str) -> web::Frame {
        web::Frame {
            title: title.to_owned(),
            party: self.software.name,
            base: self.software.base,
            refresh: None,
        }
    }
}
