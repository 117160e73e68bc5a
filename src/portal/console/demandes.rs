//! Requests to be registered, oldest first.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use crate::{
    kernel::{Outage, RequestId},
    registry::{
        Page,
        request::{RegistrationRequest, RequestQuery, RequestState},
    },
    web::page::Frame,
};

use super::{
    Console,
    pages::{self, Chrome},
    visit::Visit,
};

/// Requests on one page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "portail/demandes.html")]
struct List<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    state: RequestState,
    states: [RequestState; 4],
    rows: Vec<Row>,
    next: Option<RequestId>,
}

struct Row {
    id: RequestId,
    name: String,
    age: i16,
    place: String,
    sent_at: String,
    lapses_at: String,
}

/// `GET /portail/demandes?etat=&apres=`
pub(super) async fn show(State(console): State<Console>, visit: Visit) -> Response {
    match console.requests(&visit).await {
        Ok(response) => response,
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}

impl Console {
    async fn requests(&self, visit: &Visit) -> Result<Response, Outage> {
        if visit.managed.is_empty() {
            return Ok(visit.not_theirs(self, None).await);
        }
        let asked = visit.fields.get("etat").and_then(|state| state.parse().ok());
        let state = asked.unwrap_or(RequestState::ToProcess);
        let places = visit.managed.iter().map(|structure| structure.finess).collect();
        let query = RequestQuery { structures: Some(places), state: Some(state) };
        let after = visit.fields.get("apres").and_then(|id| id.parse().ok());
        let page = Page { after, limit: PAGE + 1 };
        let mut found = self.with.requests.requests(query, page).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let goes_on = found.len() > shown;
        found.truncate(shown);
        let today = visit.now.calendar.date();
        let page = List {
            frame: visit.frame(),
            chrome: visit.chrome("demandes"),
            state,
            states: RequestState::ALL,
            next: found.last().filter(|_| goes_on).map(|last| last.id),
            rows: found.iter().map(|request| row(request, request.age(today))).collect(),
        };
        Ok(visit.page(StatusCode::OK, &page))
    }
}

fn row(request: &RegistrationRequest, age: i16) -> Row {
    Row {
        id: request.id,
        name: name(request),
        age,
        place: request.structure.name.clone(),
        sent_at: request.sent_at.in_french(),
        lapses_at: request.lapses_at.day_in_french(),
    }
}

/// The civil name of who asks.
pub(super) fn name(request: &RegistrationRequest) -> String {
    let who = &request.identity;
    format!("{} {}", who.first_names.join(" "), who.birth_name)
}
