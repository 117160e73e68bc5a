//! `/annuaire`: the public directory, as a page and as JSON.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    access::Doors,
    kernel::{Outage, Rpps, Timestamp},
    registry::{
        Nomenclature,
        directory::{Directory, DirectoryEntry, DirectoryQuery, DirectorySituation, Listed, entry},
    },
    web::{
        Problem,
        fields::Fields,
        page::{Frame, Trouble, error, html},
        throttle::Limit,
    },
};

/// People on one page of results.
const PAGE: u32 = 50;

/// The directory's collaborators.
#[derive(Clone)]
pub struct PublicDirectory {
    /// Who is listed.
    pub records: Arc<dyn Directory>,
    /// The barrier, for the calendar clock.
    pub doors: Doors,
    /// Code lists.
    pub nomenclature: Arc<Nomenclature>,
    /// What every page shows.
    pub frame: Frame,
}

impl PublicDirectory {
    /// The routes. `limit` holds back who would copy it all from one address.
    pub fn router(self, limit: &Limit) -> Router {
        Router::new()
            .route("/annuaire", limit.around(get(search)))
            .route("/annuaire/{rpps}", limit.around(get(one)))
            .with_state(self)
    }

    async fn calendar(&self) -> Result<Timestamp, Outage> {
        Ok(self.doors.barrier().await?.calendar)
    }

    fn shown(&self, listed: &Listed, calendar: Timestamp) -> Option<DirectoryEntry> {
        entry(listed, &self.nomenclature, calendar)
    }
}

/// What `limit` says.
pub fn too_many(frame: Frame, headers: &HeaderMap) -> Response {
    const TEXT: &str = "Trop de recherches sont venues de cette adresse. Patientez une minute, puis \
                        recommencez.";
    let status = StatusCode::TOO_MANY_REQUESTS;
    if wants_json(headers) {
        return Problem::new(status, "too_many_requests", TEXT).retry_after(60).into_response();
    }
    let trouble = Trouble {
        code: "trop_de_tentatives",
        title: "Trop de recherches",
        text: TEXT,
        onward: None,
    };
    let mut page = error(frame, status, trouble);
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    page
}

#[derive(Template)]
#[template(path = "annuaire_fiche.html")]
struct EntryPage<'a> {
    frame: Frame,
    civility: &'a str,
    entry: &'a DirectoryEntry,
    name: Option<&'a DirectorySituation>,
}

#[derive(Template)]
#[template(path = "annuaire.html")]
struct SearchPage<'a> {
    frame: Frame,
    asked: Asked<'a>,
    results: Option<&'a Results>,
    hint: Option<&'static str>,
}

#[derive(Clone, Copy)]
struct Asked<'a> {
    nom: &'a str,
    prenom: &'a str,
    finess: &'a str,
}

#[derive(Serialize)]
struct Results {
    items: Vec<DirectoryEntry>,
    next: Option<Rpps>,
}

/// `GET /annuaire/{rpps}`.
async fn one(
    State(directory): State<PublicDirectory>,
    Path(rpps): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = look_up(&directory, &rpps).await;
    match (found, wants_json(&headers)) {
        (Ok(Some(entry)), true) => json(&entry),
        (Ok(Some(entry)), false) => {
            let civility = directory.nomenclature.civilities.label(&entry.civility);
            let name = entry.situations.first();
            let page = EntryPage { frame: directory.frame, civility, entry: &entry, name };
            html(StatusCode::OK, &page)
        }
        (Ok(None), true) => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", NOBODY).into_response()
        }
        (Ok(None), false) => {
            let trouble = Trouble {
                code: "annuaire_inconnu",
                title: "Personne à ce numéro",
                text: NOBODY,
                onward: Some(("/annuaire", "Chercher par nom")),
            };
            error(directory.frame, StatusCode::NOT_FOUND, trouble)
        }
        (Err(outage), is_json) => unavailable(&directory, outage, is_json),
    }
}

const NOBODY: &str = "L'annuaire ne montre personne à ce numéro. Vérifiez les onze chiffres ; une \
                      personne apparaît 24 heures après la validation de son enregistrement.";

async fn look_up(
    directory: &PublicDirectory,
    rpps: &str,
) -> Result<Option<DirectoryEntry>, Outage> {
    let Ok(rpps) = rpps.parse() else { return Ok(None) };
    let calendar = directory.calendar().await?;
    let listed = directory.records.listed(rpps).await?;
    Ok(listed.and_then(|listed| directory.shown(&listed, calendar)))
}

/// `GET /annuaire?nom=&prenom=&finess=`.
async fn search(
    State(directory): State<PublicDirectory>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let is_json = wants_json(&headers);
    let Ok(fields) = Fields::from_query(query.as_deref().unwrap_or_default()) else {
        return hinted(&directory, None, UNREADABLE, is_json);
    };
    let asked = Asked {
        nom: fields.get("nom").unwrap_or_default(),
        prenom: fields.get("prenom").unwrap_or_default(),
        finess: fields.get("finess").unwrap_or_default(),
    };
    let (finess, after) =
        (fields.get("finess").map(str::parse), fields.get("after").map(str::parse));
    let (Ok(finess), Ok(after)) = (finess.transpose(), after.transpose()) else {
        return hinted(&directory, Some(asked), UNREADABLE, is_json);
    };
    let calendar = match directory.calendar().await {
        Ok(calendar) => calendar,
        Err(outage) => return unavailable(&directory, outage, is_json),
    };
    let narrow = DirectoryQuery::new(fields.get("nom"), fields.get("prenom"), finess, calendar);
    let Some(query) = narrow else {
        let hint = if fields.names().next().is_some() || is_json { TOO_WIDE } else { "" };
        return hinted(&directory, Some(asked), hint, is_json);
    };
    let query = DirectoryQuery { after, limit: PAGE + 1, ..query };
    match directory.records.search(query).await {
        Ok(found) => {
            let results = results(&directory, &found, calendar);
            if is_json {
                return json(&results);
            }
            let page =
                SearchPage { frame: directory.frame, asked, results: Some(&results), hint: None };
            html(StatusCode::OK, &page)
        }
        Err(outage) => unavailable(&directory, outage, is_json),
    }
}

const UNREADABLE: &str = "Recherche illisible : vérifiez le numéro FINESS (neuf caractères) et les \
                          autres champs.";
const TOO_WIDE: &str = "Précisez la recherche : au moins deux lettres du nom d'exercice, ou un \
                        numéro FINESS.";

fn results(directory: &PublicDirectory, found: &[Listed], calendar: Timestamp) -> Results {
    let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let items: Vec<_> =
        found.iter().take(shown).filter_map(|listed| directory.shown(listed, calendar)).collect();
    let next = items.last().filter(|_| found.len() > shown).map(|last| last.rpps);
    Results { items, next }
}

/// The search form with a word of advice; for programs, a problem.
fn hinted(
    directory: &PublicDirectory,
    asked: Option<Asked<'_>>,
    hint: &'static str,
    is_json: bool,
) -> Response {
    if is_json {
        return Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", hint).into_response();
    }
    let asked = asked.unwrap_or(Asked { nom: "", prenom: "", finess: "" });
    let is_mistake = !hint.is_empty();
    let status = if is_mistake { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let hint = is_mistake.then_some(hint);
    html(status, &SearchPage { frame: directory.frame, asked, results: None, hint })
}

fn unavailable(directory: &PublicDirectory, outage: Outage, is_json: bool) -> Response {
    let mut response = Problem::from(outage).into_response();
    if is_json {
        return response;
    }
    let trouble = Trouble {
        code: "indisponible",
        title: "Annuaire momentanément indisponible",
        text: "Nous ne pouvons pas vérifier en ce moment. Réessayez dans quelques secondes.",
        onward: None,
    };
    let retry = response.headers_mut().remove(header::RETRY_AFTER);
    let mut page = error(directory.frame, StatusCode::SERVICE_UNAVAILABLE, trouble);
    if let Some(retry) = retry {
        page.headers_mut().insert(header::RETRY_AFTER, retry);
    }
    page
}

/// Whether the answer is for a program: JSON is named, and a page is not preferred before it.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let medias = accept.unwrap_or_default().split(',').map(str::trim);
    let mut known = medias.filter_map(|media| match media.split(';').next().map(str::trim) {
        Some("application/json") => Some(true),
        Some("text/html") => Some(false),
        Some(_) | None => None,
    });
    known.next().unwrap_or(false)
}

fn json(value: &impl Serialize) -> Response {
    let body = serde_json::to_string(value).unwrap_or_default();
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_ask_for_json_and_people_for_pages() {
        #[track_caller]
        fn check(accept: &str, expected: bool) {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(wants_json(&headers), expected, "{accept}");
        }
        check("application/json", true);
        check("application/json; charset=utf-8, */*", true);
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false);
        check("text/html, application/json", false);
        check("*/*", false);
        assert!(!wants_json(&HeaderMap::new()));
    }
}
