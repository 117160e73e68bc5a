//! People as the provider tells of them.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    kernel::{Outage, Rpps},
    oidc::{Subjects, ports::Subject},
    registry::Structure,
};

use super::{Sqlite, standing::standing, structures};

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
    let Some(standing) = standing(db, rpps, day)? else { return Ok(None) };
    db.prepare_cached(
        "SELECT subject, coalesce(identity ->> '$.civility', '') FROM professional WHERE rpps = ?1",
    )?
    .query_row(params![rpps.as_str()], |row| {
        Ok(Subject { standing, subject: row.get(0)?, civility: row.get(1)? })
    })
    .optional()
}
