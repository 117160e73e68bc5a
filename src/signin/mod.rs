//! An e-CPS proof becomes a session: the one place where the card and the provider meet.
//!
//! The provider sends the browser to `/auth/connexion?demande=…`; the person gives an identifier;
//! the page waits until the phone has answered, or takes a one-time code; the session goes back to
//! the provider, which answers the client. Until a proof is made the pages say the same to
//! everybody: nobody learns here who exists, or whose card is blocked.

mod attente;
mod connexion;
mod ending;
mod pages;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};

use crate::{
    ecps::Ecps,
    kernel::{LoginId, Outage},
    oidc::{LoginError, PendingLogin, Provider},
    web::{fields::Fields, page::Frame, throttle::Limit},
};

/// What the pages work with.
pub struct Collaborators {
    /// Where log-ins come from and sessions go.
    pub provider: Arc<Provider>,
    /// Who proves.
    pub ecps: Ecps,
    /// How pages are framed.
    pub frame: Frame,
}

/// The sign-in pages.
#[derive(Clone)]
pub struct SignIn {
    with: Arc<Collaborators>,
}

impl SignIn {
    /// Puts the pages together.
    pub fn new(with: Collaborators) -> Self {
        Self { with: Arc::new(with) }
    }
}

/// The routes, below `/auth`. `limit` holds back who tries too often from one address.
pub fn router(signin: SignIn, limit: &Limit) -> Router {
    // A HEAD request neither concludes a log-in nor ends one.
    let nothing = async || StatusCode::NO_CONTENT;
    let start = limit.around(post(connexion::submit)).get(connexion::form).head(nothing);
    let wait = limit.around(post(attente::submit)).get(attente::page).head(nothing);
    Router::new()
        .route("/auth/connexion", start)
        .route("/auth/attente", wait)
        .route("/auth/attente/etat", get(attente::state))
        .with_state(signin)
}

/// The page for somebody who tries too often.
pub fn too_many(frame: Frame) -> Response {
    pages::too_many(frame)
}

/// Why a page cannot go on.
enum Stop {
    /// Unknown, expired, concluded, or of another browser.
    Gone,
    /// The form or the query cannot be read.
    Unreadable,
    /// 503.
    Outage(Outage),
}

impl From<Outage> for Stop {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl SignIn {
    /// The log-in that `fields` name, if it began in this browser: the cookie that is not sent by
    /// other sites' forms and the identifier that they cannot know protect every form here.
    async fn login(&self, headers: &HeaderMap, fields: &Fields) -> Result<PendingLogin, Stop> {
        let id: LoginId =
            fields.get("demande").and_then(|text| text.parse().ok()).ok_or(Stop::Gone)?;
        let provider = &self.with.provider;
        match provider.login(id, provider.browser(headers).as_ref()).await {
            Ok(login) => Ok(login),
            Err(LoginError::Outage(outage)) => Err(Stop::Outage(outage)),
            Err(LoginError::Refused(refused)) if refused.is_unknown() => {
                Err(Stop::Outage(Outage::Unavailable(refused.to_string())))
            }
            Err(
                LoginError::Gone
                | LoginError::OtherPerson
                | LoginError::NoRight(_)
                | LoginError::Refused(_),
            ) => Err(Stop::Gone),
        }
    }

    fn stopped(&self, stop: &Stop) -> Response {
        let frame = self.with.frame;
        match stop {
            Stop::Gone => pages::gone(frame),
            Stop::Unreadable => pages::unreadable(frame),
            Stop::Outage(outage) => pages::unavailable(frame, outage),
        }
    }
}

/// The fields of a query string.
fn query(query: Option<String>) -> Result<Fields, Stop> {
    Fields::from_query(&query.unwrap_or_default()).map_err(|_| Stop::Unreadable)
}

/// The fields of a posted form.
fn posted(headers: &HeaderMap, body: &Bytes) -> Result<Fields, Stop> {
    Fields::from_form(headers, body).map_err(|_| Stop::Unreadable)
}
