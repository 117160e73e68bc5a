//! The verbs of departures: end, take back, undo, look at.

use jiff::civil::Date;
use rusqlite::{Connection, params};

use crate::{
    departure::{
        Departure, Departures, EndFacts, EndRefused, EndRequest, Ended, Ending, Mandate, Outlook,
        ReopenRefused, Reopened, When, Withdrawn, may_give_back,
    },
    kernel::{
        DepartureId, Finess, LocalAccessId, Outage, Rpps, SituationId, Timestamp,
        journal::{Actor, Event},
        retry::{Answered, Keep, Kept, Once},
    },
    registry::{AccessAt, Authority, LocalAccess, Page, Situation, local_access::LocalAccessDraft},
};

use super::{
    Change, Lane, Sqlite, damaged, departure_rows,
    departures::{Leaving, accept, resume_card},
    habilitations, outage, outbox,
    registry::setting,
    standing::{local_accesses_where, situations_where, standing},
    structures::structure,
};

#[async_trait::async_trait]
impl Departures for Sqlite {
    async fn end_situation(
        &self,
        id: SituationId,
        request: EndRequest,
        keep: Keep<Ended>,
    ) -> Result<Answered<Ended, EndRefused>, Outage> {
        let rule = self.end_rule;
        self.change_kept(Lane::Departure, keep, move |change| {
            let Some(situation) = one_situation(change, id)? else {
                return Ok(Err(EndRefused::Unknown));
            };
            let when = match request.decide(&situation, change.calendar) {
                Ok(when) => when,
                Err(refused) => return Ok(Err(refused)),
            };
            let leaving = Leaving::of_situation(&situation);
            if let Err(refused) = confirmed(change, &leaving, &request, when)? {
                return Ok(Err(refused));
            }
            let departure = accept(change, rule, &leaving, &request, when)?;
            Ok(Ok(Ended {
                situation: one_situation(change, id)?.unwrap_or(situation),
                structure: structure(change.db, leaving.finess)?,
                departure: written(change, departure)?,
                owed: outbox::owed(change, departure)?,
            }))
        })
        .await
    }

    async fn end_local_access(
        &self,
        id: LocalAccessId,
        request: EndRequest,
        keep: Keep<Withdrawn>,
    ) -> Result<Answered<Withdrawn, EndRefused>, Outage> {
        let rule = self.end_rule;
        self.change_kept(Lane::Departure, keep, move |change| {
            let Some(access) = one_local_access(change, id)? else {
                return Ok(Err(EndRefused::Unknown));
            };
            let when = match request.decide_access(&access, change.calendar) {
                Ok(when) => when,
                Err(refused) => return Ok(Err(refused)),
            };
            let leaving = Leaving::of_access(&access);
            if let Err(refused) = confirmed(change, &leaving, &request, when)? {
                return Ok(Err(refused));
            }
            let departure = accept(change, rule, &leaving, &request, when)?;
            Ok(Ok(Withdrawn {
                local_access: one_local_access(change, id)?.unwrap_or(access),
                structure: structure(change.db, leaving.finess)?,
                departure: written(change, departure)?,
                owed: outbox::owed(change, departure)?,
            }))
        })
        .await
    }

    async fn foresee(
        &self,
        ending: Ending,
        request: EndRequest,
        calendar: Timestamp,
    ) -> Result<Result<Outlook, EndRefused>, Outage> {
        self.read(|db| {
            let decided = match ending {
                Ending::Situation(id) => situations_where(db, "id = ?1", id.0)?
                    .pop()
                    .map(|held| (request.decide(&held, calendar), Leaving::of_situation(&held))),
                Ending::LocalAccess(id) => {
                    local_accesses_where(db, "id = ?1", id.0)?.pop().map(|held| {
                        (request.decide_access(&held, calendar), Leaving::of_access(&held))
                    })
                }
            };
            let (when, leaving) = match decided {
                Some((Ok(when), leaving)) => (when, leaving),
                Some((Err(refused), _)) => return Ok(Err(refused)),
                None => return Ok(Err(EndRefused::Unknown)),
            };
            let facts = facts(db, &leaving, calendar.date())?.ok_or(EndRefused::Unknown);
            Ok(facts.map(|facts| request.outlook(ending, when, facts)))
        })
    }

    async fn reopen_situation(
        &self,
        id: SituationId,
        by: Actor,
        mandate: Mandate,
        keep: Keep<Reopened>,
    ) -> Result<Answered<Reopened, ReopenRefused>, Outage> {
        self.change_kept(Lane::Common, keep, move |change| {
            let Some(situation) = one_situation(change, id)? else {
                return Ok(Err(ReopenRefused::Unknown));
            };
            if let Err(refused) = may_reopen(change, &situation, &mandate)? {
                return Ok(Err(refused));
            }
            change.execute(
                "UPDATE situation SET ended_at = NULL, ends_at = NULL, last_day = NULL
                 WHERE id = ?1",
                params![id.0],
            )?;
            change.execute(
                "UPDATE departure SET state = 'undone' WHERE situation = ?1 AND state <> 'undone'",
                params![id.0],
            )?;
            let leaving = Leaving::of_situation(&situation);
            change.journal(&leaving.entry(Event::SituationReopened, &by))?;
            resume_card(change, situation.rpps, &by)?;
            let at = structure(change.db, situation.finess)?;
            Ok(Ok((one_situation(change, id)?.unwrap_or(situation), at)))
        })
        .await
    }

    async fn reopen_local_access(
        &self,
        id: LocalAccessId,
        by: Actor,
        mandate: Mandate,
        keep: Keep<AccessAt>,
    ) -> Result<Answered<AccessAt, ReopenRefused>, Outage> {
        self.change_kept(Lane::Common, keep, move |change| {
            let found = one_local_access(change, id)?;
            let Some(access) = found.filter(|access| mandate.reaches(access.finess)) else {
                return Ok(Err(ReopenRefused::Unknown));
            };
            let setting = setting(change.db, &LocalAccessDraft::again(&access)).map_err(outage)?;
            if let Err(refused) = may_give_back(&access, &setting) {
                return Ok(Err(refused));
            }
            change.execute(
                "UPDATE local_access SET ended_at = NULL, ends_at = NULL WHERE id = ?1",
                params![id.0],
            )?;
            change.execute(
                "UPDATE departure SET state = 'undone'
                 WHERE local_access = ?1 AND state <> 'undone'",
                params![id.0],
            )?;
            let leaving = Leaving::of_access(&access);
            change.journal(&leaving.entry(Event::LocalAccessReopened, &by))?;
            let at = structure(change.db, access.finess)?;
            Ok(Ok((one_local_access(change, id)?.unwrap_or(access), at)))
        })
        .await
    }

    async fn answered(&self, once: Once) -> Result<Option<Kept>, Outage> {
        self.answered_before(&once)
    }

    async fn departure(&self, id: DepartureId) -> Result<Option<Departure>, Outage> {
        let rows = self.read(|db| departure_rows::with_id(db, id))?;
        rows.into_iter().next().map(departure_rows::DepartureRow::parse).transpose()
    }

    async fn departures(
        &self,
        rpps: Option<Rpps>,
        finess: Option<Finess>,
        page: Page<DepartureId>,
    ) -> Result<Vec<Departure>, Outage> {
        let rows = self.read(|db| departure_rows::page(db, rpps, finess, page))?;
        rows.into_iter().map(departure_rows::DepartureRow::parse).collect()
    }
}

/// What an outlook is made of. `None`: the number is retired.
fn facts(
    db: &Connection,
    leaving: &Leaving,
    today: Date,
) -> Result<Option<EndFacts>, rusqlite::Error> {
    let Some(before) = standing(db, leaving.rpps, today)? else { return Ok(None) };
    let managers = habilitations::held_at(db, leaving.finess)?;
    let managers = managers.into_iter().map(|held| held.rpps).collect();
    let last = departure_rows::last_of(db, leaving.ending)?;
    Ok(Some(EndFacts { before, managers, last }))
}

/// Whether the asker confirms what this transaction would do.
fn confirmed(
    change: &Change<'_>,
    leaving: &Leaving,
    request: &EndRequest,
    when: When,
) -> Result<Result<(), EndRefused>, Outage> {
    if request.seen.is_none() {
        return Ok(Ok(()));
    }
    let facts = facts(change.db, leaving, change.calendar.date()).map_err(outage)?;
    let outlook = facts.map(|facts| request.outlook(leaving.ending, when, facts));
    Ok(outlook.map_or(Err(EndRefused::Unknown), |outlook| request.confirms(&outlook)))
}

fn one_situation(change: &Change<'_>, id: SituationId) -> Result<Option<Situation>, Outage> {
    Ok(situations_where(change.db, "id = ?1", id.0).map_err(outage)?.pop())
}

fn one_local_access(change: &Change<'_>, id: LocalAccessId) -> Result<Option<LocalAccess>, Outage> {
    Ok(local_accesses_where(change.db, "id = ?1", id.0).map_err(outage)?.pop())
}

/// What this transaction wrote.
fn written(change: &Change<'_>, id: DepartureId) -> Result<Departure, Outage> {
    let rows = departure_rows::with_id(change.db, id).map_err(outage)?;
    let row = rows.into_iter().next().ok_or_else(|| damaged("a departure that was not written"))?;
    row.parse()
}

fn may_reopen(
    change: &Change<'_>,
    situation: &Situation,
    mandate: &Mandate,
) -> Result<Result<(), ReopenRefused>, Outage> {
    let facts: (bool, bool) = change
        .db
        .prepare_cached(
            "SELECT p.retired_at IS NOT NULL, s.closed_at IS NOT NULL
             FROM professional p, structure s WHERE p.rpps = ?1 AND s.finess = ?2",
        )
        .and_then(|mut s| {
            let key = params![situation.rpps.as_str(), situation.finess.as_str()];
            s.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .map_err(outage)?;
    let is_employers = situation.authority == Authority::Employer;
    Ok(match facts {
        _ if !mandate.reaches(situation.finess) => Err(ReopenRefused::Unknown),
        _ if !is_employers && !mandate.for_authority => Err(ReopenRefused::OtherAuthority),
        (true, _) => Err(ReopenRefused::Retired),
        (false, true) => Err(ReopenRefused::StructureClosed),
        _ if situation.is_open() && situation.ends_at.is_none() => Err(ReopenRefused::NotEnded),
        (false, false) => Ok(()),
    })
}
