//! Departures read back, with what they cut.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    access::Cut,
    departure::{Departure, Ending},
    kernel::{DepartureId, Finess, LocalAccessId, Outage, Revision, Rpps, SituationId, Timestamp},
    registry::Page,
};

use super::{damaged, departures::state, head::CutRow, only_if, standing::parsed};

/// A row and its cuts, not yet understood.
pub(super) struct DepartureRow {
    departure: Departure,
    state: String,
    by: String,
    cuts: Vec<CutRow>,
}

impl DepartureRow {
    pub(super) fn parse(self) -> Result<Departure, Outage> {
        Ok(Departure {
            state: state(&self.state)?,
            by: serde_json::from_str(&self.by).map_err(damaged)?,
            cuts: self.cuts.into_iter().map(CutRow::parse).collect::<Result<Vec<Cut>, _>>()?,
            ..self.departure
        })
    }
}

const COLUMNS: &str = "SELECT id, rpps, finess, situation, local_access, state, due_at, reason,
    by, done_at, revision FROM departure";

pub(super) fn with_id(
    db: &Connection,
    id: DepartureId,
) -> Result<Vec<DepartureRow>, rusqlite::Error> {
    let rows = db
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_map(params![id.0], row)?
        .collect::<Result<Vec<_>, _>>()?;
    with_cuts(db, rows)
}

/// Newest first, as they were written: two in one millisecond have no order by identifier.
pub(super) fn page(
    db: &Connection,
    rpps: Option<Rpps>,
    finess: Option<Finess>,
    page: Page<DepartureId>,
) -> Result<Vec<DepartureRow>, rusqlite::Error> {
    let whose = only_if(rpps.is_some(), "rpps", 1);
    let place = only_if(finess.is_some(), "finess", 2);
    let rows = db
        .prepare_cached(&format!(
            "{COLUMNS} WHERE {whose} AND {place}
             AND (?3 IS NULL OR seq < (SELECT seq FROM departure WHERE id = ?3))
             ORDER BY seq DESC LIMIT ?4"
        ))?
        .query_map(
            params![
                rpps.map(String::from),
                finess.map(String::from),
                page.after.map(|after| after.0),
                page.limit
            ],
            row,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    with_cuts(db, rows)
}

/// The last departure of what `ending` names, whatever became of it.
pub(super) fn last_of(
    db: &Connection,
    ending: Ending,
) -> Result<Option<DepartureId>, rusqlite::Error> {
    let (column, id) = match ending {
        Ending::Situation(id) => ("situation", id.0),
        Ending::LocalAccess(id) => ("local_access", id.0),
    };
    let sql = format!("SELECT id FROM departure WHERE {column} = ?1 ORDER BY seq DESC LIMIT 1");
    let last = db.prepare_cached(&sql)?.query_row(params![id], |row| row.get(0)).optional()?;
    Ok(last.map(DepartureId))
}

fn with_cuts(
    db: &Connection,
    mut rows: Vec<DepartureRow>,
) -> Result<Vec<DepartureRow>, rusqlite::Error> {
    for row in &mut rows {
        row.cuts = super::head::cuts_where(db, "departure = ?1", row.departure.id.0)?;
    }
    Ok(rows)
}

fn row(row: &Row<'_>) -> Result<DepartureRow, rusqlite::Error> {
    let situation: Option<uuid::Uuid> = row.get(3)?;
    let ending = match situation {
        Some(id) => Ending::Situation(SituationId(id)),
        None => Ending::LocalAccess(LocalAccessId(row.get(4)?)),
    };
    Ok(DepartureRow {
        departure: Departure {
            id: DepartureId(row.get(0)?),
            rpps: parsed(row, 1)?,
            finess: parsed(row, 2)?,
            ending,
            state: crate::departure::DepartureState::Scheduled,
            due_at: Timestamp(row.get(6)?),
            reason: row.get(7)?,
            by: crate::kernel::journal::Actor::Gateway,
            done_at: row.get::<_, Option<i64>>(9)?.map(Timestamp),
            revision: row.get::<_, Option<i64>>(10)?.map(|r| Revision(r.cast_unsigned())),
            cuts: Vec::new(),
        },
        state: row.get(5)?,
        by: row.get(8)?,
        cuts: Vec::new(),
    })
}
