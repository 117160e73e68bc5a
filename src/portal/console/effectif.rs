//! The staff of a structure: who works there, in which role, until when; who has a local access.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use crate::{
    kernel::{Finess, LocalAccessId, Outage, Rpps, SituationId, Timestamp, time::day_in_french},
    registry::{Authority, Structure, folding::fold},
    web::{fields::Fields, page::Frame},
};

use super::{
    super::CardState,
    Console,
    pages::{self, Chrome},
    ports::{StaffAccess, StaffFilter, StaffRow, StaffState},
    visit::Visit,
    words,
};

/// People on one page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "portail/effectif.html")]
struct Staff<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    managed: &'a [Structure],
    here: &'a Structure,
    asked: Asked<'a>,
    rows: Vec<Row<'a>>,
    accesses: Vec<Access>,
    previous: Option<String>,
    next: Option<String>,
}

/// What was typed into the filter.
#[derive(Clone, Copy)]
struct Asked<'a> {
    text: &'a str,
    state: &'a str,
}

struct Row<'a> {
    id: SituationId,
    name: String,
    rpps: Rpps,
    profession: &'a str,
    role: &'a str,
    since: String,
    end: String,
    card: &'static str,
    last_access: String,
    is_open: bool,
    /// Whether this structure may end it.
    is_ours: bool,
    by: &'static str,
}

struct Access {
    id: LocalAccessId,
    name: String,
    rpps: Rpps,
    since: String,
    end: String,
    entered_at: String,
}

/// `GET /portail/effectif?finess=&texte=&etat=&page=`
pub(super) async fn show(State(console): State<Console>, visit: Visit) -> Response {
    match console.staff(&visit).await {
        Ok(response) => response,
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}

impl Console {
    async fn staff(&self, visit: &Visit) -> Result<Response, Outage> {
        let fields = &visit.fields;
        let asked: Option<Finess> = fields.get("finess").and_then(|text| text.parse().ok());
        let here = if fields.has("finess") {
            asked.and_then(|finess| visit.manages(finess))
        } else {
            visit.managed.first()
        };
        let Some(here) = here else { return Ok(visit.not_theirs(self, asked).await) };
        let number = fields.get("page").and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
        let number = number.clamp(1, 10_000);
        let filter = StaffFilter {
            text: fold(fields.get("texte").unwrap_or_default()),
            state: state(fields),
            skip: (number - 1) * PAGE,
            limit: PAGE + 1,
        };
        let mut rows = self.with.desk.staff(here.finess, filter).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let goes_on = rows.len() > shown;
        rows.truncate(shown);
        let accesses = self.with.desk.accesses(here.finess).await?;
        let asked = Asked {
            text: fields.get("texte").unwrap_or_default(),
            state: fields.get("etat").unwrap_or_default(),
        };
        let to = |number: u32| link(here.finess, asked, number);
        let page = Staff {
            frame: visit.frame(),
            chrome: visit.chrome("effectif"),
            managed: &visit.managed,
            here,
            asked,
            rows: rows.iter().map(|row| self.row(row, visit.now.calendar)).collect(),
            accesses: accesses.iter().map(access).collect(),
            previous: (number > 1).then(|| to(number - 1)),
            next: goes_on.then(|| to(number + 1)),
        };
        Ok(visit.page(StatusCode::OK, &page))
    }

    fn row<'a>(&'a self, row: &'a StaffRow, calendar: Timestamp) -> Row<'a> {
        let of = &row.situation;
        let nomenclature = &self.with.nomenclature;
        let card = CardState::of(row.card, of.is_open(), row.validated_at, calendar);
        Row {
            id: of.id,
            name: words::exercise(of),
            rpps: of.rpps,
            profession: nomenclature.professions.label(&of.profession),
            role: nomenclature.roles.label(&of.role),
            since: day_in_french(of.started_on),
            end: words::end(of.ends_at, of.ended_at),
            card: words::card(card),
            last_access: last_access(row.last_access),
            is_open: of.is_open(),
            is_ours: of.authority == Authority::Employer,
            by: words::authority(of.authority),
        }
    }
}

fn access(row: &StaffAccess) -> Access {
    Access {
        id: row.access.id,
        name: row.name.clone(),
        rpps: row.access.rpps,
        since: row.access.given_at.day_in_french(),
        end: words::end(row.access.ends_at, None),
        entered_at: last_access(row.last_access),
    }
}

fn last_access(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "aucun".to_owned(), Timestamp::in_french)
}

fn state(fields: &Fields) -> Option<StaffState> {
    match fields.get("etat") {
        Some("en-poste") => Some(StaffState::Present),
        Some("fin-prevue") => Some(StaffState::Leaving),
        Some("parti") => Some(StaffState::Left),
        Some(_) | None => None,
    }
}

fn link(finess: Finess, asked: Asked<'_>, page: u32) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("finess", finess.as_str())
        .append_pair("texte", asked.text)
        .append_pair("etat", asked.state)
        .append_pair("page", &page.to_string())
        .finish();
    format!("/portail/effectif?{query}")
}
