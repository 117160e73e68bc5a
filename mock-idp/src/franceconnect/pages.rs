//! The simulation for people. A look of its own: the State's is the State's.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::authorize::Wish;
use super::documents::released_to_people;
use super::failures::{DeadEnd, Failure, NOT_FOUND};
use super::identities::Identity;
use super::scenarios::{self, Scenario};
use super::{FranceConnect, Shared, browser_of};
use crate::clock;
use crate::web::{Form, Frame, page};

fn frame(title: &str) -> Frame {
    Frame { title: title.to_owned(), party: "Simulation de FranceConnect", base: "", refresh: None }
}

/// The strangers' style in other colours.
pub(super) async fn style() -> Response {
    const STYLE: &str = concat!(
        include_str!("../../templates/style.css"),
        include_str!("../../templates/franceconnect.css")
    );
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

#[derive(Template)]
#[template(path = "fc_chooser.html")]
struct Chooser<'a> {
    frame: Frame,
    service: &'a str,
    identities: &'a [Identity],
    scenarios: &'a [Scenario],
    chosen: &'a str,
    scenario: &'a str,
    armed: Option<&'a Scenario>,
    unknown_identity: bool,
    unknown_scenario: bool,
}

/// The first page, with what was wrong in its form.
pub(super) fn chooser(me: &FranceConnect, wish: &Wish, sent: Option<&Form>) -> Response {
    let armed = me.desk().armed;
    let of_form = |name: &str| sent.map(|form| form.get(name)).unwrap_or_default();
    let (chosen, scenario) = (of_form("identifiant"), of_form("scenario"));
    let usual = armed.map_or(scenarios::USUAL.name, |armed| armed.name);
    let shown = Chooser {
        frame: frame("S'identifier"),
        service: service(me, wish),
        identities: &me.identities,
        scenarios: scenarios::ALL,
        chosen,
        scenario: if scenario.is_empty() { usual } else { scenario },
        armed,
        unknown_identity: sent.is_some() && me.identity(chosen).is_none(),
        unknown_scenario: !scenario.is_empty() && scenarios::of(scenario).is_none(),
    };
    let status = if sent.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &shown)
}

fn service<'a>(me: &'a FranceConnect, wish: &Wish) -> &'a str {
    me.client(wish.client_id).map_or("le service", |client| client.name)
}

#[derive(Template)]
#[template(path = "fc_information.html")]
struct Information<'a> {
    frame: Frame,
    service: &'a str,
    rows: Vec<(&'static str, String)>,
}

/// The second page.
pub(super) fn information(me: &FranceConnect, wish: &Wish, identity: &str) -> Response {
    let claims = me.identity(identity).map(Identity::claims).unwrap_or_default();
    let rows = released_to_people(&wish.scope)
        .filter_map(|(claim, label)| {
            let value = claims.get(claim)?.as_str().filter(|value| !value.is_empty())?;
            Some((label, in_french(value)))
        })
        .collect();
    let shown = Information { frame: frame("Vos informations"), service: service(me, wish), rows };
    page(StatusCode::OK, &shown)
}

fn in_french(value: &str) -> String {
    match value {
        "female" => "féminin".to_owned(),
        "male" => "masculin".to_owned(),
        "unspecified" => "non précisé".to_owned(),
        other => other.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "fc_error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    code: &'a str,
    text: &'a str,
    /// Who waits for the person's return.
    service: Option<&'a str>,
}

/// A page that ends a log-in; its button tells the service.
pub(super) fn failed(me: &FranceConnect, wish: &Wish, failure: &Failure) -> Response {
    let shown = ErrorPage {
        frame: frame("Identification impossible"),
        code: failure.code,
        text: failure.text,
        service: Some(service(me, wish)),
    };
    page(failure.status, &shown)
}

/// A page from which no way leads back to a service.
pub(super) fn dead_end(dead_end: DeadEnd) -> Response {
    let shown = ErrorPage {
        frame: frame("Demande impossible"),
        code: dead_end.code,
        text: dead_end.text,
        service: None,
    };
    page(dead_end.status, &shown)
}

pub(super) async fn not_found() -> Response {
    dead_end(NOT_FOUND)
}

/// The base address itself shows nothing.
pub(super) async fn moved() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/")]).into_response()
}

#[derive(Template)]
#[template(path = "fc_message.html")]
struct Message<'a> {
    frame: Frame,
    id: &'a str,
    text: &'a str,
    detail: String,
}

/// The session is closed, and no service wants the browser back.
pub(super) fn farewell() -> Response {
    let text = "Votre session est fermée.";
    let frame = frame("Vous êtes déconnecté");
    page(StatusCode::OK, &Message { frame, id: "deconnecte", text, detail: String::new() })
}

#[derive(Deserialize)]
pub(super) struct Reported {
    #[serde(default)]
    code: String,
    #[serde(default)]
    id: String,
}

/// Where `error_uri` leads.
pub(super) async fn explain(Query(reported): Query<Reported>) -> Response {
    let text = "Un échange entre le service et la plateforme a échoué.";
    let detail = format!("Code {}, numéro {}.", reported.code, reported.id);
    let frame = frame("Erreur technique");
    page(StatusCode::OK, &Message { frame, id: "explication", text, detail })
}

#[derive(Template)]
#[template(path = "fc_home.html")]
struct Home<'a> {
    frame: Frame,
    identities: &'a [Identity],
    scenarios: &'a [Scenario],
    armed: Option<&'a Scenario>,
    known: Option<String>,
}

/// What this is, and who is known in this browser.
pub(super) async fn home(State(me): Shared, jar: CookieJar) -> Response {
    let (armed, session) = {
        let mut desk = me.desk();
        (desk.armed, desk.session(&browser_of(&jar), clock::now()))
    };
    let known = session.and_then(|session| Some(me.identity(&session.identity)?.full_name()));
    let shown = Home {
        frame: frame("Accueil"),
        identities: &me.identities,
        scenarios: scenarios::ALL,
        armed,
        known,
    };
    page(StatusCode::OK, &shown)
}
