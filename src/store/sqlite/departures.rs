//! Ends: due ones, asked ones, and their undoing.

use rusqlite::{OptionalExtension, params};

use crate::{
    access::Standing,
    departure::{DepartureState, EndRequest, Ending, Plan, When},
    kernel::{
        DepartureId, Finess, Outage, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
    },
    registry::{LocalAccess, Situation},
};

use super::{
    Change, damaged, outage,
    standing::{local_accesses_where, situations_where, standing},
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
        ends.push((access.ends_at.unwrap_or_default(), Leaving::of_access(&access)));
    }
    ends.sort_by_key(|(at, _)| *at);
    for (at, leaving) in ends {
        let scheduled = scheduled(change, leaving.ending)?;
        let departure = match scheduled {
            Some(departure) => departure,
            None => write(change, &leaving, at, None, &Actor::Gateway)?,
        };
        end_now(change, rule, &leaving, (departure, at), &Actor::Gateway)?;
    }
    Ok(())
}

/// Who leaves what.
pub(super) struct Leaving {
    pub(super) ending: Ending,
    pub(super) rpps: Rpps,
    pub(super) finess: Finess,
}

impl Leaving {
    pub(super) fn of_situation(situation: &Situation) -> Self {
        let ending = Ending::Situation(situation.id);
        Self { ending, rpps: situation.rpps, finess: situation.finess }
    }

    pub(super) fn of_access(access: &LocalAccess) -> Self {
        let ending = Ending::LocalAccess(access.id);
        Self { ending, rpps: access.rpps, finess: access.finess }
    }

    pub(super) fn entry(&self, event: Event, by: &Actor) -> Entry {
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

/// The end itself: the stored fact, what the rule says that it closes, and the departure done. What
/// was due ended at the moment `at` which it was due at, however late that is done.
fn end_now(
    change: &mut Change<'_>,
    rule: EndRule,
    leaving: &Leaving,
    (departure, at): (DepartureId, Timestamp),
    by: &Actor,
) -> Result<(), Outage> {
    let before = standing(change.db, leaving.rpps, change.calendar.date()).map_err(outage)?;
    let plan = before.map(|before| rule(&before, leaving.ending, by));
    let (table, id, event) = match leaving.ending {
        Ending::Situation(id) => ("situation", id.0, Event::SituationEnded),
        Ending::LocalAccess(id) => ("local_access", id.0, Event::LocalAccessWithdrawn),
    };
    let sql = format!("UPDATE {table} SET ended_at = ?2 WHERE id = ?1");
    change.execute(&sql, params![id, at.0])?;
    change.execute(
        "UPDATE departure SET state = 'done', done_at = ?2, revision = ?3 WHERE id = ?1",
        params![departure.0, change.calendar.0, change.revision.0.cast_signed()],
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
pub(super) fn accept(
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
        When::Now => end_now(change, rule, leaving, (departure, due_at), &request.by)?,
        When::Later { .. } => {
            let entry = leaving.entry(Event::SituationEndScheduled, &request.by);
            change.journal(&Entry { departure: Some(departure), ..entry })?;
        }
    }
    Ok(departure)
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
