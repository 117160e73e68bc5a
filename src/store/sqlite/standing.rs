//! Card, situations and local accesses of one person, in one snapshot.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    access::{CardStanding, Standing},
    kernel::{Finess, LocalAccessId, Rpps, SituationId, Timestamp},
    registry::{Authority, LocalAccess, Situation},
};

use super::Sqlite;

const SITUATION: &str = "SELECT id, rpps, finess, authority, profession, role, mode, started_on,
    last_day, ends_at, ended_at, exercise_name, exercise_first_name FROM situation";
const LOCAL_ACCESS: &str = "SELECT id, rpps, finess, given_at, ends_at, ended_at FROM local_access";

/// What one person may enter on `day`, as of this snapshot. `None`: nobody has this number, or it is
/// retired.
pub(super) fn standing(
    db: &Connection,
    rpps: Rpps,
    day: Date,
) -> Result<Option<Standing>, rusqlite::Error> {
    let Some(card) = card(db, rpps)? else { return Ok(None) };
    standing_with(db, (rpps, card), day).map(Some)
}

/// The same for somebody whose card was read in this snapshot.
pub(super) fn standing_with(
    db: &Connection,
    (rpps, card): (Rpps, CardStanding),
    day: Date,
) -> Result<Standing, rusqlite::Error> {
    let open = "rpps = ?1 AND ended_at IS NULL";
    let (situations, upcoming) = situations_where(db, open, rpps.as_str())?
        .into_iter()
        .partition(|situation| situation.has_begun(day));
    let local_accesses = local_accesses_where(db, open, rpps.as_str())?;
    Ok(Standing { rpps, card, situations, upcoming, local_accesses })
}

/// What tells how a card stands.
pub(super) const CARD: &str =
    "coalesce(c.blocked, 0), coalesce(c.suspended, 0), c.device IS NOT NULL";
/// Where it is read: of one person, unless the number is retired.
pub(super) const OF_HOLDER: &str = "FROM professional p LEFT JOIN card c ON c.rpps = p.rpps
    WHERE p.rpps = ?1 AND p.retired_at IS NULL";

/// How the card of one person stands. `None`: nobody has this number, or it is retired.
pub(super) fn card(db: &Connection, rpps: Rpps) -> Result<Option<CardStanding>, rusqlite::Error> {
    db.prepare_cached(&format!("SELECT {CARD} {OF_HOLDER}"))?
        .query_row(params![rpps.as_str()], card_row)
        .optional()
}

/// A card, from the columns of [`CARD`].
pub(super) fn card_row(row: &Row<'_>) -> Result<CardStanding, rusqlite::Error> {
    let (blocked, suspended, held): (bool, bool, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(match (blocked, suspended, held) {
        (true, _, _) => CardStanding::Blocked,
        (false, true, _) => CardStanding::Suspended,
        (false, false, true) => CardStanding::Active,
        (false, false, false) => CardStanding::NotActivated,
    })
}

impl Sqlite {
    /// Today on the calendar clock, as of this snapshot.
    pub(super) fn today(&self, db: &Connection) -> Result<Date, rusqlite::Error> {
        let lead: i64 =
            db.prepare_cached("SELECT calendar_lead FROM head")?.query_row([], |row| row.get(0))?;
        Ok(Timestamp(self.clock.now().0.saturating_add(lead)).date())
    }
}

/// Situations that satisfy `condition` on one parameter, oldest first.
pub(super) fn situations_where(
    db: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<Situation>, rusqlite::Error> {
    db.prepare_cached(&format!("{SITUATION} WHERE {condition} ORDER BY id"))?
        .query_map(params![parameter], situation)?
        .collect()
}

/// Local accesses that satisfy `condition` on one parameter, oldest first.
pub(super) fn local_accesses_where(
    db: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<LocalAccess>, rusqlite::Error> {
    db.prepare_cached(&format!("{LOCAL_ACCESS} WHERE {condition} ORDER BY id"))?
        .query_map(params![parameter], local_access)?
        .collect()
}

fn situation(row: &Row<'_>) -> Result<Situation, rusqlite::Error> {
    situation_row(row, 0)
}

/// A situation, from the columns at `start` on.
pub(super) fn situation_row(row: &Row<'_>, start: usize) -> Result<Situation, rusqlite::Error> {
    let last_day = start + 8;
    Ok(Situation {
        id: SituationId(row.get(start)?),
        rpps: parsed::<Rpps>(row, start + 1)?,
        finess: parsed::<Finess>(row, start + 2)?,
        authority: authority(row, start + 3)?,
        profession: row.get(start + 4)?,
        role: row.get(start + 5)?,
        mode: row.get(start + 6)?,
        started_on: parsed(row, start + 7)?,
        last_day: match row.get::<_, Option<String>>(last_day)? {
            Some(_) => Some(parsed(row, last_day)?),
            None => None,
        },
        ends_at: row.get::<_, Option<i64>>(start + 9)?.map(Timestamp),
        ended_at: row.get::<_, Option<i64>>(start + 10)?.map(Timestamp),
        exercise_name: row.get(start + 11)?,
        exercise_first_name: row.get(start + 12)?,
    })
}

fn local_access(row: &Row<'_>) -> Result<LocalAccess, rusqlite::Error> {
    access_row(row, 0)
}

/// A local access, from the columns at `start` on.
pub(super) fn access_row(row: &Row<'_>, start: usize) -> Result<LocalAccess, rusqlite::Error> {
    Ok(LocalAccess {
        id: LocalAccessId(row.get(start)?),
        rpps: parsed(row, start + 1)?,
        finess: parsed(row, start + 2)?,
        given_at: Timestamp(row.get(start + 3)?),
        ends_at: row.get::<_, Option<i64>>(start + 4)?.map(Timestamp),
        ended_at: row.get::<_, Option<i64>>(start + 5)?.map(Timestamp),
    })
}

/// The text of a column, as the type that it was written from.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// How an authority is stored.
pub(super) const fn authority_name(authority: Authority) -> &'static str {
    match authority {
        Authority::Employer => "employer",
        Authority::Ordre => "ordre",
        Authority::Ars => "ars",
    }
}

fn authority(row: &Row<'_>, column: usize) -> Result<Authority, rusqlite::Error> {
    let text: String = row.get(column)?;
    [Authority::Employer, Authority::Ordre, Authority::Ars]
        .into_iter()
        .find(|authority| authority_name(*authority) == text)
        .ok_or(rusqlite::Error::InvalidColumnType(column, text, rusqlite::types::Type::Text))
}
