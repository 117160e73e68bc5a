//! The verbs of departures: end, take back, undo, look at.

use rusqlite::params;

use crate::{
    departure::{
        Departure, Departures, EndRefused, EndRequest, Ended, Ending, Mandate, ReopenRefused,
        Reopened, Withdrawn,
    },
    kernel::{
        DepartureId, Finess, LocalAccessId, Outage, Rpps, SituationId,
        journal::{Actor, Event},
        retry::{Answered, Keep},
    },
    registry::{Authority, LocalAccess, Page, Situation},
};

use super::{
    Change, Lane, Sqlite, damaged, departure_rows,
    departures::{Leaving, accept, resume_card},
    outage, outbox,
    standing::{local_accesses_where, situations_where},
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
            let ending = Ending::LocalAccess(id);
            let leaving = Leaving { ending, rpps: access.rpps, finess: access.finess };
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
