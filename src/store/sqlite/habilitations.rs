//! Who is named what.

use rusqlite::{Connection, Row, params};

use crate::{
    access::{Cause, Closing, Scope},
    kernel::{
        Finess, HabilitationId, Outage, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
        retry::{Answered, Keep},
    },
    registry::{
        Page, Structure,
        habilitation::{
            Habilitation, HabilitationKind, Habilitations, Managing, Naming, NamingFacts,
            NamingRefused, NotWithdrawn, Withdrawal, WithdrawalFacts,
        },
    },
};

use super::{Change, Lane, Sqlite, only_if, outage, people, standing::parsed, structures};

const COLUMNS: &str = "SELECT h.id, h.rpps, h.kind, h.finess, h.trained_on, h.given_at,
    h.withdrawn_at FROM habilitation h";

#[async_trait::async_trait]
impl Habilitations for Sqlite {
    async fn give_habilitation(
        &self,
        naming: Naming,
        keep: Keep<Habilitation>,
    ) -> Result<Answered<Habilitation, NamingRefused>, Outage> {
        self.change_kept(Lane::Common, keep, move |change| {
            if let Err(refused) = naming.decide(facts(change, &naming)?) {
                return Ok(Err(refused));
            }
            let given = Habilitation {
                id: HabilitationId(change.random.id(change.now)),
                rpps: naming.rpps,
                kind: naming.kind,
                finess: naming.finess,
                trained_on: naming.trained_on,
                given_at: change.calendar,
                withdrawn_at: None,
            };
            insert(change, &given)?;
            change.journal(&entry(change, Event::HabilitationGiven, &given, naming.by.clone()))?;
            Ok(Ok(given))
        })
        .await
    }

    async fn withdraw_habilitation(
        &self,
        withdrawal: Withdrawal,
        keep: Keep<Habilitation>,
    ) -> Result<Answered<Habilitation, NotWithdrawn>, Outage> {
        self.change_kept(Lane::Departure, keep, move |change| {
            let facts = withdrawal_facts(change.db, withdrawal.id).map_err(outage)?;
            let held = match withdrawal.decide(facts) {
                Ok(held) => held,
                Err(refused) => return Ok(Err(refused)),
            };
            change.execute(
                "UPDATE habilitation SET withdrawn_at = ?2 WHERE id = ?1",
                params![held.id.0, change.calendar.0],
            )?;
            let by = withdrawal.by.clone();
            change.journal(&entry(change, Event::HabilitationWithdrawn, &held, by.clone()))?;
            if let Some(finess) = held.finess {
                let cause = Cause::HabilitationWithdrawn;
                for structure in structures::of_entity(change.db, finess).map_err(outage)? {
                    let console = Scope::Console(held.rpps, structure.finess);
                    change.close(&Closing::new(console, cause, by.clone()), None)?;
                }
            }
            Ok(Ok(Habilitation { withdrawn_at: Some(change.calendar), ..held }))
        })
        .await
    }

    async fn habilitations(
        &self,
        finess: Option<Finess>,
        rpps: Option<Rpps>,
        page: Page<HabilitationId>,
    ) -> Result<Vec<Habilitation>, Outage> {
        self.read(|db| {
            let place = only_if(finess.is_some(), "h.finess", 1);
            let whose = only_if(rpps.is_some(), "h.rpps", 2);
            db.prepare_cached(&format!(
                "{COLUMNS} WHERE {place} AND {whose} AND (?3 IS NULL OR h.id > ?3)
                 ORDER BY h.id LIMIT ?4"
            ))?
            .query_map(
                params![
                    finess.map(String::from),
                    rpps.map(String::from),
                    page.after.map(|id| id.0),
                    page.limit
                ],
                row,
            )?
            .collect()
        })
    }

    async fn habilitations_of(&self, rpps: Rpps) -> Result<Vec<Habilitation>, Outage> {
        self.read(|db| held_by(db, rpps))
    }

    async fn managed_by(&self, rpps: Rpps) -> Result<Vec<Structure>, Outage> {
        self.read(|db| {
            let (managing, today) = (managing(db, rpps)?, self.today(db)?);
            let mut managed = Vec::new();
            for finess in managing.habilitations.iter().filter_map(|held| held.finess) {
                managed.extend(structures::of_entity(db, finess)?);
            }
            managed.retain(|structure| managing.manages(structure, today));
            managed.sort_by_key(|structure| (structure.kind.as_str(), structure.finess));
            managed.dedup_by_key(|structure| structure.finess);
            Ok(managed)
        })
    }
}

/// What decides where somebody manages.
pub(super) fn managing(db: &Connection, rpps: Rpps) -> Result<Managing, rusqlite::Error> {
    Ok(Managing {
        habilitations: held_by(db, rpps)?,
        situations: people::situations(db, rpps)?,
        local_accesses: people::local_accesses(db, rpps)?,
    })
}

/// What is held at a structure or at the legal entity that it belongs to, withdrawn ones left out.
pub(super) fn held_at(
    db: &Connection,
    finess: Finess,
) -> Result<Vec<Habilitation>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE h.withdrawn_at IS NULL AND h.finess IN (
             SELECT ?1 UNION ALL SELECT legal_entity FROM structure WHERE finess = ?1)
         ORDER BY h.id"
    ))?
    .query_map(params![finess.as_str()], row)?
    .collect()
}

fn held_by(db: &Connection, rpps: Rpps) -> Result<Vec<Habilitation>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE h.rpps = ?1 AND h.withdrawn_at IS NULL ORDER BY h.id"
    ))?
    .query_map(params![rpps.as_str()], row)?
    .collect()
}

fn withdrawal_facts(
    db: &Connection,
    id: HabilitationId,
) -> Result<WithdrawalFacts, rusqlite::Error> {
    let habilitation = db
        .prepare_cached(&format!("{COLUMNS} WHERE h.id = ?1"))?
        .query_map(params![id.0], row)?
        .next()
        .transpose()?;
    let has_others = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM habilitation o JOIN habilitation h ON h.finess = o.finess
             JOIN professional p ON p.rpps = o.rpps AND p.retired_at IS NULL
             WHERE h.id = ?1 AND o.id <> h.id AND o.withdrawn_at IS NULL)",
        )?
        .query_row(params![id.0], |row| row.get(0))?;
    Ok(WithdrawalFacts { habilitation, has_others })
}

fn insert(change: &Change<'_>, given: &Habilitation) -> Result<(), Outage> {
    change.execute(
        "INSERT INTO habilitation (id, rpps, kind, finess, trained_on, given_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            given.id.0,
            given.rpps.as_str(),
            given.kind.as_str(),
            given.finess.as_ref().map(Finess::as_str),
            given.trained_on.map(|day| day.to_string()),
            given.given_at.0
        ],
    )?;
    Ok(())
}

fn entry(change: &Change<'_>, event: Event, held: &Habilitation, by: Actor) -> Entry {
    Entry {
        person: Some(held.rpps),
        structure: held.finess,
        outcome: Some(held.kind.as_str().to_owned()),
        revision: Some(change.revision),
        ..Entry::new(event, by)
    }
}

fn row(row: &Row<'_>) -> Result<Habilitation, rusqlite::Error> {
    let kind: String = row.get(2)?;
    let known = HabilitationKind::ALL.into_iter().find(|known| known.as_str() == kind);
    let text = rusqlite::types::Type::Text;
    Ok(Habilitation {
        id: HabilitationId(row.get(0)?),
        rpps: parsed(row, 1)?,
        kind: known.ok_or(rusqlite::Error::InvalidColumnType(2, kind, text))?,
        finess: optional(row, 3)?,
        trained_on: optional(row, 4)?,
        given_at: Timestamp(row.get(5)?),
        withdrawn_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
    })
}

fn optional<T>(row: &Row<'_>, column: usize) -> Result<Option<T>, rusqlite::Error>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get::<_, Option<String>>(column)? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

fn facts(change: &Change<'_>, naming: &Naming) -> Result<NamingFacts, Outage> {
    change
        .db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM professional WHERE rpps = ?1 AND retired_at IS NULL),
                    ?3 IS NULL
                    OR EXISTS (SELECT 1 FROM structure WHERE finess = ?3 AND closed_at IS NULL),
                    EXISTS (SELECT 1 FROM habilitation WHERE rpps = ?1 AND kind = ?2
                            AND finess IS ?3 AND withdrawn_at IS NULL)",
        )
        .and_then(|mut statement| {
            let finess = naming.finess.as_ref().map(Finess::as_str);
            statement.query_row(
                params![naming.rpps.as_str(), naming.kind.as_str(), finess],
                |row| {
                    Ok(NamingFacts {
                        is_person_known: row.get(0)?,
                        is_structure_open: row.get(1)?,
                        is_given: row.get(2)?,
                    })
                },
            )
        })
        .map_err(outage)
}
