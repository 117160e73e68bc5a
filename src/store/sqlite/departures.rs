//! Ends: due ones, asked ones, and their undoing.

use rusqlite::{OptionalExtension, params};

use crate::{
    access::Standing,
    departure::{
        Departure, DepartureState, Departures, EndRefused, EndRequest, Ended, Ending, Mandate,
        Plan, ReopenRefused, Reopened, When, Withdrawn,
    },
    kernel::{
        DepartureId, Finess, LocalAccessId, Outage, Rpps, SituationId, Timestamp,
        journal::{Actor, Entry, Event},
        retry::{Answered, Keep},
    },
    registry::{Authority, LocalAccess, Page, Situation},
};

use super::{
    Change, Lane, Sqlite, damaged, departure_rows, outage,
    standing::{local_accesses_where, situations_where, standing},
    structures::structure,
};

/// What an end closes: `departure::plan`.
pub type EndRule = fn(&Standing, Ending, &Actor) -> Plan;

/// Ends all that is due on the calendar clock, oldest first. Late because the process was down
/// changes nothing.
pub(super) fn fire_due(change: &mut Change<'_>, rule: EndRule) -> Result<(), Outage> {
    let calendar = change.calendar.0;
    let due = "ended_at IS NULL AND ends_at IS NOT NULL AND ends_at <= ?1";
    let mut ends: Vec<(Timestamp, Leaving)> = Vec::new();
    for situation in situations_where(change.db, due, calendar).map_err(outage)? {
        ends.push((situation.ends_at.unwrap_or_default(), Leaving::of_situation(&situation)));
    }
    for access in local_accesses_where(change.db, due, calendar).map_err(outage)? {
        let ending = Ending::LocalAccess(access.id);
        let leaving = Leaving { ending, rpps: access.rpps, finess: access.finess };
        ends.push((access.ends_at.unwrap_or_default(), leaving));
    }
    ends.sort_by_key(|(at, _)| *at);
    for (at, leaving) in ends {
        let scheduled = scheduled(change, leaving.ending)?;
        let departure = match scheduled {
            Some(departure) => departure,
            None => write(change, &leaving, at, None, &Actor::Gateway)?,
        };
        end_now(change, rule, &leaving, departure, &Actor::Gateway)?;
    }
    Ok(())
}

/// Who leaves what.
struct Leaving {
    ending: Ending,
    rpps: Rpps,
    finess: Finess,
}

impl Leaving {
    fn of_situation(situation: &Situation) -> Self {
        let ending = Ending::Situation(situation.id);
        Self { ending, rpps: situation.rpps, finess: situation.finess }
    }

    fn entry(&self, event: Event, by: &Actor) -> Entry {
        let (situation, local_access) = match self.ending {
            Ending::Situation(id) => (Some(id), None),
            Ending::LocalAccess(id) => (None, Some(id)),
        };
        Entry {
            person: Some(self.rpps),
            structure: Some(self.finess),
            situation,
            local_access,
            ..Entry::new(event, by.clone())
        }
    }
}

/// The end itself: the stored fact, what the rule says that it closes, and the departure done.
fn end_now(
    change: &mut Change<'_>,
    rule: EndRule,
    leaving: &Leaving,
    departure: DepartureId,
    by: &Actor,
) -> Result<(), Outage> {
    let before = standing(change.db, leaving.rpps).map_err(outage)?;
    let plan = before.map(|before| rule(&before, leaving.ending, by));
    let (table, id, event) = match leaving.ending {
        Ending::Situation(id) => ("situation", id.0, Event::SituationEnded),
        Ending::LocalAccess(id) => ("local_access", id.0, Event::LocalAccessWithdrawn),
    };
    let sql = format!("UPDATE {table} SET ended_at = ?2 WHERE id = ?1");
    change.execute(&sql, params![id, change.calendar.0])?;
    change.execute(
        "UPDATE departure SET state = 'done', done_at = ?2, revision = ?3 WHERE id = ?1",
        params![departure.0, change.now.0, change.revision.0.cast_signed()],
    )?;
    let entry = leaving.entry(event, by);
    change.journal(&Entry {
        departure: Some(departure),
        revision: Some(change.revision),
        ..entry
    })?;
    let Some(plan) = plan else { return Ok(()) };
    if plan.suspends_card {
        let sql = "UPDATE card SET suspended = 1 WHERE rpps = ?1";
        if change.execute(sql, params![leaving.rpps.as_str()])? == 1 {
            change.journal(&leaving.entry(Event::CardSuspended, by))?;
        }
    }
    match plan.closing {
        Some(closing) => change.close(&closing, Some(departure)),
        None => Ok(()),
    }
}

/// A card that was suspended for want of a situation resumes, if its phone still holds it; a
/// blocked one stays blocked. Called wherever a situation opens.
pub(super) fn resume_card(change: &Change<'_>, rpps: Rpps, by: &Actor) -> Result<(), Outage> {
    let sql = "UPDATE card SET suspended = 0 WHERE rpps = ?1 AND suspended = 1";
    if change.execute(sql, params![rpps.as_str()])? == 1 {
        let entry = Entry::new(Event::CardResumed, by.clone());
        change.journal(&Entry { person: Some(rpps), ..entry })?;
    }
    Ok(())
}

fn scheduled(change: &Change<'_>, ending: Ending) -> Result<Option<DepartureId>, Outage> {
    let (column, id) = match ending {
        Ending::Situation(id) => ("situation", id.0),
        Ending::LocalAccess(id) => ("local_access", id.0),
    };
    let sql = format!("SELECT id FROM departure WHERE {column} = ?1 AND state = 'scheduled'");
    change
        .db
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_row(params![id], |row| row.get(0)).optional())
        .map(|id| id.map(DepartureId))
        .map_err(outage)
}

fn write(
    change: &Change<'_>,
    leaving: &Leaving,
    due_at: Timestamp,
    reason: Option<&str>,
    by: &Actor,
) -> Result<DepartureId, Outage> {
    let id = DepartureId(change.random.id(change.now));
    let (situation, local_access) = match leaving.ending {
        Ending::Situation(id) => (Some(id.0), None),
        Ending::LocalAccess(id) => (None, Some(id.0)),
    };
    change.execute(
        "INSERT INTO departure (id, rpps, finess, situation, local_access, state, due_at, reason,
             by, asked_at) VALUES (?1, ?2, ?3, ?4, ?5, 'scheduled', ?6, ?7, ?8, ?9)",
        params![
            id.0,
            leaving.rpps.as_str(),
            leaving.finess.as_str(),
            situation,
            local_access,
            due_at.0,
            reason,
            serde_json::to_string(by).map_err(damaged)?,
            change.now.0
        ],
    )?;
    Ok(id)
}

/// Writes what was asked and decided: an earlier schedule of the same end is called off first.
fn accept(
    change: &mut Change<'_>,
    rule: EndRule,
    leaving: &Leaving,
    request: &EndRequest,
    when: When,
) -> Result<DepartureId, Outage> {
    if let Some(earlier) = scheduled(change, leaving.ending)? {
        let sql = "UPDATE departure SET state = 'undone' WHERE id = ?1";
        change.execute(sql, params![earlier.0])?;
    }
    let (due_at, last_day) = match when {
        When::Now => (change.calendar, change.calendar.date()),
        When::Later { at, last_day } => (at, last_day),
    };
    let departure = write(change, leaving, due_at, request.reason.as_deref(), &request.by)?;
    match leaving.ending {
        Ending::Situation(id) => change.execute(
            "UPDATE situation SET ends_at = ?2, last_day = ?3 WHERE id = ?1",
            params![id.0, due_at.0, last_day.to_string()],
        )?,
        Ending::LocalAccess(id) => change.execute(
            "UPDATE local_access SET ends_at = ?2 WHERE id = ?1",
            params![id.0, due_at.0],
        )?,
    };
    match when {
        When::Now => end_now(change, rule, leaving, departure, &request.by)?,
        When::Later { .. } => {
            let entry = leaving.entry(Event::SituationEndScheduled, &request.by);
            change.journal(&Entry { departure: Some(departure), ..entry })?;
        }
    }
    Ok(departure)
}

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

/// How a departure's state is stored.
pub(super) fn state(text: &str) -> Result<DepartureState, Outage> {
    match text {
        "scheduled" => Ok(DepartureState::Scheduled),
        "done" => Ok(DepartureState::Done),
        "undone" => Ok(DepartureState::Undone),
        other => Err(damaged(format!("a departure in state {other}"))),
    }
}
