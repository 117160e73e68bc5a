//! The outbox: obligations expanded into lines, lines tried until settled, letters until they left.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{
    access::{Cut, Scope},
    departure::{AfterTry, LedgerLine, Notice, NoticeState, Outbox, OwedLetter},
    kernel::{
        DepartureId, GrantId, Outage, Sid, Timestamp,
        journal::{Actor, Entry, Event},
        random::Random,
        time::Span,
    },
};

use super::{Change, Sqlite, Write, damaged, head::cuts_where, outage, standing::parsed};

/// Cuts expanded in one transaction: a structure that closes must not stop the writer for long.
const AT_ONCE: usize = 256;
/// How long grants are kept: a relying party's own session may live that long.
const GRANT_LIFE: Span = Span::hours(30 * 24);

#[async_trait::async_trait]
impl Outbox for Sqlite {
    async fn expand(&self) -> Result<bool, Outage> {
        let waiting = self.read(has_untold)?;
        if !waiting {
            return Ok(false);
        }
        let random = std::sync::Arc::clone(&self.random);
        self.write(move |write| {
            let untold = cuts_where(write.db, "told = 0 AND ?1", true).map_err(outage)?;
            for row in untold.into_iter().take(AT_ONCE) {
                let (key, cut) = (row.key(), row.parse()?);
                write_lines(write, key, &cut, random.as_ref())?;
                write.execute(
                    "UPDATE cut SET told = 1 WHERE revision = ?1 AND ordinal = ?2",
                    params![key.0, key.1],
                )?;
            }
            has_untold(write.db).map_err(outage)
        })
        .await
    }

    async fn due_notices(&self, each: u32) -> Result<Vec<Notice>, Outage> {
        let now = self.clock.now().0;
        self.read(|db| {
            db.prepare_cached(
                "SELECT id, client, sid, grant_id, uri, tries FROM (
                     SELECT *, row_number() OVER (PARTITION BY client ORDER BY due_at, id) AS place
                     FROM notice WHERE state IN ('due', 'sent') AND due_at <= ?1)
                 WHERE place <= ?2 ORDER BY due_at, id",
            )?
            .query_map(params![now, each], |row| {
                Ok(Notice {
                    id: row.get(0)?,
                    client: parsed(row, 1)?,
                    sid: Sid(row.get(2)?),
                    grant: GrantId(row.get(3)?),
                    uri: parsed(row, 4)?,
                    tries: row.get(5)?,
                })
            })?
            .collect()
        })
    }

    async fn record_try(&self, notice: &Notice, after: AfterTry) -> Result<(), Outage> {
        let notice = notice.clone();
        self.write(move |write| {
            let confirmed = (after.state == NoticeState::Confirmed).then_some(write.now.0);
            let changed = write.execute(
                "UPDATE notice SET state = ?2, tries = tries + 1, due_at = ?3, last_try = ?4,
                     confirmed_at = ?5, problem = ?6
                 WHERE id = ?1 AND state IN ('due', 'sent')",
                params![
                    notice.id,
                    after.state.as_str(),
                    after.due_at.0,
                    write.now.0,
                    confirmed,
                    after.problem
                ],
            )?;
            match settled(after.state).filter(|_| changed == 1) {
                Some(event) => write.journal(&Entry {
                    client: Some(notice.client),
                    sid: Some(notice.sid),
                    grant: Some(notice.grant),
                    outcome: after.problem,
                    ..Entry::new(event, Actor::Gateway)
                }),
                None => Ok(()),
            }
        })
        .await
    }

    async fn due_letters(&self, limit: u32) -> Result<Vec<OwedLetter>, Outage> {
        let now = self.clock.now().0;
        let rows: Vec<(Uuid, String, u32)> = self.read(|db| {
            db.prepare_cached(
                "SELECT id, letter, tries FROM letter WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
            )?
            .query_map(params![now, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
        })?;
        let understand = |(id, letter, tries): (Uuid, String, u32)| {
            let letter = serde_json::from_str(&letter).map_err(damaged)?;
            Ok(OwedLetter { id, letter, tries })
        };
        rows.into_iter().map(understand).collect()
    }

    async fn record_letter(&self, id: Uuid, again_at: Option<Timestamp>) -> Result<(), Outage> {
        self.write(move |write| {
            match again_at {
                None => write.execute("DELETE FROM letter WHERE id = ?1", params![id])?,
                Some(at) => write.execute(
                    "UPDATE letter SET tries = tries + 1, due_at = ?2 WHERE id = ?1",
                    params![id, at.0],
                )?,
            };
            Ok(())
        })
        .await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Outage> {
        let now = self.clock.now().0;
        let due: Option<i64> = self.read(|db| {
            db.prepare_cached(
                "SELECT min(due) FROM (
                     SELECT min(due_at) AS due FROM notice
                      WHERE state IN ('due', 'sent') AND due_at > ?1
                     UNION ALL SELECT min(due_at) FROM letter WHERE due_at > ?1)",
            )?
            .query_row(params![now], |row| row.get(0))
        })?;
        Ok(due.map(Timestamp))
    }

    async fn ledger(&self, departure: DepartureId) -> Result<Vec<LedgerLine>, Outage> {
        let lines = self.read(|db| lines(db, departure))?;
        lines.into_iter().map(LedgerRow::parse).collect()
    }
}

/// The ledger of a departure of this transaction, so that its answer holds it. The obligation
/// stays, and is expanded once more after the commit: a grant that was being written meanwhile gets
/// its line then.
pub(super) fn owed(change: &Change<'_>, departure: DepartureId) -> Result<Vec<LedgerLine>, Outage> {
    for row in cuts_where(change.db, "departure = ?1", departure.0).map_err(outage)? {
        let (key, cut) = (row.key(), row.parse()?);
        write_lines(change, key, &cut, change.random)?;
    }
    lines(change.db, departure).map_err(outage)?.into_iter().map(LedgerRow::parse).collect()
}

/// A line, not yet understood.
struct LedgerRow {
    line: LedgerLine,
    state: String,
}

impl LedgerRow {
    fn parse(self) -> Result<LedgerLine, Outage> {
        Ok(LedgerLine { state: notice_state(&self.state)?, ..self.line })
    }
}

fn lines(db: &Connection, departure: DepartureId) -> Result<Vec<LedgerRow>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT n.client, n.sid, n.grant_id, n.state, n.tries, n.last_try, n.confirmed_at, n.problem,
             g.opened_at
         FROM cut c JOIN notice n ON n.revision = c.revision AND n.ordinal = c.ordinal
         LEFT JOIN grant_ g ON g.id = n.grant_id
         WHERE c.departure = ?1 ORDER BY n.id",
    )?
    .query_map(params![departure.0], |row| {
        let line = LedgerLine {
            client_id: parsed(row, 0)?,
            sid: Sid(row.get(1)?),
            grant: GrantId(row.get(2)?),
            opened_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            state: NoticeState::Due,
            tries: row.get(4)?,
            last_try: row.get::<_, Option<i64>>(5)?.map(Timestamp),
            confirmed_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
            problem: row.get(7)?,
        };
        Ok(LedgerRow { line, state: row.get(3)? })
    })?
    .collect()
}

fn has_untold(db: &Connection) -> Result<bool, rusqlite::Error> {
    let found: Option<i64> = db
        .prepare_cached("SELECT 1 FROM cut WHERE told = 0 LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

/// One line for each grant that the cut covers and that is older than it: by its stamp for a
/// person, a person at a structure and a session; by its own revision for a grant and a client.
fn write_lines(
    write: &Write<'_>,
    (revision, ordinal): (i64, i64),
    cut: &Cut,
    random: &dyn Random,
) -> Result<(), Outage> {
    let recent = (write.now - GRANT_LIFE).0;
    let covered = |condition: &str, key: &[&dyn rusqlite::ToSql]| {
        let sql = format!(
            "SELECT id, client, sid, logout_uri FROM grant_
             WHERE sid IS NOT NULL AND logout_uri IS NOT NULL AND opened_at >= ?1 AND {condition}"
        );
        let recent: &dyn rusqlite::ToSql = &recent;
        let all: Vec<&dyn rusqlite::ToSql> =
            [recent, &revision].into_iter().chain(key.iter().copied()).collect();
        write
            .db
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_map(all.as_slice(), |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                    })?
                    .collect::<Result<Vec<(Uuid, String, Uuid, String)>, _>>()
            })
            .map_err(outage)
    };
    let grants = match &cut.scope {
        Scope::Person(rpps) => covered("revision < ?2 AND rpps = ?3", &[&rpps.as_str()]),
        Scope::PersonAt(rpps, finess) => covered(
            "revision < ?2 AND rpps = ?3 AND structure = ?4",
            &[&rpps.as_str(), &finess.as_str()],
        ),
        // Pages of our own: no relying party is there to be told.
        Scope::Console(..) => Ok(Vec::new()),
        Scope::Session(sid) => covered("revision < ?2 AND sid = ?3", &[&sid.0]),
        Scope::Grant(grant) => covered("own < ?2 AND id = ?3", &[&grant.0]),
        Scope::Client(client) => covered("own < ?2 AND client = ?3", &[&client.as_str()]),
    }?;
    for (grant, client, sid, uri) in grants {
        write.execute(
            "INSERT INTO notice (id, revision, ordinal, grant_id, client, sid, uri, state, due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            params![
                random.id(write.now),
                revision,
                ordinal,
                grant,
                client,
                sid,
                uri,
                NoticeState::Due.as_str(),
                write.now.0
            ],
        )?;
    }
    Ok(())
}

/// The journal's word for a state that is final.
fn settled(state: NoticeState) -> Option<Event> {
    match state {
        NoticeState::Due | NoticeState::Sent => None,
        NoticeState::Confirmed => Some(Event::LogoutConfirmed),
        NoticeState::Refused => Some(Event::LogoutRefused),
        NoticeState::GivenUp => Some(Event::LogoutGivenUp),
    }
}

fn notice_state(text: &str) -> Result<NoticeState, Outage> {
    use NoticeState::{Confirmed, Due, GivenUp, Refused, Sent};
    [Due, Sent, Confirmed, Refused, GivenUp]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| damaged(format!("a notice in state {text}")))
}
