//! People as the provider tells of them.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{
    access::CardStanding,
    kernel::{Outage, Rpps},
    oidc::{Subjects, ports::Subject},
    registry::Structure,
};

use super::{
    Sqlite,
    standing::{CARD, OF_HOLDER, card_row, standing_with},
    structures,
};

#[async_trait::async_trait]
impl Subjects for Sqlite {
    async fn subject(&self, rpps: Rpps) -> Result<Option<Subject>, Outage> {
        self.read(|db| subject(db, rpps, self.today(db)?))
    }

    async fn dossier(&self, rpps: Rpps) -> Result<Option<(Subject, Vec<Structure>)>, Outage> {
        self.read(|db| {
            let Some(subject) = subject(db, rpps, self.today(db)?)? else { return Ok(None) };
            let mut found: Vec<Structure> = Vec::new();
            for situation in &subject.standing.situations {
                if !found.iter().any(|known| known.finess == situation.finess) {
                    found.extend(structures::find(db, situation.finess)?);
                }
            }
            Ok(Some((subject, found)))
        })
    }
}

fn subject(db: &Connection, rpps: Rpps, day: Date) -> Result<Option<Subject>, rusqlite::Error> {
    let found: Option<(CardStanding, Uuid, String)> = db
        .prepare_cached(&format!(
            "SELECT {CARD}, p.subject, coalesce(p.identity ->> '$.civility', '') {OF_HOLDER}"
        ))?
        .query_row(params![rpps.as_str()], |row| Ok((card_row(row)?, row.get(3)?, row.get(4)?)))
        .optional()?;
    let Some((card, subject, civility)) = found else { return Ok(None) };
    let standing = standing_with(db, (rpps, card), day)?;
    Ok(Some(Subject { standing, subject, civility }))
}
