//! Reading the journal.

use rusqlite::params;

use crate::kernel::{Outage, Timestamp, journal::Line};

use super::Sqlite;

impl Sqlite {
    /// Up to `limit` lines after `seq`, in order.
    pub fn journal_after(&self, seq: u64, limit: u32) -> Result<Vec<Line>, Outage> {
        self.read(|db| {
            db.prepare_cached(
                "SELECT seq, at, calendar, entry, hash FROM journal
                 WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?
            .query_map(params![seq.cast_signed(), limit], |row| {
                Ok(Line {
                    seq: row.get::<_, i64>(0)?.cast_unsigned(),
                    at: Timestamp(row.get(1)?),
                    calendar: Timestamp(row.get(2)?),
                    entry: row.get(3)?,
                    hash: row.get(4)?,
                })
            })?
            .collect()
        })
    }
}
