//! Sessions of browsers.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::{Cause, Closing, Proof, Scope, Session, Stamp},
    kernel::{
        Epoch, Outage, Revision, Rpps, Sid, Timestamp,
        journal::{Actor, Event},
        secret::SecretDigest,
    },
    oidc::{SeenSession, Sessions},
};

use super::{Lane, Sqlite, damaged, outage, standing::parsed};

#[async_trait::async_trait]
impl Sessions for Sqlite {
    async fn session_of_browser(
        &self,
        cookie: &SecretDigest,
    ) -> Result<Option<SeenSession>, Outage> {
        let cookie = *cookie;
        self.read_one(|db| session_where(db, "cookie = ?1", cookie.as_bytes()))?
            .map(SessionRow::parse)
            .transpose()
    }

    async fn session(&self, sid: Sid) -> Result<Option<SeenSession>, Outage> {
        self.read_one(|db| session_where(db, "sid = ?1", sid.0))?.map(SessionRow::parse).transpose()
    }

    async fn end_session(&self, sid: Sid, by: Actor) -> Result<bool, Outage> {
        // A stranger who sends old hints must not make the head move for nothing.
        let now = self.clock.now();
        let open = self.read(|db| rpps_of_open(db, sid, now))?;
        if open.is_none() {
            return Ok(false);
        }
        self.change(Lane::Departure, move |change| {
            let open = rpps_of_open(change.db, sid, change.now).map_err(outage)?;
            let Some(rpps) = open else { return Ok(false) };
            change.execute(
                "UPDATE session SET ended_at = ?2, cookie = NULL WHERE sid = ?1",
                params![sid.0, change.now.0],
            )?;
            let mut closing = Closing::new(Scope::Session(sid), Cause::SessionEnded, by);
            closing.entry.event = Event::SessionEnded;
            closing.entry.person = Some(rpps);
            change.close(&closing, None)?;
            Ok(true)
        })
        .await
    }
}

fn rpps_of_open(
    db: &Connection,
    sid: Sid,
    now: Timestamp,
) -> Result<Option<Rpps>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT rpps FROM session WHERE sid = ?1 AND ended_at IS NULL AND until > ?2",
    )?
    .query_row(params![sid.0, now.0], |row| parsed(row, 0))
    .optional()
}

/// A row, not yet understood.
struct SessionRow {
    seen: SeenSession,
    proof: String,
}

impl SessionRow {
    fn parse(self) -> Result<SeenSession, Outage> {
        let proof = serde_json::from_value(self.proof.into()).map_err(damaged)?;
        Ok(SeenSession { session: Session { proof, ..self.seen.session }, ..self.seen })
    }
}

fn session_where(
    db: &Connection,
    condition: &str,
    key: impl rusqlite::ToSql,
) -> Result<Option<SessionRow>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT sid, rpps, epoch, revision, proof, proven_at, until, seen_at FROM session
         WHERE {condition}"
    ))?
    .query_row(params![key], |row| {
        let session = Session {
            sid: Sid(row.get(0)?),
            rpps: parsed(row, 1)?,
            stamp: Stamp {
                epoch: Epoch(row.get(2)?),
                revision: Revision(row.get::<_, i64>(3)?.cast_unsigned()),
            },
            proof: Proof::Phone,
            proven_at: Timestamp(row.get(5)?),
            until: Timestamp(row.get(6)?),
        };
        let seen = SeenSession { session, seen_at: Timestamp(row.get(7)?) };
        Ok(SessionRow { seen, proof: row.get(4)? })
    })
    .optional()
}
