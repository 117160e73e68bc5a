//! A departure is confirmed, or undone.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::{
    access::Scope,
    departure::{Departure, EndRefused, Ending, Mandate, ReopenRefused},
    kernel::{
        Outage,
        retry::{Answered, Keep},
    },
};

use super::{
    Console,
    departing::{form, request, to_confirm},
    form::{self as typed_form, Typed},
    leaver::{Found, Leaver},
    pages,
    visit::Visit,
};

/// `POST /portail/situations/{id}/depart/confirmer`
pub(super) async fn situation(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.situation(&visit, &id).await;
    console.confirmed(&visit, found).await
}

/// `POST /portail/acces-locaux/{id}/depart/confirmer`
pub(super) async fn access(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.access(&visit, &id).await;
    console.confirmed(&visit, found).await
}

impl Console {
    async fn confirmed(&self, visit: &Visit, found: Found<Leaver>) -> Response {
        let answered = match found {
            Ok(Ok(leaver)) => self.end(visit, &leaver).await,
            Ok(Err(instead)) => Ok(instead),
            Err(outage) => Err(outage),
        };
        answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
    }

    async fn end(&self, visit: &Visit, leaver: &Leaver) -> Result<Response, Outage> {
        let typed = Typed::read(&visit.fields);
        let asked = match typed.asked() {
            Ok(asked) => asked,
            Err(faults) => return Ok(form(visit, leaver, &typed, &faults)),
        };
        let request = request(visit, leaver, &typed, asked);
        match self.preview(visit, leaver, &request).await? {
            Ok(preview) if !has_seen(visit, &preview.shown) => {
                return Ok(to_confirm(visit, leaver, &typed, preview));
            }
            // What has no preview any more is refused below, or done already.
            Ok(_) | Err(_) => {}
        }
        let departures = &self.with.departures;
        let ended = match leaver.ending() {
            Ending::Situation(id) => {
                let answered = departures.end_situation(id, request, Keep::nothing()).await?;
                outcome(answered).map(|ended| ended.departure)
            }
            Ending::LocalAccess(id) => {
                let answered = departures.end_local_access(id, request, Keep::nothing()).await?;
                outcome(answered).map(|withdrawn| withdrawn.departure)
            }
        };
        match ended {
            Ok(departure) => self.receipt(visit, leaver, &departure).await,
            // Confirmed twice, or by two at once: what happened is what was wanted.
            Err(EndRefused::AlreadyEnded) => {
                let last = self.departures_of(leaver).await?.into_iter().next();
                let path = last.map_or_else(|| leaver.path(), |last| at(&last));
                Ok(visit.see_other(&path))
            }
            Err(refused) => Ok(form(visit, leaver, &typed, &typed_form::refused(refused))),
        }
    }

    /// To the receipt. Who has just closed their own rights here could not open it any more: they
    /// are shown it in this very answer.
    async fn receipt(
        &self,
        visit: &Visit,
        leaver: &Leaver,
        departure: &Departure,
    ) -> Result<Response, Outage> {
        if leaver.rpps() != visit.rpps() || departure.cuts.is_empty() {
            return Ok(visit.see_other(&at(departure)));
        }
        let is_whole = departure.cuts.iter().any(|cut| matches!(cut.scope, Scope::Person(_)));
        self.last_receipt(departure, is_whole).await
    }
}

/// Whether what is confirmed is what the preview showed.
fn has_seen(visit: &Visit, shown: &str) -> bool {
    visit.mark_of(shown).matches(visit.fields.get("apercu_vu").unwrap_or_default())
}

/// Where a departure's receipt is.
pub(super) fn at(departure: &Departure) -> String {
    format!("/portail/departs/{}", departure.id)
}

/// Nothing is kept under a key here, so nothing is replayed from one.
fn outcome<T>(answered: Answered<T, EndRefused>) -> Result<T, EndRefused> {
    match answered {
        Answered::Done(done) => Ok(done),
        Answered::Refused(refused) => Err(refused),
        Answered::Replayed(_) | Answered::KeyReused => Err(EndRefused::AlreadyEnded),
    }
}

/// `POST /portail/situations/{id}/rouvrir`: undo. It opens the situation, and revives nothing.
pub(super) async fn reopen(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let answered = match console.situation(&visit, &id).await {
        Ok(Ok(leaver)) => console.undo(&visit, &leaver).await,
        Ok(Err(instead)) => Ok(instead),
        Err(outage) => Err(outage),
    };
    answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
}

impl Console {
    async fn undo(&self, visit: &Visit, leaver: &Leaver) -> Result<Response, Outage> {
        let Ending::Situation(id) = leaver.ending() else {
            return Ok(visit.not_theirs(self, None).await);
        };
        let mandate = Mandate { structure: Some(leaver.structure.finess), for_authority: false };
        let departures = &self.with.departures;
        let by = visit.actor();
        match departures.reopen_situation(id, by, mandate, Keep::nothing()).await? {
            Answered::Done(_)
            | Answered::Replayed(_)
            | Answered::KeyReused
            | Answered::Refused(ReopenRefused::NotEnded) => Ok(visit.see_other(&leaver.path())),
            Answered::Refused(refused) => {
                Ok(pages::not_reopened(visit.frame(), refused, &leaver.path()))
            }
        }
    }
}
