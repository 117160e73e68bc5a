//! What the authority and the security officer take away: a wrong identity, a session.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::{
    access::{Closing, Stamp},
    kernel::{
        ClientId, Epoch, Finess, GrantId, Outage, Revision, Rpps, Sid, Timestamp,
        journal::{Entry, Event, Line},
        retry::{Answered, Keep},
    },
    portal::{GrantRecord, JournalLines, NoSession, NotDeleted, Removals, SessionRecord, Sessions},
    registry::Page,
};

use super::{
    Lane, Sqlite, only_if, outage,
    professionals::{self, ProfessionalRow},
    standing::parsed,
};

#[async_trait::async_trait]
impl Removals for Sqlite {
    async fn delete_identity(
        &self,
        rpps: Rpps,
        closing: Closing,
        keep: Keep<Rpps>,
    ) -> Result<Answered<Rpps, NotDeleted>, Outage> {
        self.change_kept(Lane::Departure, keep, move |change| {
            let who = professionals::find(change.db, rpps).map_err(outage)?;
            let Some(who) = who.map(ProfessionalRow::parse).transpose()? else {
                return Ok(Err(NotDeleted::Unknown));
            };
            if who.retired_at.is_some() {
                return Ok(Err(NotDeleted::Already));
            }
            let (number, now) = (rpps.as_str(), change.calendar.0);
            for sql in [
                "UPDATE professional SET retired_at = ?2 WHERE rpps = ?1",
                "UPDATE situation SET ended_at = ?2 WHERE rpps = ?1 AND ended_at IS NULL",
                "UPDATE local_access SET ended_at = ?2 WHERE rpps = ?1 AND ended_at IS NULL",
                "UPDATE habilitation SET withdrawn_at = ?2
                 WHERE rpps = ?1 AND withdrawn_at IS NULL",
            ] {
                change.execute(sql, params![number, now])?;
            }
            change.execute(
                "UPDATE departure SET state = 'undone' WHERE rpps = ?1 AND state = 'scheduled'",
                params![number],
            )?;
            change.execute("DELETE FROM document WHERE rpps = ?1", params![number])?;
            change.execute(
                "DELETE FROM request_document WHERE request IN
                 (SELECT id FROM request WHERE rpps = ?1)",
                params![number],
            )?;
            let entry = Entry::new(Event::IdentityDeleted, closing.entry.actor.clone());
            change.journal(&Entry { person: Some(rpps), ..entry })?;
            change.close(&closing, None)?;
            Ok(Ok(rpps))
        })
        .await
    }
}

#[async_trait::async_trait]
impl Sessions for Sqlite {
    async fn unexpired(
        &self,
        rpps: Option<Rpps>,
        client: Option<ClientId>,
        now: Timestamp,
        page: Page<Sid>,
    ) -> Result<Vec<SessionRecord>, Outage> {
        self.read(|db| {
            let whose = only_if(rpps.is_some(), "s.rpps", 2);
            let mut sessions: Vec<SessionRecord> = db
                .prepare_cached(&format!(
                    "SELECT s.sid, s.rpps, s.epoch, s.revision, s.proof, s.proven_at, s.until
                     FROM session s WHERE s.until > ?1 AND {whose}
                     AND (?3 IS NULL OR EXISTS (
                         SELECT 1 FROM grant_ g WHERE g.sid = s.sid AND g.client = ?3))
                     AND (?4 IS NULL OR s.sid < ?4) ORDER BY s.sid DESC LIMIT ?5",
                ))?
                .query_map(
                    params![
                        now.0,
                        rpps.map(String::from),
                        client.map(String::from),
                        page.after.map(|sid| sid.0),
                        page.limit
                    ],
                    session,
                )?
                .collect::<Result<_, _>>()?;
            for session in &mut sessions {
                session.grants = db
                    .prepare_cached(
                        "SELECT id, client, structure, own, until, opened_at FROM grant_
                         WHERE sid = ?1 AND until > ?2 ORDER BY opened_at, id",
                    )?
                    .query_map(params![session.sid.0, now.0], grant)?
                    .collect::<Result<_, _>>()?;
            }
            Ok(sessions)
        })
    }

    async fn end(
        &self,
        sid: Sid,
        closing: Closing,
        keep: Keep<Sid>,
    ) -> Result<Answered<Sid, NoSession>, Outage> {
        self.change_kept(Lane::Departure, keep, move |change| {
            let whose: Option<Rpps> = change
                .db
                .prepare_cached(
                    "SELECT rpps FROM session WHERE sid = ?1 AND until > ?2 AND ended_at IS NULL",
                )
                .and_then(|mut found| {
                    let row = params![sid.0, change.now.0];
                    found.query_row(row, |row| parsed(row, 0)).optional()
                })
                .map_err(outage)?;
            let Some(whose) = whose else { return Ok(Err(NoSession)) };
            let entry = Entry::new(Event::SessionEnded, closing.entry.actor.clone());
            change.journal(&Entry { person: Some(whose), sid: Some(sid), ..entry })?;
            let ended = "UPDATE session SET ended_at = ?2, cookie = NULL WHERE sid = ?1";
            change.execute(ended, params![sid.0, change.now.0])?;
            change.close(&closing, None)?;
            Ok(Ok(sid))
        })
        .await
    }

    async fn end_all(&self, rpps: Rpps, closing: Closing) -> Result<(), Outage> {
        self.change(Lane::Departure, move |change| {
            change.execute(
                "UPDATE session SET ended_at = ?2, cookie = NULL
                 WHERE rpps = ?1 AND until > ?2 AND ended_at IS NULL",
                params![rpps.as_str(), change.now.0],
            )?;
            change.close(&closing, None)
        })
        .await
    }
}

#[async_trait::async_trait]
impl JournalLines for Sqlite {
    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<Line>, Outage> {
        self.journal_after(after, limit)
    }
}

fn session(row: &rusqlite::Row<'_>) -> Result<SessionRecord, rusqlite::Error> {
    let revision = Revision(row.get::<_, i64>(3)?.cast_unsigned());
    Ok(SessionRecord {
        sid: Sid(row.get(0)?),
        rpps: parsed(row, 1)?,
        stamp: Stamp { epoch: Epoch(row.get::<_, Uuid>(2)?), revision },
        proof: row.get(4)?,
        proven_at: Timestamp(row.get(5)?),
        until: Timestamp(row.get(6)?),
        grants: Vec::new(),
    })
}

fn grant(row: &rusqlite::Row<'_>) -> Result<GrantRecord, rusqlite::Error> {
    let structure = match row.get::<_, Option<String>>(2)? {
        Some(_) => Some(parsed::<Finess>(row, 2)?),
        None => None,
    };
    Ok(GrantRecord {
        id: GrantId(row.get(0)?),
        client: parsed(row, 1)?,
        structure,
        own: Revision(row.get::<_, i64>(3)?.cast_unsigned()),
        until: Timestamp(row.get(4)?),
        opened_at: Timestamp(row.get(5)?),
    })
}
