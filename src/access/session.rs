//! What a proof opened.

use serde::{Deserialize, Serialize};

use crate::kernel::{Rpps, Sid, Timestamp, time::Span};

use super::Stamp;

/// The longest life of a session, counted from its stamp (PSC: 4 hours).
pub const SESSION_LIFE: Span = Span::hours(4);

/// The longest wait of a challenge. A setting may shorten it, never lengthen it: the floor counts
/// on it.
pub const LONGEST_CHALLENGE: Span = Span::minutes(2);

/// How far back the cut set remembers: nothing that started earlier can still live.
pub const MEMORY: Span = Span(SESSION_LIFE.0 + LONGEST_CHALLENGE.0);

/// How the person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Approved on the phone, with its PIN.
    Phone,
    /// One-time code, derived from the phone's seed and its PIN.
    OneTimeCode,
}

/// A session: who, proven how, growing from which stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name in tokens.
    pub sid: Sid,
    /// Who.
    pub rpps: Rpps,
    /// Where the proof started.
    pub stamp: Stamp,
    /// How.
    pub proof: Proof,
    /// When the proof was complete (`auth_time`).
    pub proven_at: Timestamp,
    /// When it ends at the latest: [`SESSION_LIFE`] after the start of the proof.
    pub until: Timestamp,
}
