//! The ordered number that decides what is dead.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The time line of the records: a random value, new when the database may have lost something
/// that it had acknowledged (a restored backup, a failover) or when nothing signed may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub Uuid);

/// How many transactions have changed rights or written a cut, in commit order within an epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision of the next transaction.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
