//! One situation, as its structure reads it: what it is, what became of it, what can be done.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use crate::{
    departure::{Departure, DepartureState},
    kernel::{Outage, time::day_in_french},
    web::page::Frame,
};

use super::{
    Console,
    confirming::at,
    departing::About,
    leaver::{Held, Leaver},
    pages::{self, Chrome},
    visit::Visit,
    words,
};

#[derive(Template)]
#[template(path = "portail/fiche.html")]
struct Sheet<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    about: About,
    profession: &'a str,
    role: &'a str,
    mode: &'a str,
    since: String,
    end: String,
    by: &'static str,
    /// Whether an end, done or due, can be undone.
    is_undoable: bool,
    history: Vec<Past>,
}

/// A departure of this situation.
struct Past {
    state: &'static str,
    when: String,
    reason: Option<String>,
    path: String,
}

impl Past {
    fn of(departure: &Departure) -> Self {
        let due = departure.due_at.end_in_french();
        let when = match (departure.state, departure.done_at) {
            (DepartureState::Done, Some(at)) => format!("le {}", at.in_french()),
            (DepartureState::Done | DepartureState::Scheduled | DepartureState::Undone, _) => {
                format!("pour le {due}")
            }
        };
        let state = words::departure(departure.state);
        Self { state, when, reason: departure.reason.clone(), path: at(departure) }
    }
}

/// `GET /portail/situations/{id}`
pub(super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.situation(&visit, &id).await {
        Ok(Ok(leaver)) => console.sheet(&visit, &leaver).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

impl Console {
    async fn sheet(&self, visit: &Visit, leaver: &Leaver) -> Result<Response, Outage> {
        let Held::Situation(situation) = &leaver.held else {
            return Ok(visit.not_theirs(self, None).await);
        };
        let history = self.departures_of(leaver).await?;
        let nomenclature = &self.with.nomenclature;
        let has_end = !situation.is_open() || situation.ends_at.is_some();
        let page = Sheet {
            frame: visit.frame(),
            chrome: visit.chrome("effectif"),
            about: About::of(leaver),
            profession: nomenclature.professions.label(&situation.profession),
            role: nomenclature.roles.label(&situation.role),
            mode: nomenclature.modes.label(&situation.mode),
            since: day_in_french(situation.started_on),
            end: words::end(situation.ends_at, situation.ended_at),
            by: words::authority(situation.authority),
            is_undoable: has_end && leaver.is_employers(),
            history: history.iter().map(Past::of).collect(),
        };
        Ok(visit.page(StatusCode::OK, &page))
    }
}
