//! What the pages of managers read.

use crate::{
    access::CardStanding,
    kernel::{Finess, LocalAccessId, Outage, Timestamp, journal::Entry},
    registry::{AccessAt, LocalAccess, Situation},
};

/// How a situation stands, as a manager filters by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffState {
    /// Open, without an end in sight.
    Present,
    /// Open, and due to end.
    Leaving,
    /// Ended.
    Left,
}

/// Which situations of a structure a manager wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffFilter {
    /// Words, folded and in any order: each is part of the name in practice, or begins the RPPS
    /// number.
    pub text: String,
    /// How they stand; `None`: open ones and ended ones.
    pub state: Option<StaffState>,
    /// How many come before.
    pub skip: u32,
    /// At most that many.
    pub limit: u32,
}

/// A situation, as the list of a structure's staff tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRow {
    /// The situation.
    pub situation: Situation,
    /// The person's card.
    pub card: CardStanding,
    /// When the person's registration was validated: the card waits from there.
    pub validated_at: Timestamp,
    /// When the person last entered software of this structure, on the protocol clock.
    pub last_access: Option<Timestamp>,
}

/// A local access that stands, and the name in practice of who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAccess {
    /// The access.
    pub access: LocalAccess,
    /// Name in practice.
    pub name: String,
    /// When the person last entered software of this structure, on the protocol clock.
    pub last_access: Option<Timestamp>,
}

/// What managers read, each verb in one snapshot.
#[async_trait::async_trait]
pub trait Desk: Send + Sync {
    /// The situations of a structure, by name in practice.
    async fn staff(&self, finess: Finess, filter: StaffFilter) -> Result<Vec<StaffRow>, Outage>;

    /// The open local accesses of a structure, by name in practice.
    async fn accesses(&self, finess: Finess) -> Result<Vec<StaffAccess>, Outage>;

    /// A local access and its structure.
    async fn access(&self, id: LocalAccessId) -> Result<Option<AccessAt>, Outage>;

    /// Appends a line to the journal that goes with no other write.
    async fn note(&self, entry: Entry) -> Result<(), Outage>;
}
