//! Answers kept with what they answer: asking again under the same key does nothing again.

use rusqlite::{Connection, OptionalExtension, params};

use crate::kernel::{
    Outage, Timestamp,
    retry::{Answered, Keep, Kept, Once},
    secret::SecretDigest,
    time::Span,
};

use super::{Change, Lane, Sqlite, Write, outage};

/// How long an answer is kept.
const LIFE: Span = Span::hours(24);

impl Sqlite {
    /// As [`Sqlite::change`], for a verb whose caller may ask again.
    pub(super) async fn change_kept<T: Send + 'static, E: Send + 'static>(
        &self,
        lane: Lane,
        keep: Keep<T>,
        op: impl FnOnce(&mut Change<'_>) -> Result<Result<T, E>, Outage> + Send + 'static,
    ) -> Result<Answered<T, E>, Outage> {
        if keep.once().is_some() {
            let now = self.clock.now();
            if let Some(before) = self.read(|db| before(db, &keep, now))? {
                return Ok(before);
            }
        }
        self.change(lane, move |change| {
            if let Some(before) = before(change.db, &keep, change.now).map_err(outage)? {
                return Ok(before);
            }
            let outcome = op(change)?;
            remember(change, &keep, &outcome)?;
            Ok(outcome.into())
        })
        .await
    }

    /// As [`Sqlite::write`], for a verb whose caller may ask again.
    pub(super) async fn write_kept<T: Send + 'static, E: Send + 'static>(
        &self,
        keep: Keep<T>,
        op: impl FnOnce(&Write<'_>) -> Result<Result<T, E>, Outage> + Send + 'static,
    ) -> Result<Answered<T, E>, Outage> {
        self.write(move |write| {
            if let Some(before) = before(write.db, &keep, write.now).map_err(outage)? {
                return Ok(before);
            }
            let outcome = op(write)?;
            remember(write, &keep, &outcome)?;
            Ok(outcome.into())
        })
        .await
    }

    /// What was answered to the same request under the same key.
    pub(super) fn answered_before(&self, once: &Once) -> Result<Option<Kept>, Outage> {
        let now = self.clock.now();
        let found = self.read(|db| kept(db, once, now))?;
        Ok(found.filter(|(request, _)| request.matches(&once.request)).map(|(_, kept)| kept))
    }

    /// A refusal by a first look outside the transaction. It may be due to what the same request
    /// has just done, asked twice at once: then that answer is there, since it was written with it.
    pub(super) fn refused_unless_done<T, E>(
        &self,
        refused: E,
        keep: &Keep<T>,
    ) -> Result<Answered<T, E>, Outage> {
        let now = self.clock.now();
        let before = self.read(|db| before(db, keep, now))?;
        Ok(before.unwrap_or(Answered::Refused(refused)))
    }
}

fn before<T, E>(
    db: &Connection,
    keep: &Keep<T>,
    now: Timestamp,
) -> Result<Option<Answered<T, E>>, rusqlite::Error> {
    let Some(once) = keep.once() else { return Ok(None) };
    Ok(kept(db, once, now)?.map(|(request, kept)| {
        if request.matches(&once.request) { Answered::Replayed(kept) } else { Answered::KeyReused }
    }))
}

/// What was answered under this key, and to which request.
fn kept(
    db: &Connection,
    once: &Once,
    now: Timestamp,
) -> Result<Option<(SecretDigest, Kept)>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT request, status, answer FROM idempotency
         WHERE client = ?1 AND key = ?2 AND until > ?3",
    )?
    .query_row(params![once.client.as_str(), once.key, now.0], |row| {
        let kept = Kept { status: row.get(1)?, body: row.get(2)? };
        Ok((SecretDigest::from_bytes(row.get(0)?), kept))
    })
    .optional()
}

/// Keeps the answer of what was done; a refusal changed nothing and is not kept.
fn remember<T, E>(write: &Write<'_>, keep: &Keep<T>, outcome: &Result<T, E>) -> Result<(), Outage> {
    let Some((once, kept)) = outcome.as_ref().ok().and_then(|done| keep.words(done)) else {
        return Ok(());
    };
    let Once { client, key, request } = once;
    write.execute(
        "INSERT OR REPLACE INTO idempotency (client, key, request, status, answer, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            client.as_str(),
            key,
            request.as_bytes(),
            kept.status,
            kept.body,
            (write.now + LIFE).0
        ],
    )?;
    Ok(())
}
