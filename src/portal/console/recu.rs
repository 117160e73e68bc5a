//! The receipt of a departure: every door with its time, every relying party with what it answered.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use crate::{
    access::{Cut, Scope},
    departure::{Departure, DepartureState, Ending, LedgerLine, NoticeState},
    kernel::{ClientId, DepartureId, Outage, Timestamp},
    oidc::StoredClient,
    web::page::{self, Frame},
};

use super::{
    Console,
    confirming::at,
    pages::{self, Chrome},
    visit::{FOLLOWING, Visit, with_parameter},
    words,
};

#[derive(Template)]
#[template(path = "portail/recu.html")]
struct Receipt<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    told: Told,
    /// Where to undo it, for who may.
    undo: Option<String>,
}

#[derive(Template)]
#[template(path = "portail/recu_final.html")]
struct LastReceipt {
    frame: Frame,
    told: Told,
    /// Whether the session itself is over.
    is_whole: bool,
}

/// What a receipt tells.
struct Told {
    id: DepartureId,
    name: String,
    rpps: String,
    place: String,
    state: DepartureState,
    noun: &'static str,
    is_access: bool,
    when: String,
    done_at: Option<String>,
    reason: Option<String>,
    doors: Vec<Closed>,
    parties: Vec<Party>,
    quiet: Vec<Quiet>,
    is_waiting: bool,
    /// Where the page brings itself up to date.
    following: String,
    longest_token: i64,
}

impl Told {
    fn is_done(&self) -> bool {
        self.state == DepartureState::Done
    }
    fn is_undone(&self) -> bool {
        self.state == DepartureState::Undone
    }
}

/// A door, and when it closed.
struct Closed {
    what: String,
    at: String,
}

/// A relying party that is told.
struct Party {
    name: String,
    /// Since when it was open: one service may have been open twice.
    since: String,
    state: &'static str,
    key: &'static str,
    at: String,
    tries: u32,
    problem: &'static str,
}

/// `GET /portail/departs/{id}`
pub(super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = console.show_receipt(&visit, &id).await;
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

impl Console {
    async fn show_receipt(&self, visit: &Visit, id: &str) -> Result<Response, Outage> {
        let found = match id.parse::<DepartureId>() {
            Ok(id) => self.with.departures.departure(id).await?,
            Err(_) => None,
        };
        let Some(departure) = found else { return Ok(visit.not_theirs(self, None).await) };
        if visit.manages(departure.finess).is_none() {
            return Ok(visit.not_theirs(self, Some(departure.finess)).await);
        }
        let undo = match departure.ending {
            Ending::Situation(id) => format!("/portail/situations/{id}/rouvrir"),
            Ending::LocalAccess(id) => format!("/portail/acces-locaux/{id}/rouvrir"),
        };
        let undo = Some(undo).filter(|_| departure.state != DepartureState::Undone);
        let told = self.told(&departure).await?;
        let chrome = visit.chrome("effectif");
        Ok(visit.page(StatusCode::OK, &Receipt { frame: visit.frame(), chrome, told, undo }))
    }

    /// The receipt for who has just closed their own rights: nothing of it opens again afterwards.
    /// The cookie stays, so that the same form may be answered again; it opens no page, and the first
    /// one that it does not open takes it back.
    pub(super) async fn last_receipt(&self, departure: &Departure) -> Result<Response, Outage> {
        let is_whole = departure.cuts.iter().any(|cut| matches!(cut.scope, Scope::Person(_)));
        let (frame, told) = (self.with.frame, self.told(departure).await?);
        Ok(page::html(StatusCode::OK, &LastReceipt { frame, told, is_whole }))
    }

    async fn told(&self, departure: &Departure) -> Result<Told, Outage> {
        // What is owed becomes lines soon after the commit; a receipt must not come before them.
        self.with.outbox.expand().await?;
        let lines = self.with.outbox.ledger(departure.id).await?;
        let structure = self.with.registry.structure(departure.finess).await?;
        let record = self.with.people.person(departure.rpps).await?;
        let clients = self.relying_parties(departure.finess).await?;
        let names: BTreeMap<&ClientId, &str> = clients
            .iter()
            .map(|client| (&client.id, client.registration.client_name.as_str()))
            .collect();
        let shut = departure.cuts.first().map(|cut| cut.at);
        let is_waiting =
            lines.iter().any(|l| matches!(l.state, NoticeState::Due | NoticeState::Sent));
        let place = structure.as_ref().map(words::place).unwrap_or_default();
        let structure = structure.map(|found| found.name).unwrap_or_default();
        Ok(Told {
            id: departure.id,
            name: record.as_ref().map(words::name).unwrap_or_default(),
            rpps: departure.rpps.to_string(),
            place,
            state: departure.state,
            is_access: matches!(departure.ending, Ending::LocalAccess(_)),
            noun: match departure.ending {
                Ending::Situation(_) => "Situation d'exercice",
                Ending::LocalAccess(_) => "Accès local",
            },
            when: departure.due_at.end_in_french(),
            done_at: departure
                .done_at
                .map(|at| format!("{} ({})", at.hour_in_french(), at.day_in_french())),
            reason: departure.reason.clone(),
            doors: departure.cuts.iter().flat_map(|cut| doors(cut, &structure)).collect(),
            parties: lines.iter().map(|line| party(line, &names, shut)).collect(),
            quiet: quiet(departure, &clients, &lines),
            is_waiting,
            following: with_parameter(&at(departure), FOLLOWING, "oui"),
            longest_token: self.with.provider.settings().access_token_life.as_seconds(),
        })
    }
}

/// The doors that a cut has closed, as people name them.
fn doors(cut: &Cut, structure: &str) -> Vec<Closed> {
    let at = cut.at.hour_in_french();
    let closed = |what: &str| Closed { what: what.to_owned(), at: at.clone() };
    match cut.scope {
        Scope::Person(_) => vec![
            closed("Nouvelle connexion avec l'e-CPS"),
            closed("Sessions ouvertes dans un navigateur"),
            closed("Demandes en attente sur le téléphone, codes en chemin"),
            closed("Jetons des logiciels, renouvellements compris"),
            closed("Portail"),
        ],
        Scope::PersonAt(..) => vec![
            closed(&format!("{structure} : nouvelle connexion aux logiciels")),
            closed(&format!("{structure} : demandes en attente sur le téléphone, codes en chemin")),
            closed(&format!("{structure} : jetons des logiciels, renouvellements compris")),
            closed(&format!("{structure} : gestion dans le portail")),
        ],
        Scope::Console(..) => vec![closed(&format!("{structure} : gestion dans le portail"))],
        Scope::Session(_) => vec![closed("Une session")],
        Scope::Grant(_) => vec![closed("Une connexion à un logiciel")],
        Scope::Client(_) => vec![closed("Un logiciel")],
    }
}

fn party(line: &LedgerLine, names: &BTreeMap<&ClientId, &str>, shut: Option<Timestamp>) -> Party {
    let id = line.client_id.as_str();
    let at = line.confirmed_at.or(line.last_try);
    Party {
        name: names.get(&line.client_id).map_or(id, |name| *name).to_owned(),
        since: line.opened_at.map(|at| opened(at, shut)).unwrap_or_default(),
        state: words::notice(line.state),
        key: line.state.as_str(),
        at: at.map(Timestamp::hour_in_french).unwrap_or_default(),
        tries: line.tries,
        problem: line.problem.as_deref().map_or("", problem),
    }
}

/// Since when it was open; the day is told where it is not that of the closing.
fn opened(at: Timestamp, shut: Option<Timestamp>) -> String {
    let hour = at.hour_in_french();
    if shut.is_some_and(|shut| shut.date() == at.date()) {
        return format!("connexion ouverte à {hour}");
    }
    format!("connexion ouverte le {} à {hour}", at.day_in_french())
}

/// What the last try met, in French.
fn problem(met: &str) -> &'static str {
    match met {
        "unreachable" => "Logiciel injoignable",
        "address not allowed" => "Adresse non autorisée",
        _ => "Le logiciel a répondu une erreur",
    }
}

/// Software of this structure that is not told.
struct Quiet {
    name: String,
    /// It could be: the person had nothing open there.
    has_address: bool,
}

/// Software of this structure that nobody tells.
fn quiet(departure: &Departure, clients: &[StoredClient], lines: &[LedgerLine]) -> Vec<Quiet> {
    if departure.cuts.is_empty() {
        return Vec::new();
    }
    let is_told = |client: &&StoredClient| lines.iter().any(|line| line.client_id == client.id);
    let bound = clients.iter().filter(|c| c.registration.structure == Some(departure.finess));
    let quiet = |client: &StoredClient| Quiet {
        name: client.registration.client_name.clone(),
        has_address: client.registration.backchannel_logout_uri.is_some(),
    };
    bound.filter(|client| !is_told(client)).map(quiet).collect()
}
