//! The moment at which a proof started.

use crate::kernel::{Epoch, Revision};

/// Epoch and revision of the records when a proof started: read through the barrier when the
/// challenge is made or the one-time code arrives, before card and situations are read. All that
/// grows from the proof inherits it, and nothing ever gets a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The time line.
    pub epoch: Epoch,
    /// The revision on it.
    pub revision: Revision,
}
