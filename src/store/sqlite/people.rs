//! People read whole: for the API, and for the public directory.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::CardStanding,
    kernel::{Finess, Outage, Rpps, Timestamp},
    portal::{People, PersonRecord},
    registry::{
        AccessAt, Page, Situation, Structure,
        directory::{Directory, DirectoryQuery, Listed},
    },
};

use super::{
    Sqlite, only_if,
    professionals::{self, ProfessionalRow},
    standing::{access_row, card, situation_row},
    structures,
};

/// A person read in one snapshot, not yet understood.
struct Read {
    row: ProfessionalRow,
    situations: Vec<(Situation, Structure)>,
    local_accesses: Vec<AccessAt>,
    card: CardStanding,
    activated_at: Option<i64>,
}

impl Read {
    fn whole(db: &Connection, row: ProfessionalRow) -> Result<Self, rusqlite::Error> {
        let rpps = row.rpps();
        // A retired number has no card: nothing of it opens anything.
        let card = card(db, rpps)?;
        Ok(Self {
            row,
            situations: situations(db, rpps)?,
            local_accesses: local_accesses(db, rpps)?,
            card: card.unwrap_or(CardStanding::Blocked),
            activated_at: activated_at(db, rpps)?,
        })
    }

    fn record(self) -> Result<PersonRecord, Outage> {
        Ok(PersonRecord {
            professional: self.row.parse()?,
            situations: self.situations,
            local_accesses: self.local_accesses,
            card: self.card,
            activated_at: self.activated_at.map(Timestamp),
        })
    }
}

#[async_trait::async_trait]
impl People for Sqlite {
    async fn person(&self, rpps: Rpps) -> Result<Option<PersonRecord>, Outage> {
        let read = self.read(|db| {
            let row = professionals::find(db, rpps)?;
            row.map(|row| Read::whole(db, row)).transpose()
        })?;
        read.map(Read::record).transpose()
    }

    async fn people(
        &self,
        finess: Option<Finess>,
        page: Page<Rpps>,
    ) -> Result<Vec<PersonRecord>, Outage> {
        let read: Vec<Read> = self.read(|db| {
            let rows = match finess {
                Some(finess) => of_structure(db, finess, page)?,
                None => everybody(db, page)?,
            };
            rows.into_iter().map(|row| Read::whole(db, row)).collect()
        })?;
        read.into_iter().map(Read::record).collect()
    }
}

#[async_trait::async_trait]
impl Directory for Sqlite {
    async fn listed(&self, rpps: Rpps) -> Result<Option<Listed>, Outage> {
        let read = self.read(|db| {
            let row = professionals::find(db, rpps)?;
            row.map(|row| Ok((row, situations(db, rpps)?))).transpose()
        })?;
        let Some((row, situations)) = read else { return Ok(None) };
        let professional = row.parse()?;
        Ok(professional.retired_at.is_none().then_some(Listed { professional, situations }))
    }

    async fn search(&self, query: DirectoryQuery) -> Result<Vec<Listed>, Outage> {
        let read: Vec<(ProfessionalRow, Vec<(Situation, Structure)>)> = self.read(|db| {
            let rows = matching(db, &query)?;
            rows.into_iter()
                .map(|row| {
                    let situations = situations(db, row.rpps())?;
                    Ok((row, situations))
                })
                .collect()
        })?;
        let listed = |(row, situations): (ProfessionalRow, _)| {
            Ok(Listed { professional: row.parse()?, situations })
        };
        read.into_iter().map(listed).collect()
    }
}

/// When the phone that holds the card took it.
fn activated_at(db: &Connection, rpps: Rpps) -> Result<Option<i64>, rusqlite::Error> {
    let mut statement =
        db.prepare_cached("SELECT activated_at FROM card WHERE rpps = ?1 AND device IS NOT NULL")?;
    statement.query_row(params![rpps.as_str()], |row| row.get(0)).optional().map(Option::flatten)
}

fn everybody(db: &Connection, page: Page<Rpps>) -> Result<Vec<ProfessionalRow>, rusqlite::Error> {
    let columns = professionals::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns} FROM professional p
         WHERE p.retired_at IS NULL AND p.rpps > coalesce(?1, '') ORDER BY p.rpps LIMIT ?2"
    ))?
    .query_map(params![page.after.map(String::from), page.limit], |row| {
        ProfessionalRow::at(row, 0)
    })?
    .collect()
}

fn of_structure(
    db: &Connection,
    finess: Finess,
    page: Page<Rpps>,
) -> Result<Vec<ProfessionalRow>, rusqlite::Error> {
    let columns = professionals::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns} FROM professional p WHERE p.retired_at IS NULL AND p.rpps IN (
             SELECT rpps FROM situation WHERE finess = ?1 AND rpps > coalesce(?2, '')
             UNION SELECT rpps FROM local_access WHERE finess = ?1 AND rpps > coalesce(?2, ''))
         ORDER BY p.rpps LIMIT ?3"
    ))?
    .query_map(params![finess.as_str(), page.after.map(String::from), page.limit], |row| {
        ProfessionalRow::at(row, 0)
    })?
    .collect()
}

/// People with a situation of today whose folded names begin as asked. A name is looked up in its
/// index; a structure alone, in its own.
fn matching(
    db: &Connection,
    query: &DirectoryQuery,
) -> Result<Vec<ProfessionalRow>, rusqlite::Error> {
    let columns = professionals::COLUMNS;
    let name = query.name.as_deref().unwrap_or_default();
    // Keys are upper case letters, digits, spaces and one bar: nothing sorts after this.
    let beyond = format!("{name}\u{10ffff}");
    let by_name = if name.is_empty() {
        "?1 = '' AND ?2 <> ''"
    } else {
        "s.exercise_key >= ?1 AND s.exercise_key < ?2"
    };
    let place = only_if(query.finess.is_some(), "s.finess", 4);
    let first_name = query.first_name.as_ref().map(|first| format!("|{first}"));
    db.prepare_cached(&format!(
        "SELECT {columns} FROM professional p WHERE p.retired_at IS NULL
         AND p.validated_at <= ?6 AND p.rpps IN (
             SELECT s.rpps FROM situation s WHERE {by_name} AND {place} AND s.ended_at IS NULL
             AND s.started_on <= ?8
             AND (?3 IS NULL OR instr(s.exercise_key, ?3) > 0)
             AND s.rpps > coalesce(?5, ''))
         ORDER BY p.rpps LIMIT ?7"
    ))?
    .query_map(
        params![
            name,
            beyond,
            first_name,
            query.finess.map(String::from),
            query.after.map(String::from),
            query.validated_by.0,
            query.limit,
            query.begun_by.to_string()
        ],
        |row| ProfessionalRow::at(row, 0),
    )?
    .collect()
}

/// All situations of one person, oldest first.
pub(super) fn situations(
    db: &Connection,
    rpps: Rpps,
) -> Result<Vec<(Situation, Structure)>, rusqlite::Error> {
    let columns = structures::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns}, t.id, t.rpps, t.finess, t.authority, t.profession, t.role, t.mode,
             t.started_on, t.last_day, t.ends_at, t.ended_at, t.exercise_name,
             t.exercise_first_name
         FROM situation t JOIN structure s ON s.finess = t.finess
         WHERE t.rpps = ?1 ORDER BY t.id"
    ))?
    .query_map(params![rpps.as_str()], |row| {
        Ok((situation_row(row, structures::WIDTH)?, structures::row_at(row, 0)?))
    })?
    .collect()
}

/// All local accesses of one person, oldest first.
pub(super) fn local_accesses(
    db: &Connection,
    rpps: Rpps,
) -> Result<Vec<AccessAt>, rusqlite::Error> {
    let columns = structures::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns}, a.id, a.rpps, a.finess, a.given_at, a.ends_at, a.ended_at
         FROM local_access a JOIN structure s ON s.finess = a.finess
         WHERE a.rpps = ?1 ORDER BY a.id"
    ))?
    .query_map(params![rpps.as_str()], |row| {
        Ok((access_row(row, structures::WIDTH)?, structures::row_at(row, 0)?))
    })?
    .collect()
}
