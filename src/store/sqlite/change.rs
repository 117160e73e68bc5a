//! What a transaction may do: write, journal, take a *once*; and, holding the head, close.

use std::ops::Deref;

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::Closing,
    kernel::{
        DepartureId, Epoch, Outage, Revision, Timestamp,
        journal::{self, Entry},
        letter::Letter,
        random::Random,
    },
};

use super::{EndRule, damaged, departures, outage, requests};

/// A transaction of the writer, with the two clocks read once.
pub(super) struct Write<'a> {
    pub(super) db: &'a Connection,
    /// Protocol clock.
    pub(super) now: Timestamp,
    /// Calendar clock.
    pub(super) calendar: Timestamp,
}

impl<'a> Write<'a> {
    pub(super) fn begin(db: &'a Connection, now: Timestamp) -> Result<Self, Outage> {
        let lead: i64 = db
            .prepare_cached("SELECT calendar_lead FROM head")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(outage)?;
        Ok(Self { db, now, calendar: Timestamp(now.0.saturating_add(lead)) })
    }

    /// Runs one statement.
    pub(super) fn execute(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<usize, Outage> {
        self.db.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(outage)
    }

    /// Appends a line to the journal.
    pub(super) fn journal(&self, entry: &Entry) -> Result<(), Outage> {
        self.append(entry).map(|_| ())
    }

    /// Appends a line to the journal, and answers its number. The writer is alone, so the last line
    /// is the last.
    fn append(&self, entry: &Entry) -> Result<i64, Outage> {
        let last: Option<(i64, String)> = self
            .db
            .prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
            .and_then(|mut statement| {
                statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(outage)?;
        let (seq, previous) = last.unwrap_or_else(|| (0, journal::GENESIS.to_owned()));
        let seq = seq + 1;
        let text = serde_json::to_string(entry).map_err(damaged)?;
        let hash = journal::chain(&previous, seq.cast_unsigned(), self.now, self.calendar, &text);
        self.execute(
            "INSERT INTO journal (seq, at, calendar, entry, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![seq, self.now.0, self.calendar.0, text, hash],
        )?;
        Ok(seq)
    }

    /// Takes what may happen once. True for exactly one caller, ever (until `until`, after which
    /// the thing itself has expired).
    pub(super) fn once(&self, kind: &str, key: &[u8], until: Timestamp) -> Result<bool, Outage> {
        let sql = "INSERT INTO once (kind, key, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, params![kind, key, until.0])? == 1)
    }

    /// Owes somebody a mail; it leaves after the commit, and again until it left.
    pub(super) fn owe(&self, letter: &Letter, random: &dyn Random) -> Result<(), Outage> {
        let text = serde_json::to_string(letter).map_err(damaged)?;
        self.execute(
            "INSERT INTO letter (id, letter, due_at) VALUES (?1, ?2, ?3)",
            params![random.id(self.now), text, self.now.0],
        )?;
        Ok(())
    }
}

/// A transaction that changes rights or cuts: the head is locked, and one more.
pub(super) struct Change<'a> {
    write: Write<'a>,
    /// The time line.
    pub(super) epoch: Epoch,
    /// The revision that this transaction makes.
    pub(super) revision: Revision,
    pub(super) random: &'a dyn Random,
    ordinal: i64,
}

impl<'a> Deref for Change<'a> {
    type Target = Write<'a>;
    fn deref(&self) -> &Write<'a> {
        &self.write
    }
}

impl<'a> Change<'a> {
    pub(super) fn begin(
        db: &'a Connection,
        now: Timestamp,
        random: &'a dyn Random,
        rule: EndRule,
    ) -> Result<Self, Outage> {
        let write = Write::begin(db, now)?;
        let (epoch, revision, next_due): (uuid::Uuid, i64, Option<i64>) = db
            .prepare_cached("SELECT epoch, revision, next_due FROM head")
            .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))))
            .map_err(outage)?;
        let revision = Revision(revision.cast_unsigned()).next();
        let calendar = write.calendar;
        let mut change = Self { write, epoch: Epoch(epoch), revision, random, ordinal: 0 };
        if next_due.is_some_and(|due| Timestamp(due) <= calendar) {
            departures::fire_due(&mut change, rule)?;
            requests::lapse_due(&change)?;
        }
        Ok(change)
    }

    /// Writes a closing, whole: the cut, its journal line and, with the cut, the obligation to tell
    /// (`told` is still 0).
    pub(super) fn close(
        &mut self,
        closing: &Closing,
        departure: Option<DepartureId>,
    ) -> Result<(), Outage> {
        let scope = serde_json::to_string(&closing.scope).map_err(damaged)?;
        let cause = serde_json::to_string(&closing.cause).map_err(damaged)?;
        let line = self.append(&Entry {
            revision: Some(self.revision),
            departure: departure.or(closing.entry.departure),
            ..closing.entry.clone()
        })?;
        self.execute(
            "INSERT INTO cut (revision, ordinal, at, scope, cause, departure, line)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.revision.0.cast_signed(),
                self.ordinal,
                self.now.0,
                scope,
                cause,
                departure.map(|id| id.0),
                line
            ],
        )?;
        self.ordinal += 1;
        Ok(())
    }

    /// Moves the head, last.
    pub(super) fn finish(self) -> Result<(), Outage> {
        let revision = self.revision.0.cast_signed();
        self.execute(
            "INSERT INTO revision (revision, epoch, at)
             SELECT ?1, ?2, max(?3, coalesce((SELECT max(at) FROM revision), ?3))",
            params![revision, self.epoch.0, self.now.0],
        )?;
        self.execute(
            "UPDATE head SET revision = ?1, next_due = (SELECT min(due) FROM (
                 SELECT min(ends_at) AS due FROM situation
                  WHERE ends_at IS NOT NULL AND ended_at IS NULL
                 UNION ALL SELECT min(ends_at) FROM local_access
                  WHERE ends_at IS NOT NULL AND ended_at IS NULL
                 UNION ALL SELECT min(lapses_at) FROM request WHERE state = 'to_process'))",
            params![revision],
        )?;
        Ok(())
    }
}
