//! `/portail`: the pages of professionals, and of those who manage a structure.
//!
//! The browser comes in through the authorization endpoint like that of any other client; the code is
//! redeemed in this process, and the cookie names the grant. Each page passes the gate with that
//! grant at [`Door::Console`](crate::access::Door::Console) and reads rights again: a `Visit` is made
//! of both, and no page of somebody's answers without one.

mod again;
mod compared;
mod confirming;
mod cookie;
mod demandes;
mod departing;
mod effectif;
mod examen;
mod fiche;
mod form;
mod leaver;
mod login;
mod moi;
mod pages;
mod ports;
mod preview;
mod recu;
mod rights;
mod visit;
pub(super) mod words;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::{
    access::Doors,
    departure::{Departures, Outbox},
    ecps::Ecps,
    kernel::{random::Random, seal::RecordsKey},
    oidc::{Clients, Provider},
    registry::{Nomenclature, Registry, habilitation::Habilitations, request::Requests},
    web::{cookie::Cookies, page::Frame},
};

use super::{People, Sessions};

pub(super) use pages::unavailable;
pub use ports::{Desk, StaffAccess, StaffFilter, StaffRow, StaffState};

/// What the pages work with.
pub struct Collaborators {
    /// Where log-ins come from.
    pub provider: Arc<Provider>,
    /// The gate.
    pub doors: Doors,
    /// The cards: a person may block their own.
    pub ecps: Ecps,
    /// Code lists.
    pub nomenclature: Arc<Nomenclature>,
    /// The registry.
    pub registry: Arc<dyn Registry>,
    /// People, to read.
    pub people: Arc<dyn People>,
    /// Who manages what.
    pub habilitations: Arc<dyn Habilitations>,
    /// Requests to be registered.
    pub requests: Arc<dyn Requests>,
    /// What managers read.
    pub desk: Arc<dyn Desk>,
    /// Departures.
    pub departures: Arc<dyn Departures>,
    /// The ledger of who was told.
    pub outbox: Arc<dyn Outbox>,
    /// Relying parties.
    pub clients: Arc<dyn Clients>,
    /// Sessions, to see and to end.
    pub sessions: Arc<dyn Sessions>,
    /// Seals the cookie.
    pub key: Arc<RecordsKey>,
    /// Secrets of log-ins.
    pub random: Arc<dyn Random>,
    /// How pages are framed.
    pub frame: Frame,
}

/// The pages.
#[derive(Clone)]
pub struct Console {
    with: Arc<Collaborators>,
    cookies: Cookies,
}

impl Console {
    /// Puts the pages together.
    pub fn new(with: Collaborators) -> Self {
        let cookies = Cookies::for_base(&with.provider.settings().base_url);
        Self { with: Arc::new(with), cookies }
    }

    /// The routes.
    pub fn router(self) -> Router {
        // A HEAD request must not redeem a code.
        let nothing = async || StatusCode::NO_CONTENT;
        let again = from_fn_with_state(self.clone(), again::answer);
        Router::new()
            .route("/portail/connexion", get(login::start))
            .route("/portail/connexion/retour", get(login::come_back).head(nothing))
            .route("/portail/deconnexion", post(login::log_out))
            .route("/portail/deconnecte", get(login::logged_out))
            .route("/portail/moi", get(moi::show))
            .route("/portail/moi/sessions/fermer", post(moi::close_sessions))
            .route("/portail/moi/e-cps/bloquer", get(moi::ask_to_block).post(moi::block))
            .route("/portail/demandes", get(demandes::show))
            .route("/portail/demandes/{id}", get(examen::show))
            .route("/portail/demandes/{id}/piece", get(examen::document))
            .route("/portail/demandes/{id}/valider", post(examen::validate))
            .route("/portail/demandes/{id}/rejeter", post(examen::reject))
            .route("/portail/effectif", get(effectif::show))
            .route("/portail/situations/{id}", get(fiche::show))
            .route(
                "/portail/situations/{id}/depart",
                get(departing::situation_form).post(departing::situation_preview),
            )
            .route(
                "/portail/situations/{id}/depart/confirmer",
                post(confirming::situation).layer(again.clone()),
            )
            .route("/portail/situations/{id}/rouvrir", post(confirming::reopen))
            .route("/portail/acces-locaux/{id}/rouvrir", post(confirming::give_back))
            .route(
                "/portail/acces-locaux/{id}/depart",
                get(departing::access_form).post(departing::access_preview),
            )
            .route(
                "/portail/acces-locaux/{id}/depart/confirmer",
                post(confirming::access).layer(again),
            )
            .route("/portail/departs/{id}", get(recu::show))
            .with_state(self)
    }
}
