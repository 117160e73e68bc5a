//! A person's own page: number, what has happened and what comes next, situations, card, sessions.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use crate::{
    access::{Cause, Closing, Scope},
    ecps::Decision,
    kernel::{ClientId, Outage, Rpps, Sid, Timestamp, retry::Keep, time::day_in_french},
    registry::{Nomenclature, Page, nomenclature::Dmp},
    web::page::Frame,
};

use super::{
    super::{
        CardState, PersonRecord, SessionRecord,
        live::alive,
        timeline::{self, Milestone},
    },
    Console,
    login::Farewell,
    pages::{self, Chrome},
    visit::Visit,
    words,
};

/// Sessions looked at; nobody has that many within four hours.
const SESSIONS: u32 = 200;

#[derive(Template)]
#[template(path = "portail/moi.html")]
struct Mine<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
    rpps: Rpps,
    steps: Vec<Milestone>,
    situations: Vec<Post<'a>>,
    accesses: Vec<(String, String)>,
    card: &'static str,
    sessions: Vec<Open>,
    email: &'a str,
    mobile: &'a str,
}

/// A situation, as its holder reads it.
struct Post<'a> {
    place: String,
    profession: &'a str,
    role: &'a str,
    since: String,
    end: String,
    by: &'static str,
    is_open: bool,
    dmp: Dmp<'a>,
}

/// A session, as its holder recognises it.
struct Open {
    since: String,
    until: String,
    proof: &'static str,
    services: String,
    is_this_one: bool,
}

/// `GET /portail/moi`
pub(super) async fn show(State(console): State<Console>, visit: Visit) -> Response {
    match console.mine(&visit).await {
        Ok(response) => response,
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}

impl Console {
    async fn mine(&self, visit: &Visit) -> Result<Response, Outage> {
        let record = &visit.record;
        let who = &record.professional;
        let sessions = self.open_sessions(visit.rpps(), visit.now.protocol).await?;
        let names = self.names(&sessions).await?;
        let shown = sessions.iter().map(|session| open(session, visit.sid, &names));
        let has_situation = visit.standing.is_employed();
        let calendar = visit.now.calendar;
        let card = CardState::of(record.card, has_situation, who.validated_at, calendar);
        let accesses = record.local_accesses.iter().filter(|(access, _)| access.ended_at.is_none());
        let page = Mine {
            frame: visit.frame(),
            chrome: visit.chrome("moi"),
            rpps: visit.rpps(),
            steps: timeline::of_person(record, calendar),
            situations: posts(record, &self.with.nomenclature),
            accesses: accesses
                .map(|(access, at)| (words::place(at), words::end(access.ends_at, None)))
                .collect(),
            card: words::card(card),
            sessions: shown.collect(),
            email: &who.email,
            mobile: &who.mobile,
        };
        Ok(visit.page(StatusCode::OK, &page))
    }

    /// What a door would still honour of this person.
    pub(super) async fn open_sessions(
        &self,
        rpps: Rpps,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, Outage> {
        let page = Page { after: None, limit: SESSIONS };
        let sessions = self.with.sessions.unexpired(Some(rpps), None, now, page).await?;
        Ok(sessions.into_iter().filter_map(|s| alive(&self.with.doors, s, now)).collect())
    }

    /// How people read the names of the services that these sessions opened.
    async fn names(
        &self,
        sessions: &[SessionRecord],
    ) -> Result<BTreeMap<ClientId, String>, Outage> {
        let mut names = BTreeMap::new();
        for grant in sessions.iter().flat_map(|session| &session.grants) {
            if !names.contains_key(&grant.client) {
                let name = self.with.provider.client_name(&grant.client).await?;
                names.insert(grant.client.clone(), name);
            }
        }
        Ok(names)
    }
}

fn open(session: &SessionRecord, this: Sid, names: &BTreeMap<ClientId, String>) -> Open {
    let clients: BTreeSet<_> = session.grants.iter().map(|grant| &grant.client).collect();
    let services = clients.into_iter().filter_map(|client| names.get(client).cloned());
    Open {
        since: session.proven_at.in_french(),
        until: session.until.hour_in_french(),
        proof: if session.proof == "phone" { "téléphone" } else { "code à usage unique" },
        services: services.collect::<Vec<_>>().join(", "),
        is_this_one: session.sid == this,
    }
}

fn posts<'a>(record: &'a PersonRecord, nomenclature: &'a Nomenclature) -> Vec<Post<'a>> {
    let post = |(situation, structure): &'a (crate::registry::Situation, _)| Post {
        place: words::place(structure),
        profession: nomenclature.professions.label(&situation.profession),
        role: nomenclature.roles.label(&situation.role),
        since: day_in_french(situation.started_on),
        end: words::end(situation.ends_at, situation.ended_at),
        by: words::authority(situation.authority),
        is_open: situation.is_open(),
        dmp: nomenclature.dmp(&situation.role),
    };
    let mut posts: Vec<_> = record.situations.iter().map(post).collect();
    posts.sort_by_key(|post| !post.is_open);
    posts
}

/// `POST /portail/moi/sessions/fermer`: all of them, this one included.
pub(super) async fn close_sessions(State(console): State<Console>, visit: Visit) -> Response {
    let person = Scope::Person(visit.rpps());
    let closing = Closing::new(person, Cause::SessionEnded, visit.actor());
    match console.with.sessions.end_all(visit.rpps(), closing).await {
        Ok(()) => console.goodbye(None),
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}

#[derive(Template)]
#[template(path = "portail/bloquer.html")]
struct AskToBlock<'a> {
    frame: Frame,
    chrome: Chrome<'a>,
}

/// `GET /portail/moi/e-cps/bloquer`
pub(super) async fn ask_to_block(visit: Visit) -> Response {
    let page = AskToBlock { frame: visit.frame(), chrome: visit.chrome("moi") };
    visit.page(StatusCode::OK, &page)
}

/// `POST /portail/moi/e-cps/bloquer`: a card that is lost or that somebody else holds.
pub(super) async fn block(State(console): State<Console>, visit: Visit) -> Response {
    let ecps = &console.with.ecps;
    match ecps.decide(visit.rpps(), Decision::Block, visit.actor(), Keep::nothing()).await {
        Ok(_) => console.goodbye(Some(Farewell::Blocked)),
        Err(outage) => pages::unavailable(visit.frame(), &outage),
    }
}
