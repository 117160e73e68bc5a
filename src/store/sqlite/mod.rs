//! The embedded store: records and ephemera in one SQLite file.
//!
//! One thread writes ([`writer`]); a group of operations is one transaction, each in a savepoint,
//! answered after the commit. Reads go straight to the file from the asking thread. Every change of
//! rights goes through [`Change`], which locks the head first.

mod activations;
mod applications;
mod calendar;
mod cards;
mod challenges;
mod change;
mod clients;
mod departure_rows;
mod departure_verbs;
mod departures;
mod desk;
mod errands;
mod grant_rows;
mod grants;
mod habilitations;
mod head;
mod journal;
mod kept;
mod keys;
mod logins;
mod open;
mod outbox;
mod people;
mod preregistrations;
mod professionals;
mod registry;
mod removals;
mod request_rows;
mod requests;
mod sessions;
mod sound;
mod standing;
mod structures;
mod subjects;
mod sweep;
mod writer;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Notify;

use crate::{
    kernel::{Clock, Outage, random::Random, seal::RecordsKey},
    portal::operations::Writable,
};

#[cfg(test)]
mod tests;

pub use departures::EndRule;
pub use open::OpenError;
use {
    change::{Change, Write},
    writer::{Lane, Writer},
};

/// The store.
pub struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    floor: Mutex<head::FloorCache>,
    key: Arc<RecordsKey>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    end_rule: EndRule,
    changed: Arc<Notify>,
}

/// What a store is built with.
pub struct Collaborators {
    /// What seals and digests.
    pub key: Arc<RecordsKey>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers of cuts, lines and departures.
    pub random: Arc<dyn Random>,
    /// What an end closes: `departure::plan`, handed in so that the store names no rule.
    pub end_rule: EndRule,
}

impl Sqlite {
    /// What seals and digests here.
    pub fn key(&self) -> Arc<RecordsKey> {
        Arc::clone(&self.key)
    }

    /// Notified after each change of rights: somebody may be owed a notice or a letter.
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Runs `op` in the writer's next transaction and answers after the commit. `op` either
    /// answers, refusals included, and what it wrote stays; or fails, and nothing of it stays.
    async fn write<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Write<'_>) -> Result<T, Outage> + Send + 'static,
    ) -> Result<T, Outage> {
        let clock = Arc::clone(&self.clock);
        self.writer
            .run(Lane::Common, move |db| {
                let write = Write::begin(db, clock.now())?;
                op(&write)
            })
            .await
    }

    /// The same for what changes rights or writes a cut: the head is locked, the ends that are due
    /// have fired, and the revision is one more, before `op` reads anything.
    async fn change<T: Send + 'static>(
        &self,
        lane: Lane,
        op: impl FnOnce(&mut Change<'_>) -> Result<T, Outage> + Send + 'static,
    ) -> Result<T, Outage> {
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        let rule = self.end_rule;
        let answer = self
            .writer
            .run(lane, move |db| {
                let mut change = Change::begin(db, clock.now(), random.as_ref(), rule)?;
                let answer = op(&mut change)?;
                change.finish()?;
                Ok(answer)
            })
            .await;
        self.changed.notify_one();
        answer
    }

    /// Reads on the asking thread: a point read costs a few microseconds. What `look` reads is one
    /// snapshot.
    fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Outage> {
        self.read_one(|connection| snapshot(connection, look))
    }

    /// The same for one statement, which is a snapshot by itself.
    fn read_one<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Outage> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| open::reader(&self.path), Ok).map_err(outage)?;
        let answer = look(&connection).map_err(|error| self.writer.noticed(outage(error)))?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer)
    }
}

#[async_trait::async_trait]
impl Writable for Sqlite {
    async fn writable(&self) -> Result<(), Outage> {
        match self.writer.trouble() {
            None => Ok(()),
            // No write heals a file.
            Some(damaged @ Outage::Corrupt(_)) => Err(damaged),
            Some(Outage::Busy | Outage::Unavailable(_) | Outage::Damaged(_)) => {
                self.write(|write| write.execute("UPDATE head SET one = one", []).map(|_| ())).await
            }
        }
    }
}

fn snapshot<T>(
    connection: &Connection,
    look: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let run = |verb| connection.prepare_cached(verb)?.execute([]).map(|_| ());
    run("BEGIN")?;
    let answer = look(connection);
    // A reader changed nothing: either verb ends the snapshot, unless a damaged page ended it. What
    // the look met is what there is to tell.
    let ended = run("COMMIT").or_else(|_| run("ROLLBACK"));
    let answer = answer?;
    ended.map(|()| answer)
}

/// What a failure of SQLite means to a caller.
#[expect(clippy::needless_pass_by_value, reason = "it ends every `map_err`")]
fn outage(error: rusqlite::Error) -> Outage {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => Outage::Busy,
        Some(DatabaseCorrupt | NotADatabase) => Outage::Corrupt(error.to_string()),
        Some(_) => Outage::Unavailable(error.to_string()),
        // Not SQLite's own: a column did not hold what was written there.
        None => Outage::Damaged(error.to_string()),
    }
}

/// What cannot be, in a column that we wrote.
fn damaged(what: impl std::fmt::Display) -> Outage {
    Outage::Damaged(what.to_string())
}

/// A condition on `column` that a query has only where it was asked for, so that the column's index
/// serves it. The parameter is named either way.
fn only_if(asked: bool, column: &str, parameter: u8) -> String {
    if asked { format!("{column} = ?{parameter}") } else { format!("?{parameter} IS NULL") }
}
