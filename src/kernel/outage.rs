//! The one way in which storage fails a caller.

/// The records or the ephemera could not be asked, or did not answer. Never a rule's decision: a
/// door that meets it refuses with 503 (unknown is closed).
#[derive(Clone, Debug, thiserror::Error)]
pub enum Outage {
    /// Too much is waiting already.
    #[error("the store has too much waiting")]
    Busy,
    /// The store is stopped, unreachable, full or read-only.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The file itself is damaged: a page of it is not what was written there.
    #[error("the store's file is damaged ({0}); stop, and restore a backup")]
    Corrupt(String),
    /// What was read cannot be what was written.
    #[error("the store holds something impossible: {0}")]
    Damaged(String),
}
