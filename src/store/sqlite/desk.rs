//! What the pages of managers read.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::CardStanding,
    kernel::{Finess, LocalAccessId, Outage, Timestamp, journal::Entry},
    portal::{Desk, StaffAccess, StaffFilter, StaffRow, StaffState},
    registry::{AccessAt, LocalAccess, Situation},
};

use super::{
    Sqlite, damaged,
    standing::{access_row, card, local_accesses_where, situation_row},
    structures,
};

#[async_trait::async_trait]
impl Desk for Sqlite {
    async fn staff(&self, finess: Finess, filter: StaffFilter) -> Result<Vec<StaffRow>, Outage> {
        let words: Vec<&str> = filter.text.split_whitespace().collect();
        let words = serde_json::to_string(&words).map_err(damaged)?;
        self.read(|db| {
            let state = match filter.state {
                None => "TRUE",
                Some(StaffState::Present) => "t.ended_at IS NULL AND t.ends_at IS NULL",
                Some(StaffState::Leaving) => "t.ended_at IS NULL AND t.ends_at IS NOT NULL",
                Some(StaffState::Left) => "t.ended_at IS NOT NULL",
            };
            let found: Vec<_> = db
                .prepare_cached(&format!(
                    "SELECT p.validated_at, t.id, t.rpps, t.finess, t.authority, t.profession,
                         t.role, t.mode, t.started_on, t.last_day, t.ends_at, t.ended_at,
                         t.exercise_name, t.exercise_first_name
                     FROM situation t JOIN professional p ON p.rpps = t.rpps
                     WHERE t.finess = ?1 AND p.retired_at IS NULL AND {state}
                     AND NOT EXISTS (SELECT 1 FROM json_each(?2) AS word
                         WHERE instr(t.exercise_key, word.value) = 0
                         AND instr(t.rpps, word.value) <> 1)
                     ORDER BY t.ended_at IS NOT NULL, t.exercise_key, t.id LIMIT ?3 OFFSET ?4"
                ))?
                .query_map(params![finess.as_str(), words, filter.limit, filter.skip], |row| {
                    Ok((Timestamp(row.get(0)?), situation_row(row, 1)?))
                })?
                .collect::<Result<_, _>>()?;
            let row = |(validated_at, situation): (Timestamp, Situation)| {
                Ok(StaffRow {
                    // A retired number is not listed, and every other has a card's standing.
                    card: card(db, situation.rpps)?.unwrap_or(CardStanding::Blocked),
                    last_access: last_access(db, situation.rpps.as_str(), finess)?,
                    validated_at,
                    situation,
                })
            };
            found.into_iter().map(row).collect()
        })
    }

    async fn accesses(&self, finess: Finess) -> Result<Vec<StaffAccess>, Outage> {
        self.read(|db| {
            let found: Vec<_> = db
                .prepare_cached(
                    "SELECT a.id, a.rpps, a.finess, a.given_at, a.ends_at, a.ended_at,
                         t.exercise_first_name || ' ' || t.exercise_name
                     FROM local_access a LEFT JOIN situation t ON t.id =
                         (SELECT s.id FROM situation s WHERE s.rpps = a.rpps
                          ORDER BY s.ended_at IS NOT NULL, s.id LIMIT 1)
                     WHERE a.finess = ?1 AND a.ended_at IS NULL
                     ORDER BY t.exercise_key, a.id",
                )?
                .query_map(params![finess.as_str()], |row| {
                    let name: Option<String> = row.get(6)?;
                    Ok((access_row(row, 0)?, name.unwrap_or_default()))
                })?
                .collect::<Result<_, _>>()?;
            let row = |(access, name): (LocalAccess, String)| {
                let last_access = last_access(db, access.rpps.as_str(), finess)?;
                Ok(StaffAccess { access, name, last_access })
            };
            found.into_iter().map(row).collect()
        })
    }

    async fn access(&self, id: LocalAccessId) -> Result<Option<AccessAt>, Outage> {
        self.read(|db| {
            let found = local_accesses_where(db, "id = ?1", id.0)?.pop();
            let Some(access) = found else { return Ok(None) };
            let at = structures::find(db, access.finess)?;
            Ok(at.map(|structure| (access, structure)))
        })
    }

    async fn note(&self, entry: Entry) -> Result<(), Outage> {
        self.write_down(entry).await
    }
}

/// When somebody last entered software that was bound to that structure.
fn last_access(
    db: &Connection,
    rpps: &str,
    finess: Finess,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    let at: Option<Option<i64>> = db
        .prepare_cached("SELECT max(opened_at) FROM grant_ WHERE rpps = ?1 AND structure = ?2")?
        .query_row(params![rpps, finess.as_str()], |row| row.get(0))
        .optional()?;
    Ok(at.flatten().map(Timestamp))
}
