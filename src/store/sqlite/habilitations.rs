//! Who manages what.

use rusqlite::{Connection, Row, params};

use crate::{
    kernel::{
        Finess, Outage, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
    },
    registry::{Habilitation, NotHabilitated, Office, habilitation},
};

use super::{Change, outage, professionals, standing::parsed, structures};

/// Gives one, if the person and the structure are there and it was not given before.
pub(super) fn give(
    change: &Change<'_>,
    (rpps, office, finess): (Rpps, Office, Option<Finess>),
    by: &Actor,
) -> Result<Result<Habilitation, NotHabilitated>, Outage> {
    if let Err(refused) = habilitation::judge(office, finess) {
        return Ok(Err(refused));
    }
    let who = professionals::find(change.db, rpps).map_err(outage)?;
    let who = who.map(professionals::ProfessionalRow::parse).transpose()?;
    if who.is_none_or(|who| who.retired_at.is_some()) {
        return Ok(Err(NotHabilitated::UnknownPerson));
    }
    if let Some(finess) = finess {
        let structure = structures::find(change.db, finess).map_err(outage)?;
        if structure.is_none_or(|structure| structure.closed_at.is_some()) {
            return Ok(Err(NotHabilitated::UnknownStructure));
        }
    }
    let held = of(change.db, rpps).map_err(outage)?;
    if held.iter().any(|held| held.office == office && held.finess == finess) {
        return Ok(Err(NotHabilitated::Already));
    }
    let id = change.random.id(change.now);
    change.execute(
        "INSERT INTO habilitation (id, rpps, kind, finess, given_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, rpps.as_str(), office.as_str(), finess.map(String::from), change.calendar.0],
    )?;
    change.journal(&Entry {
        person: Some(rpps),
        structure: finess,
        outcome: Some(office.as_str().to_owned()),
        ..Entry::new(Event::HabilitationGiven, by.clone())
    })?;
    let given_at = change.calendar;
    Ok(Ok(Habilitation { id, rpps, office, finess, given_at, withdrawn_at: None }))
}

/// Those of one person that were not withdrawn.
pub(super) fn of(db: &Connection, rpps: Rpps) -> Result<Vec<Habilitation>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT id, rpps, kind, finess, given_at, withdrawn_at FROM habilitation
         WHERE rpps = ?1 AND withdrawn_at IS NULL ORDER BY id",
    )?
    .query_map(params![rpps.as_str()], row)?
    .collect()
}

fn row(row: &Row<'_>) -> Result<Habilitation, rusqlite::Error> {
    let kind: String = row.get(2)?;
    let office = Office::ALL.into_iter().find(|office| office.as_str() == kind);
    let unknown = rusqlite::Error::InvalidColumnType(2, kind, rusqlite::types::Type::Text);
    Ok(Habilitation {
        id: row.get(0)?,
        rpps: parsed(row, 1)?,
        office: office.ok_or(unknown)?,
        finess: match row.get::<_, Option<String>>(3)? {
            Some(_) => Some(parsed(row, 3)?),
            None => None,
        },
        given_at: Timestamp(row.get(4)?),
        withdrawn_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
    })
}
