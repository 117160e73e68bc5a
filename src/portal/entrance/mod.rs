//! The entrance of the portal: two ways in, FranceConnect for who is not registered yet and the
//! e-CPS for who is; the way to FranceConnect and back; and the page that shows who came back.

mod pages;
mod there_and_back;
mod troubles;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    franceconnect::{Failure, FranceConnect},
    kernel::{Clock, Outage, random::Random},
    portal::{
        known::Known,
        preregistration::{PreRegistrations, Visits},
    },
    registry::{
        Nomenclature, VerifiedIdentity,
        request::{RequestWanted, Requests},
    },
    web::{
        cookie::Cookies,
        page::{Frame, protected},
        throttle::Limit,
    },
};

pub(super) use pages::no_preregistration;
pub use pages::too_many;

/// Where one enters.
const LANDING: &str = "/portail";
/// Where one goes to FranceConnect.
const START: &str = "/portail/franceconnect";
/// Where one comes back from a log-in there.
const RETURN: &str = "/portail/franceconnect/retour";
/// Where one leaves, and comes back from a log-out there.
const EXIT: &str = "/portail/franceconnect/sortie";
/// Who came back.
const PREREGISTRATION: &str = "/portail/preenregistrement";

/// What the entrance works with.
pub struct Collaborators {
    /// FranceConnect, where it is offered.
    pub franceconnect: Option<FranceConnect>,
    /// Pre-registrations in progress.
    pub preregistrations: Arc<dyn PreRegistrations>,
    /// How a browser's pre-registration is found.
    pub visits: Visits,
    /// Requests, and whom the registry knows.
    pub requests: Arc<dyn Requests>,
    /// How cookies are named.
    pub cookies: Cookies,
    /// Places of birth.
    pub nomenclature: Arc<Nomenclature>,
    /// How pages are framed.
    pub frame: Frame,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// For cookies.
    pub random: Arc<dyn Random>,
}

/// The entrance.
#[derive(Clone)]
pub struct Entrance {
    with: Arc<Collaborators>,
}

impl Entrance {
    /// Puts it together.
    pub fn new(with: Collaborators) -> Self {
        Self { with: Arc::new(with) }
    }

    /// Its routes. `limit` holds back who goes to FranceConnect too often from one address.
    pub fn router(self, limit: &Limit) -> Router {
        // A HEAD request begins no trip and ends none.
        let nothing = async || StatusCode::NO_CONTENT;
        Router::new()
            .route(LANDING, get(landing))
            .route(START, limit.around(get(there_and_back::depart)).head(nothing))
            .route(RETURN, get(there_and_back::arrive).head(nothing))
            .route(EXIT, get(there_and_back::left).post(there_and_back::leave).head(nothing))
            .route(PREREGISTRATION, get(preregistration).head(nothing))
            .with_state(self)
    }

    /// What the registry knows already of somebody who came back.
    async fn known(&self, who: &VerifiedIdentity) -> Result<Option<Known>, Outage> {
        let requests = &self.with.requests;
        let own = requests.last_request_of(&who.sub).await?.map(|request| request.state);
        let facts = requests.known(RequestWanted::of(who, &self.with.nomenclature)).await?;
        Ok(Known::of(own, &facts))
    }

    fn failed(&self, failure: &Failure) -> Response {
        troubles::page(self.with.frame, failure)
    }
}

/// `GET /portail`
async fn landing(State(entrance): State<Entrance>, headers: HeaderMap) -> Response {
    let with = &entrance.with;
    let visitor = with.visits.visitor(with.preregistrations.as_ref(), &headers).await;
    match visitor {
        Ok(visitor) => pages::landing(with.frame, with.franceconnect.is_some(), visitor.is_some()),
        Err(outage) => unavailable(&entrance, &outage),
    }
}

/// `GET /portail/preenregistrement`
async fn preregistration(State(entrance): State<Entrance>, headers: HeaderMap) -> Response {
    let with = &entrance.with;
    let shown = async {
        let visitor = with.visits.visitor(with.preregistrations.as_ref(), &headers).await?;
        let Some(visitor) = visitor else { return Ok(pages::no_preregistration(with.frame)) };
        let known = entrance.known(&visitor.at.identity).await?;
        let told = (with.visits.rest, known);
        Ok(pages::preregistration(with.frame, &visitor, &with.nomenclature, told))
    };
    shown.await.unwrap_or_else(|outage: Outage| unavailable(&entrance, &outage))
}

fn unavailable(entrance: &Entrance, outage: &Outage) -> Response {
    entrance.failed(&Failure::Outage(outage.clone()))
}

/// Sends the browser on, with what it should remember.
fn see_other(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    protected(response)
}
