//! Forgetting what has expired, a little at a time, so that the writer is never held for long.

use rusqlite::params;

use crate::{
    access::MEMORY,
    kernel::{Outage, time::Span},
};

use super::Sqlite;

/// Rows of one table forgotten in one transaction.
const AT_ONCE: usize = 2_000;
/// Grants, their sessions and their lines are kept that long: a relying party's own session may live
/// as long, and must be told when something closes.
const GRANT_LIFE: Span = Span::hours(30 * 24);

/// What may go: a table, its key, and a condition on `?1`, the moment that lies `age` back.
struct Expiry {
    table: &'static str,
    key: &'static str,
    condition: &'static str,
    age: Span,
}

const fn after_its_time(table: &'static str, key: &'static str, age: Span) -> Expiry {
    Expiry { table, key, condition: "until < ?1", age }
}

const EXPIRIES: &[Expiry] = &[
    after_its_time("once", "kind, key", Span(0)),
    after_its_time("login", "id", Span(0)),
    after_its_time("errand", "state", Span(0)),
    after_its_time("preregistration", "id", Span(0)),
    after_its_time("code_sending", "seq", Span(0)),
    // A browser may still ask how its challenge ended.
    after_its_time("challenge", "id", Span::minutes(10)),
    // With the activations that wait for it.
    after_its_time("sending", "id", Span(0)),
    after_its_time("activation_tries", "id", Span(0)),
    after_its_time("activation_guesses", "rpps", Span(0)),
    after_its_time("idempotency", "client, key", Span(0)),
    after_its_time("grant_", "id", GRANT_LIFE),
    after_its_time("session", "sid", GRANT_LIFE),
    // Copies of identity documents are kept by the calendar.
    Expiry {
        table: "document",
        key: "rpps",
        condition: "until < ?1 + (SELECT calendar_lead FROM head)",
        age: Span(0),
    },
    Expiry {
        table: "request_document",
        key: "request",
        condition: "until < ?1 + (SELECT calendar_lead FROM head)",
        age: Span(0),
    },
    // The floor looks this far back and no further; the last one before it stays.
    Expiry {
        table: "revision",
        key: "revision",
        condition: "at < ?1 AND revision < (SELECT max(revision) FROM revision WHERE at < ?1)",
        age: Span(2 * MEMORY.0),
    },
];

/// Requests that gave no number, with all that they say of a person: by the calendar, as the copy
/// that came with them. The journal keeps its lines.
const fn refused_requests(kept: Span) -> Expiry {
    let condition = "state IN ('rejected', 'lapsed')
         AND decided_at < ?1 + (SELECT calendar_lead FROM head)";
    Expiry { table: "request", key: "id", condition, age: kept }
}

impl Sqlite {
    /// One round; a request that was refused is kept for `refused` after the decision. True when
    /// something may be left: come back soon.
    pub async fn sweep(&self, refused: Span) -> Result<bool, Outage> {
        let mut more = false;
        let refused = refused_requests(refused);
        for &Expiry { table, key, condition, age } in EXPIRIES.iter().chain([&refused]) {
            let sql = format!(
                "DELETE FROM {table} WHERE ({key}) IN
                 (SELECT {key} FROM {table} WHERE {condition} LIMIT {AT_ONCE})"
            );
            let swept =
                self.write(move |write| write.execute(&sql, params![(write.now - age).0])).await?;
            more |= swept >= AT_ONCE;
        }
        Ok(more)
    }
}
