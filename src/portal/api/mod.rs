//! The JSON API, `/api/v1`: one file for each kind of thing.

mod answer;
mod body;
mod call;
mod cards;
mod clients;
mod departures;
mod habilitations;
mod journal;
mod local_accesses;
mod professionals;
mod query;
mod requests;
mod sessions;
mod situations;
mod structures;
mod views;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    http::StatusCode,
    routing::{delete, get, post},
};

use crate::{
    access::Doors,
    departure::{Departures, Outbox},
    registry::{Nomenclature, Registry, Requests, habilitation::Habilitations},
    web::Problem,
};

use super::{Callers, JournalLines, People, Phones, Removals, Sessions};

pub use cards::CardsApi;
pub use clients::ClientsApi;

/// The API's collaborators.
#[derive(Clone)]
pub struct Api {
    /// Who recognises callers.
    pub callers: Arc<dyn Callers>,
    /// The gate, for sessions that are shown as live.
    pub doors: Doors,
    /// Code lists.
    pub nomenclature: Arc<Nomenclature>,
    /// The registry.
    pub registry: Arc<dyn Registry>,
    /// Requests to be registered.
    pub requests: Arc<dyn Requests>,
    /// Who manages what.
    pub habilitations: Arc<dyn Habilitations>,
    /// People, to read.
    pub people: Arc<dyn People>,
    /// Departures.
    pub departures: Arc<dyn Departures>,
    /// The ledger of who was told.
    pub outbox: Arc<dyn Outbox>,
    /// What the authority may take away.
    pub removals: Arc<dyn Removals>,
    /// Open sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The journal.
    pub journal: Arc<dyn JournalLines>,
    /// The mock phones; only in the demo.
    pub phones: Option<Arc<dyn Phones>>,
}

impl FromRef<Api> for Arc<dyn Callers> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.callers)
    }
}

impl Api {
    /// The routes, for `/api/v1`. Other slices add theirs with `merge` before it is nested.
    pub fn router(self) -> Router {
        Router::new()
            .route("/professionals", get(professionals::list).post(professionals::register))
            .route("/professionals/{rpps}", get(professionals::one).delete(professionals::delete))
            .route("/professionals/{rpps}/situations", post(situations::open))
            .route("/situations/{id}/end", post(situations::end))
            .route("/situations/{id}/reopen", post(situations::reopen))
            .route("/structures", get(structures::list).post(structures::enter))
            .route("/local-accesses", get(local_accesses::list).post(local_accesses::give))
            .route("/local-accesses/{id}", delete(local_accesses::withdraw))
            .route("/habilitations", get(habilitations::list).post(habilitations::give))
            .route("/habilitations/{id}", delete(habilitations::withdraw))
            .route("/requests", get(requests::list))
            .route("/requests/{id}/validate", post(requests::validate))
            .route("/requests/{id}/reject", post(requests::reject))
            .route("/departures", get(departures::list))
            .route("/departures/{id}", get(departures::one))
            .route("/sessions", get(sessions::list))
            .route("/sessions/{sid}", delete(sessions::end))
            .route("/journal", get(journal::list))
            .fallback(async || not_found())
            .method_not_allowed_fallback(async || method_not_allowed())
            .with_state(self)
    }
}

/// What an address of the API that leads nowhere answers.
fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "Adresse inconnue de l'API : vérifiez le chemin.",
    )
}

/// What a wrong method answers.
fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Cette adresse n'accepte pas cette méthode : vérifiez l'appel.",
    )
}
