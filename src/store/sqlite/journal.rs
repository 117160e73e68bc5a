//! Reading the journal.

use rusqlite::params;

use crate::kernel::{
    Outage, Timestamp,
    journal::{Entry, Line},
};

use super::Sqlite;

impl Sqlite {
    /// Appends a line that goes with no other write.
    pub async fn write_down(&self, entry: Entry) -> Result<(), Outage> {
        self.write(move |write| write.journal(&entry)).await
    }

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

    /// What the records know to have been written and the journal no longer holds, in words: lines
    /// before the first, the first itself, and the line of each cut. A tail without any cut is found
    /// only against a tip that was kept elsewhere.
    pub fn journal_gaps(&self) -> Result<Vec<String>, Outage> {
        self.read(|db| {
            let holds = |sql: &str| db.query_row(sql, [], |row| row.get::<_, bool>(0));
            let checks = [
                ("SELECT NOT EXISTS (SELECT 1 FROM journal WHERE seq < 1)", "lines stand before 1"),
                (
                    "SELECT EXISTS (SELECT 1 FROM journal
                     WHERE seq = 1 AND entry ->> '$.event' = 'epoch_taken')",
                    "the first line is gone",
                ),
                (
                    "SELECT NOT EXISTS (SELECT 1 FROM cut
                     WHERE line NOT IN (SELECT seq FROM journal))",
                    "the line of a cut is gone: lines are missing at the end",
                ),
            ];
            let mut gaps = Vec::new();
            for (sql, gap) in checks {
                if !holds(sql)? {
                    gaps.push(gap.to_owned());
                }
            }
            Ok(gaps)
        })
    }
}
