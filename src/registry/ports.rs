//! The storage verbs of the registry. Each is one transaction.

use crate::kernel::{
    Finess, LocalAccessId, Outage, Rpps, SituationId, Timestamp,
    journal::Actor,
    retry::{Answered, Keep},
};

use super::{
    LocalAccess, Structure,
    fault::Fault,
    hiring::{Hired, Hiring, NotHired},
    local_access::{LocalAccessDraft, NotGiven},
    registration::{Draft, NotRegistered, Registered},
};

/// A local access and the structure that gave it.
pub type AccessAt = (LocalAccess, Structure);

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// Only what comes after this one.
    pub after: Option<Id>,
    /// At most that many.
    pub limit: u32,
}

/// Why a structure is not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEntered {
    /// The number is known already.
    Already,
    /// Faults, all of them.
    Faults(Vec<Fault>),
}

/// The registry's records.
#[async_trait::async_trait]
pub trait Registry: Send + Sync {
    /// Registers somebody: the person, their situation, the journal and the mail owed are one
    /// transaction. Of two entries of one person at once, one wins.
    async fn register(
        &self,
        draft: Draft,
        validated_at: Timestamp,
        by: Actor,
        keep: Keep<Registered>,
    ) -> Result<Answered<Registered, NotRegistered>, Outage>;

    /// Enters another situation of somebody who has a number. A card that was suspended for want of
    /// one resumes.
    async fn hire(
        &self,
        hiring: Hiring,
        by: Actor,
        keep: Keep<Hired>,
    ) -> Result<Answered<Hired, NotHired>, Outage>;

    /// Gives a local access.
    async fn give_local_access(
        &self,
        draft: LocalAccessDraft,
        by: Actor,
        keep: Keep<AccessAt>,
    ) -> Result<Answered<AccessAt, NotGiven>, Outage>;

    /// Enters a structure.
    async fn enter_structure(
        &self,
        structure: Structure,
        by: Actor,
        keep: Keep<Structure>,
    ) -> Result<Answered<Structure, NotEntered>, Outage>;

    /// One structure.
    async fn structure(&self, finess: Finess) -> Result<Option<Structure>, Outage>;

    /// Structures, in the order of their numbers.
    async fn structures(&self, page: Page<Finess>) -> Result<Vec<Structure>, Outage>;

    /// Open establishments whose name and town contain each word of `text`, folded, or whose number
    /// it is.
    async fn establishments(&self, text: String, limit: u32) -> Result<Vec<Structure>, Outage>;

    /// A situation and its structure.
    async fn situation(
        &self,
        id: SituationId,
    ) -> Result<Option<(super::Situation, Structure)>, Outage>;

    /// Local accesses, oldest first, of one structure and of one person if named.
    async fn local_accesses(
        &self,
        finess: Option<Finess>,
        rpps: Option<Rpps>,
        page: Page<LocalAccessId>,
    ) -> Result<Vec<AccessAt>, Outage>;
}
