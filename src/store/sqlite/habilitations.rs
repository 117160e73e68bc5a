//! Who is named what.

use rusqlite::params;

use crate::{
    kernel::{
        Finess, Outage,
        journal::{Entry, Event},
    },
    registry::habilitation::{Habilitations, Naming, NamingFacts, NamingRefused},
};

use super::{Change, Lane, Sqlite, outage};

#[async_trait::async_trait]
impl Habilitations for Sqlite {
    async fn give_habilitation(
        &self,
        naming: Naming,
    ) -> Result<Result<uuid::Uuid, NamingRefused>, Outage> {
        self.change(Lane::Common, move |change| {
            if let Err(refused) = naming.decide(facts(change, &naming)?) {
                return Ok(Err(refused));
            }
            let id = change.random.id(change.now);
            change.execute(
                "INSERT INTO habilitation (id, rpps, kind, finess, given_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    id,
                    naming.rpps.as_str(),
                    naming.kind.as_str(),
                    naming.finess.as_ref().map(Finess::as_str),
                    change.calendar.0
                ],
            )?;
            change.journal(&Entry {
                person: Some(naming.rpps),
                structure: naming.finess,
                outcome: Some(naming.kind.as_str().to_owned()),
                revision: Some(change.revision),
                ..Entry::new(Event::HabilitationGiven, naming.by.clone())
            })?;
            Ok(Ok(id))
        })
        .await
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
