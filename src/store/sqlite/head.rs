//! Reading the head, the floor and the cuts.

use rusqlite::{Connection, params};

use crate::{
    access::{Cut, HeadReading, Heads, MEMORY},
    kernel::{Epoch, Outage, Revision, Timestamp, time::Span},
};

use super::{Lane, Sqlite, damaged};

/// The floor moves slowly and an old one is safe: it is looked up once a second.
#[derive(Default)]
pub(super) struct FloorCache {
    read_at: Option<Timestamp>,
    epoch: Option<Epoch>,
    floor: Revision,
}

const FLOOR_LIFE: Span = Span::seconds(1);

#[async_trait::async_trait]
impl Heads for Sqlite {
    async fn read_head(&self, known: Option<(Epoch, Revision)>) -> Result<HeadReading, Outage> {
        let now = self.clock.now();
        let HeadRow { epoch, revision, next_due, calendar_lead } = self.read_one(head_row)?;
        let floor = self.floor(epoch, now)?;
        let after = match known {
            Some((known_epoch, known_revision)) if known_epoch == epoch => known_revision,
            Some(_) | None => floor,
        };
        // Cuts are committed with their revision: read after the head, those up to it are all there.
        let rows = if after < revision {
            self.read_one(|db| cuts_where(db, "revision > ?1", after.0.cast_signed()))?
        } else {
            Vec::new()
        };
        Ok(HeadReading {
            epoch,
            revision,
            floor,
            end_due: next_due.is_some_and(|due| due <= now.0.saturating_add(calendar_lead)),
            cuts: rows.into_iter().map(CutRow::parse).collect::<Result<_, _>>()?,
            calendar_lead,
        })
    }

    async fn fire_due_ends(&self) -> Result<(), Outage> {
        // Every change begins by firing what is due.
        self.change(Lane::Departure, |_| Ok(())).await
    }
}

struct HeadRow {
    epoch: Epoch,
    revision: Revision,
    next_due: Option<i64>,
    calendar_lead: i64,
}

/// One statement and nothing around it: every question of every door waits for this.
fn head_row(db: &Connection) -> Result<HeadRow, rusqlite::Error> {
    db.prepare_cached("SELECT epoch, revision, next_due, calendar_lead FROM head")?.query_row(
        [],
        |row| {
            Ok(HeadRow {
                epoch: Epoch(row.get(0)?),
                revision: Revision(row.get::<_, i64>(1)?.cast_unsigned()),
                next_due: row.get(2)?,
                calendar_lead: row.get(3)?,
            })
        },
    )
}

impl Sqlite {
    fn floor(&self, epoch: Epoch, now: Timestamp) -> Result<Revision, Outage> {
        let mut cache = self.floor.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fresh = cache.read_at.is_some_and(|at| at <= now && now - at < FLOOR_LIFE);
        if fresh && cache.epoch == Some(epoch) {
            return Ok(cache.floor);
        }
        let floor: i64 = self.read_one(|db| {
            db.prepare_cached(
                "SELECT coalesce(max(revision), 0) FROM revision WHERE at <= ?1 AND epoch = ?2",
            )?
            .query_row(params![(now - MEMORY).0, epoch.0], |row| row.get(0))
        })?;
        let floor = Revision(floor.cast_unsigned());
        *cache = FloorCache { read_at: Some(now), epoch: Some(epoch), floor };
        Ok(floor)
    }
}

/// A cut, not yet understood.
pub(super) struct CutRow {
    revision: i64,
    ordinal: i64,
    at: i64,
    scope: String,
    cause: String,
}

impl CutRow {
    /// Revision and place in its transaction.
    pub(super) fn key(&self) -> (i64, i64) {
        (self.revision, self.ordinal)
    }

    pub(super) fn parse(self) -> Result<Cut, Outage> {
        Ok(Cut {
            revision: Revision(self.revision.cast_unsigned()),
            at: Timestamp(self.at),
            scope: serde_json::from_str(&self.scope).map_err(damaged)?,
            cause: serde_json::from_str(&self.cause).map_err(damaged)?,
        })
    }
}

/// Cuts that satisfy `condition` on one parameter, oldest first.
pub(super) fn cuts_where(
    db: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<CutRow>, rusqlite::Error> {
    let order = "ORDER BY revision, ordinal";
    db.prepare_cached(&format!(
        "SELECT revision, ordinal, at, scope, cause FROM cut WHERE {condition} {order}"
    ))?
    .query_map(params![parameter], |row| {
        Ok(CutRow {
            revision: row.get(0)?,
            ordinal: row.get(1)?,
            at: row.get(2)?,
            scope: row.get(3)?,
            cause: row.get(4)?,
        })
    })?
    .collect()
}
