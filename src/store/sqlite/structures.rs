//! Structures: rows and readings.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    kernel::{Finess, Outage, Timestamp},
    registry::{Page, Structure, StructureKind, folding::fold},
};

use super::{Write, damaged, outage, standing::parsed};

/// The columns that [`row_at`] reads, of a table that the query names `s`.
pub(super) const COLUMNS: &str = "s.finess, s.kind, s.legal_entity, s.name, s.address, s.commune,
    s.postal_code, s.city, s.sector, s.closed_at";

/// How many [`COLUMNS`] there are.
pub(super) const WIDTH: usize = 10;

/// A structure, from the columns at `start` on.
pub(super) fn row_at(row: &Row<'_>, start: usize) -> Result<Structure, rusqlite::Error> {
    Ok(Structure {
        finess: parsed(row, start)?,
        kind: kind(row, start + 1)?,
        legal_entity: match row.get::<_, Option<String>>(start + 2)? {
            Some(_) => Some(parsed(row, start + 2)?),
            None => None,
        },
        name: row.get(start + 3)?,
        address: row.get(start + 4)?,
        commune: row.get(start + 5)?,
        postal_code: row.get(start + 6)?,
        city: row.get(start + 7)?,
        sector: row.get(start + 8)?,
        closed_at: row.get::<_, Option<i64>>(start + 9)?.map(Timestamp),
    })
}

fn kind(row: &Row<'_>, column: usize) -> Result<StructureKind, rusqlite::Error> {
    let text: String = row.get(column)?;
    [StructureKind::Establishment, StructureKind::LegalEntity]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or(rusqlite::Error::InvalidColumnType(column, text, rusqlite::types::Type::Text))
}

/// One structure, if it is known.
pub(super) fn find(db: &Connection, finess: Finess) -> Result<Option<Structure>, rusqlite::Error> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM structure s WHERE s.finess = ?1"))?
        .query_row(params![finess.as_str()], |row| row_at(row, 0))
        .optional()
}

/// One structure that a row of ours refers to.
pub(super) fn structure(db: &Connection, finess: Finess) -> Result<Structure, Outage> {
    find(db, finess)
        .map_err(outage)?
        .ok_or_else(|| damaged(format!("a row names structure {finess}, which is not there")))
}

/// Structures, in the order of their numbers.
pub(super) fn page(db: &Connection, page: Page<Finess>) -> Result<Vec<Structure>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM structure s WHERE ?1 IS NULL OR s.finess > ?1
         ORDER BY s.finess LIMIT ?2"
    ))?
    .query_map(params![page.after.map(String::from), page.limit], |row| row_at(row, 0))?
    .collect()
}

/// Writes a new one. False: the number is known already.
pub(super) fn insert(write: &Write<'_>, structure: &Structure) -> Result<bool, Outage> {
    let written = write.execute(
        "INSERT INTO structure (finess, kind, legal_entity, name, address, commune, postal_code,
             city, sector) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        params![
            structure.finess.as_str(),
            structure.kind.as_str(),
            structure.legal_entity.map(String::from),
            structure.name,
            structure.address,
            structure.commune,
            structure.postal_code,
            structure.city,
            structure.sector,
        ],
    )?;
    Ok(written == 1)
}

/// A structure, and those that belong to it.
pub(super) fn of_entity(
    db: &Connection,
    finess: Finess,
) -> Result<Vec<Structure>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM structure s WHERE s.finess = ?1 OR s.legal_entity = ?1"
    ))?
    .query_map(params![finess.as_str()], |row| row_at(row, 0))?
    .collect()
}

/// Open establishments whose name and town contain each word of `text`, in any order, or whose number
/// it is. Structures are thousands where people are millions: they are looked at one by one, without
/// accents or case.
pub(super) fn establishments(
    db: &Connection,
    text: &str,
    limit: u32,
) -> Result<Vec<Structure>, rusqlite::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM structure s WHERE s.kind = 'EG' AND s.closed_at IS NULL
         ORDER BY s.name, s.finess"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| row_at(row, 0))?;
    let number = text.replace(' ', "");
    let is_meant = |found: &Structure| {
        let known = format!("{} {} {}", fold(&found.name), found.postal_code, fold(&found.city));
        found.finess.as_str() == number || text.split(' ').all(|word| known.contains(word))
    };
    let is_wanted = |row: &Result<Structure, rusqlite::Error>| row.as_ref().map_or(true, is_meant);
    rows.filter(is_wanted).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}
