//! The steps of a pre-registration: somebody whom FranceConnect vouches for completes what it does
//! not give, proves an address and a mobile, says where they work, and sends the request.
//!
//! One form a page, every fault at once, nothing typed is lost. All of it waits in the
//! pre-registration and opens nothing; the rules are those of `registry::request`.

pub mod codes;
mod contact;
mod fields;
mod forms;
mod identity;
mod pages;
mod ports;
mod sending;
mod situation;
mod told;
mod upload;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{
    access::{Doors, Now},
    ecps::Post,
    kernel::{Outage, random::Random, seal::RecordsKey},
    registry::{
        Nomenclature, Registry, Requests, Structure, VerifiedIdentity,
        fault::Fault,
        request::{NotSent, RequestDraft, RequestState},
        structure::number,
    },
    web::{
        csrf::{self, Csrf},
        page::{self, Frame},
        throttle::Limit,
    },
};

use super::{
    People,
    preregistration::{PreRegistrations, Visitor, Visits},
};
use {
    fields::{Step, body},
    upload::Unreadable,
};

pub use ports::{Applications, Contact, Filled};

/// Where the steps are.
const HOME: &str = "/portail/preenregistrement";
/// Says that a request of this identity waits, whoever sent it, and that no other one was sent.
const PENDING: &str = "en_cours";
/// What the tokens of their forms are for.
const PURPOSE: &str = "preenregistrement";

/// What the steps work with.
pub struct Collaborators {
    /// Pre-registrations in progress.
    pub preregistrations: Arc<dyn PreRegistrations>,
    /// How a browser's pre-registration is found.
    pub visits: Visits,
    /// What is filled in.
    pub applications: Arc<dyn Applications>,
    /// Requests, once they are sent.
    pub requests: Arc<dyn Requests>,
    /// Structures.
    pub registry: Arc<dyn Registry>,
    /// What has become of whom a request registered.
    pub people: Arc<dyn People>,
    /// The barrier, for both clocks.
    pub doors: Doors,
    /// What carries codes.
    pub post: Arc<dyn Post>,
    /// What keys their digests.
    pub key: Arc<RecordsKey>,
    /// What draws them.
    pub random: Arc<dyn Random>,
    /// Code lists.
    pub nomenclature: Arc<Nomenclature>,
    /// How pages are framed.
    pub frame: Frame,
}

/// The steps.
#[derive(Clone)]
pub struct Applying {
    with: Arc<Collaborators>,
}

/// Somebody who fills in their request.
struct Applicant {
    visitor: Visitor,
    filled: Filled,
    now: Now,
    csrf: Csrf,
}

impl Applicant {
    fn identity(&self) -> &VerifiedIdentity {
        &self.visitor.at.identity
    }

    /// What was typed into a field.
    fn typed(&self, name: &str) -> &str {
        self.filled.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The name in practice of who chooses none.
    fn usual_name(&self) -> &str {
        Some(self.typed("nom_usage"))
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.identity().birth_name)
    }
}

/// What the rules say of what was filled in.
enum Judged {
    /// All that is wrong with it.
    Faults(Vec<Fault>),
    /// There is no request to send: this is told instead.
    Instead(Response),
}

/// Why a page is not shown.
enum Stop {
    /// No pre-registration in this browser.
    Nobody,
    /// The form cannot be read.
    Unreadable,
    /// The form is longer than any copy may be.
    TooLong,
    /// The form does not carry its session's token.
    Forged,
    /// We cannot know.
    Outage(Outage),
}

impl From<Outage> for Stop {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl From<Unreadable> for Stop {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Shape => Self::Unreadable,
            Unreadable::TooLong => Self::TooLong,
        }
    }
}

impl Applying {
    /// Puts them together.
    pub fn new(with: Collaborators) -> Self {
        Self { with: Arc::new(with) }
    }

    /// Their routes. `limit` holds back who has codes sent too often from one address.
    pub fn router(self, limit: &Limit) -> Router {
        let at = |step: &str| format!("{HOME}/{step}");
        let identity = get(identity::show).post(identity::save);
        let identity = identity.layer(DefaultBodyLimit::max(upload::LONGEST_BODY));
        Router::new()
            .route(&at(Step::Identity.path()), identity)
            .route(&at(Step::Contact.path()), limit.around(post(contact::save)).get(contact::show))
            .route(&at(Step::Situation.path()), get(situation::show).post(situation::save))
            .route(&at("etablissements"), get(situation::search))
            .route(&at("recapitulatif"), get(sending::review))
            .route(&at("envoyer"), post(sending::send))
            .route(&at("envoyee"), get(sending::sent))
            .with_state(self)
    }

    async fn applicant(&self, headers: &HeaderMap) -> Result<Applicant, Stop> {
        let with = &self.with;
        let visitor = with.visits.visitor(with.preregistrations.as_ref(), headers).await?;
        let visitor = visitor.ok_or(Stop::Nobody)?;
        let now = with.doors.barrier().await?;
        let filled = with.applications.filled(visitor.at.id).await?;
        let csrf = Csrf::token(&visitor.secret, PURPOSE);
        Ok(Applicant { visitor, filled, now, csrf })
    }

    /// What was filled in so far, as a request.
    fn draft(&self, who: &Applicant) -> RequestDraft {
        RequestDraft::read(
            who.identity().clone(),
            body(&who.filled.fields, who.identity()),
            who.filled.document.clone(),
            Arc::clone(&self.with.nomenclature),
            who.now.calendar.date(),
        )
    }

    /// The establishment whose number was filled in.
    async fn establishment(&self, who: &Applicant) -> Result<Option<Structure>, Outage> {
        match number(who.typed("finess")) {
            Ok(finess) => self.with.registry.structure(finess).await,
            Err(_) => Ok(None),
        }
    }

    /// All that is wrong with it, or the page of somebody who has no request to send.
    async fn judge(&self, who: &Applicant) -> Result<Judged, Outage> {
        Ok(match self.with.requests.try_request(self.draft(who)).await? {
            Ok(()) => Judged::Faults(Vec::new()),
            Err(refused) => self.refused(refused),
        })
    }

    fn refused(&self, refused: NotSent) -> Judged {
        match refused {
            NotSent::Faults(faults) => Judged::Faults(faults),
            NotSent::Already(_) => Judged::Instead(pages::already(self.with.frame)),
            NotSent::Pending(_) => Judged::Instead(to_what_was_sent(true)),
        }
    }

    /// Where somebody goes who has sent a request before: to see what has become of it. After a
    /// refusal, they begin anew when they say so.
    async fn instead(&self, who: &Applicant, anew: bool) -> Result<Option<Response>, Outage> {
        let last = self.with.requests.last_request_of(&who.identity().sub).await?;
        // What was sent is forgotten here: what is still filled in is another one.
        let has_another = !who.filled.is_empty();
        let is_over = match last.map(|request| request.state) {
            None => false,
            Some(RequestState::ToProcess | RequestState::Validated) => true,
            Some(RequestState::Rejected | RequestState::Lapsed) => !has_another && !anew,
        };
        Ok(is_over.then(|| to_what_was_sent(has_another)))
    }

    fn answer(&self, answered: Result<Response, Stop>) -> Response {
        let frame = self.with.frame;
        match answered {
            Ok(response) => response,
            Err(Stop::Nobody) => pages::nobody(frame),
            Err(Stop::Unreadable) => pages::unreadable(frame),
            Err(Stop::TooLong) => pages::too_long(frame),
            Err(Stop::Forged) => csrf::refused(frame, HOME),
            Err(Stop::Outage(outage)) => pages::unavailable(frame, &outage),
        }
    }
}

/// The way on, after a form.
fn see_other(path: &str) -> Response {
    let response = (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]);
    page::protected(response.into_response())
}

/// The way to what has become of the last request; `is_another`: one that was not sent leads there.
fn to_what_was_sent(is_another: bool) -> Response {
    let why = if is_another { format!("?{PENDING}=oui") } else { String::new() };
    see_other(&format!("{HOME}/envoyee{why}"))
}

/// The way to a step.
fn to_step(step: Step) -> Response {
    see_other(&format!("{HOME}/{}", step.path()))
}

type Site = State<Applying>;
