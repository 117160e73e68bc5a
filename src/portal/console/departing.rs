//! A departure is asked for: its form, and what it would close.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use crate::{
    departure::{Asked, EndRequest, Mandate, Mark},
    kernel::Outage,
    registry::fault::Fault,
    web::page::Frame,
};

use super::{
    Console,
    form::{self, Typed},
    leaver::{Found, Leaver},
    pages::{self, Chrome},
    preview::Preview,
    visit::Visit,
    words,
};

#[derive(Template)]
#[template(path = "portail/depart.html")]
struct Asking<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    about: About,
    typed: &'a Typed,
    faults: &'a [Fault],
}

impl Asking<'_> {
    /// What is wrong with a field.
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }
}

#[derive(Template)]
#[template(path = "portail/apercu.html")]
struct Confirm<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    about: About,
    typed: &'a Typed,
    has_changed: bool,
    preview: Preview,
}

/// Whom and what a page is about.
pub(super) struct About {
    pub(super) name: String,
    pub(super) rpps: String,
    pub(super) place: String,
    pub(super) noun: &'static str,
    pub(super) path: String,
    pub(super) is_open: bool,
    pub(super) is_employers: bool,
    /// The end that a local access is due to have.
    pub(super) end_of_access: Option<String>,
}

impl About {
    pub(super) fn of(leaver: &Leaver) -> Self {
        Self {
            name: leaver.name(),
            rpps: leaver.rpps().to_string(),
            place: words::place(&leaver.structure),
            noun: leaver.noun(),
            path: leaver.path(),
            is_open: leaver.is_open(),
            is_employers: leaver.is_employers(),
            end_of_access: leaver.end_of_access(),
        }
    }
}

/// `GET /portail/situations/{id}/depart`
pub(super) async fn situation_form(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.situation(&visit, &id).await;
    shown(&visit, found)
}

/// `GET /portail/acces-locaux/{id}/depart`
pub(super) async fn access_form(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.access(&visit, &id).await;
    shown(&visit, found)
}

/// `POST /portail/situations/{id}/depart`: shows, and changes nothing.
pub(super) async fn situation_preview(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.situation(&visit, &id).await;
    console.previewed(&visit, found).await
}

/// `POST /portail/acces-locaux/{id}/depart`: shows, and changes nothing.
pub(super) async fn access_preview(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.access(&visit, &id).await;
    console.previewed(&visit, found).await
}

fn shown(visit: &Visit, found: Found<Leaver>) -> Response {
    match found {
        Ok(Ok(leaver)) => form(visit, &leaver, &Typed::default(), &[]),
        Ok(Err(instead)) => instead,
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}

/// The form, with what was typed and what is wrong with it.
pub(super) fn form(visit: &Visit, leaver: &Leaver, typed: &Typed, faults: &[Fault]) -> Response {
    let page = Asking {
        frame: visit.frame(),
        chrome: visit.chrome("effectif"),
        about: About::of(leaver),
        typed,
        faults,
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    visit.page(status, &page)
}

/// What the visitor asks for, as a manager of this structure.
pub(super) fn request(
    visit: &Visit,
    leaver: &Leaver,
    typed: &Typed,
    (asked, seen): (Asked, Option<Mark>),
) -> EndRequest {
    let structure = Some(leaver.structure.finess);
    EndRequest {
        asked,
        reason: Some(typed.reason.clone()).filter(|reason| !reason.is_empty()),
        by: visit.actor(),
        mandate: Mandate { structure, for_authority: false },
        seen,
    }
}

impl Console {
    async fn previewed(&self, visit: &Visit, found: Found<Leaver>) -> Response {
        let answered = match found {
            Ok(Ok(leaver)) => self.look_ahead(visit, &leaver, false).await,
            Ok(Err(instead)) => Ok(instead),
            Err(outage) => Err(outage),
        };
        answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
    }

    /// What confirming would do, with the form that confirms it; `has_changed`: the visitor confirmed
    /// something else.
    pub(super) async fn look_ahead(
        &self,
        visit: &Visit,
        leaver: &Leaver,
        has_changed: bool,
    ) -> Result<Response, Outage> {
        let typed = Typed::read(&visit.fields);
        let asked = match typed.asked() {
            Ok(asked) => asked,
            Err(faults) => return Ok(form(visit, leaver, &typed, &faults)),
        };
        let request = request(visit, leaver, &typed, (asked, None));
        let preview = match self.preview(visit, leaver, &request).await? {
            Ok(preview) => preview,
            Err(refused) => return Ok(form(visit, leaver, &typed, &form::refused(refused))),
        };
        let page = Confirm {
            frame: visit.frame(),
            chrome: visit.chrome("effectif"),
            about: About::of(leaver),
            typed: &typed,
            has_changed,
            preview,
        };
        let status = if has_changed { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok(visit.page(status, &page))
    }
}
