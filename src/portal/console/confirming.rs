//! A departure is confirmed, or undone.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::{
    departure::{
        Departure, EndRefused, EndRequest, Ended, Ending, Mandate, Mark, ReopenRefused, Withdrawn,
    },
    kernel::{
        Outage,
        retry::{Answered, Keep},
    },
};

use super::{
    Console, again,
    departing::{form, request},
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
        let seen = Mark::presented(visit.fields.get("apercu_vu").unwrap_or_default());
        let request = request(visit, leaver, &typed, (asked, Some(seen)));
        match self.ended(visit, leaver, request).await? {
            Answered::Done(departure) => self.receipt(visit, leaver, &departure).await,
            // Twice at once, and the first has closed the visitor's own rights.
            Answered::Replayed(kept) => match self.receipt_again(&kept).await? {
                Some(receipt) => Ok(receipt),
                None => self.last_departure(visit, leaver).await,
            },
            // Confirmed twice, or by two at once: what happened is what was wanted.
            Answered::KeyReused | Answered::Refused(EndRefused::AlreadyEnded) => {
                self.last_departure(visit, leaver).await
            }
            Answered::Refused(EndRefused::Changed) => self.look_ahead(visit, leaver, true).await,
            Answered::Refused(refused) => {
                Ok(form(visit, leaver, &typed, &typed_form::refused(refused)))
            }
        }
    }

    async fn ended(
        &self,
        visit: &Visit,
        leaver: &Leaver,
        request: EndRequest,
    ) -> Result<Answered<Departure, EndRefused>, Outage> {
        let departures = &self.with.departures;
        // Anybody else opens the receipt as often as they like.
        let is_own = leaver.rpps() == visit.rpps();
        let once = visit.once(&format!("{}/depart/confirmer", leaver.path())).filter(|_| is_own);
        Ok(match leaver.ending() {
            Ending::Situation(id) => {
                let keep = again::keep(once, |ended: &Ended| &ended.departure);
                let ended = departures.end_situation(id, request, keep).await?;
                ended.map(|ended| ended.departure)
            }
            Ending::LocalAccess(id) => {
                let keep = again::keep(once, |withdrawn: &Withdrawn| &withdrawn.departure);
                let withdrawn = departures.end_local_access(id, request, keep).await?;
                withdrawn.map(|withdrawn| withdrawn.departure)
            }
        })
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
        self.last_receipt(departure).await
    }

    async fn last_departure(&self, visit: &Visit, leaver: &Leaver) -> Result<Response, Outage> {
        let last = self.departures_of(leaver).await?.into_iter().next();
        let path = last.map_or_else(|| leaver.page(), |last| at(&last));
        Ok(visit.see_other(&path))
    }
}

/// Where a departure's receipt is.
pub(super) fn at(departure: &Departure) -> String {
    format!("/portail/departs/{}", departure.id)
}

/// `POST /portail/situations/{id}/rouvrir`: undo. It opens the situation, and revives nothing.
pub(super) async fn reopen(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.situation(&visit, &id).await;
    console.reopened(&visit, found).await
}

/// `POST /portail/acces-locaux/{id}/rouvrir`: undo, likewise.
pub(super) async fn give_back(
    State(console): State<Console>,
    Path(id): Path<String>,
    visit: Visit,
) -> Response {
    let found = console.access(&visit, &id).await;
    console.reopened(&visit, found).await
}

impl Console {
    async fn reopened(&self, visit: &Visit, found: Found<Leaver>) -> Response {
        let answered = match found {
            Ok(Ok(leaver)) => self.undo(visit, &leaver).await,
            Ok(Err(instead)) => Ok(instead),
            Err(outage) => Err(outage),
        };
        answered.unwrap_or_else(|outage| pages::unavailable(visit.frame(), &outage))
    }

    async fn undo(&self, visit: &Visit, leaver: &Leaver) -> Result<Response, Outage> {
        let mandate = Mandate { structure: Some(leaver.structure.finess), for_authority: false };
        let (departures, by) = (&self.with.departures, visit.actor());
        let undone = match leaver.ending() {
            Ending::Situation(id) => {
                let keep = Keep::nothing();
                departures.reopen_situation(id, by, mandate, keep).await?.map(|_| ())
            }
            Ending::LocalAccess(id) => {
                let keep = Keep::nothing();
                departures.reopen_local_access(id, by, mandate, keep).await?.map(|_| ())
            }
        };
        match undone {
            Answered::Done(())
            | Answered::Replayed(_)
            | Answered::KeyReused
            | Answered::Refused(ReopenRefused::NotEnded) => Ok(visit.see_other(&leaver.page())),
            Answered::Refused(refused) => {
                Ok(pages::not_reopened(visit.frame(), refused, &leaver.page()))
            }
        }
    }
}
