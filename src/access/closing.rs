//! Whatever closes something, tells.

use crate::kernel::journal::{Actor, Entry, Event};

use super::{Cause, Scope};

/// One closing, whole: the cut, its cause and its journal line. The store writes them in one
/// transaction, with the obligation to tell every relying party whose grant the cut covers: that
/// obligation follows from the cut itself, so that no slice can close without telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// What is cut.
    pub scope: Scope,
    /// Why.
    pub cause: Cause,
    /// The line of the journal; the store fills in the revision.
    pub entry: Entry,
}

impl Closing {
    /// A closing whose journal line says what, why and by whom.
    pub fn new(scope: Scope, cause: Cause, by: Actor) -> Self {
        let mut entry = Entry::new(Event::DoorsShut, by);
        entry.outcome = Some(cause.as_str().to_owned());
        match &scope {
            Scope::Person(rpps) => entry.person = Some(*rpps),
            Scope::PersonAt(rpps, finess) | Scope::Console(rpps, finess) => {
                entry.person = Some(*rpps);
                entry.structure = Some(*finess);
            }
            Scope::Session(sid) => entry.sid = Some(*sid),
            Scope::Grant(grant) => entry.grant = Some(*grant),
            Scope::Client(client) => entry.client = Some(client.clone()),
        }
        Self { scope, cause, entry }
    }
}
