//! What a structure gives to staff whose situation it may not end, and may take back.

use crate::kernel::{Finess, LocalAccessId, Rpps, Timestamp};

/// A local access. It has the same life as a situation, and opens the clients bound to its
/// structure as an employer's situation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAccess {
    /// Our own identifier.
    pub id: LocalAccessId,
    /// Who.
    pub rpps: Rpps,
    /// Where.
    pub finess: Finess,
    /// Since when, on the calendar clock.
    pub given_at: Timestamp,
    /// When it is due to end, on the calendar clock.
    pub ends_at: Option<Timestamp>,
    /// When it ended, on the calendar clock.
    pub ended_at: Option<Timestamp>,
}
