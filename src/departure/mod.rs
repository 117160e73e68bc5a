//! Somebody leaves: the end, its schedule, its undoing, and telling everybody who must know.
//!
//! The end of a situation, its cut, its journal line and the obligation to tell are one
//! transaction of the store; this slice says what they contain ([`plan`]) and when
//! ([`EndRequest`]).

mod calendar;
mod cascade;
mod ledger;
mod schedule;
mod telling;

use serde::Serialize;

use crate::{
    kernel::{
        DepartureId, Finess, LocalAccessId, Outage, Revision, Rpps, SituationId, Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
    },
    registry::{LocalAccess, Page, Situation, Structure},
};

pub use calendar::{Calendar, Move, NotMoved, new_lead};
pub use cascade::{Ending, Plan, plan};
pub use ledger::{
    AfterTry, Attempt, LedgerLine, Notice, NoticeState, Outbox, OwedLetter, RetryPolicy,
};
pub use schedule::{Asked, EndRefused, EndRequest, Mandate, When};
pub use telling::{LogoutTokens, Mailbag, Telling};

/// How far a departure has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DepartureState {
    /// It will take effect.
    Scheduled,
    /// It took effect.
    Done,
    /// It was called off, or undone afterwards.
    Undone,
}

/// One departure, as the records tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Its identifier.
    pub id: DepartureId,
    /// Who.
    pub rpps: Rpps,
    /// From where.
    pub finess: Finess,
    /// What ends.
    pub ending: Ending,
    /// How far it has come.
    pub state: DepartureState,
    /// When it takes effect, on the calendar clock.
    pub due_at: Timestamp,
    /// Why, in the asker's words.
    pub reason: Option<String>,
    /// Who asked.
    pub by: Actor,
    /// When it was done, on the calendar clock: never before `due_at`.
    pub done_at: Option<Timestamp>,
    /// The revision that did it.
    pub revision: Option<Revision>,
    /// What it cut.
    pub cuts: Vec<crate::access::Cut>,
}

/// A situation whose end was accepted, as one transaction left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The situation.
    pub situation: Situation,
    /// Its structure.
    pub structure: Structure,
    /// The departure: done, or scheduled.
    pub departure: Departure,
    /// Who is owed a notice of it.
    pub owed: Vec<LedgerLine>,
}

/// A local access whose end was accepted, as one transaction left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The local access.
    pub local_access: LocalAccess,
    /// Its structure.
    pub structure: Structure,
    /// The departure: done, or scheduled.
    pub departure: Departure,
    /// Who is owed a notice of it.
    pub owed: Vec<LedgerLine>,
}

/// A situation whose end was undone.
pub type Reopened = (Situation, Structure);

/// The storage verbs of this slice. Each is one transaction, with the answer that it keeps for a
/// caller who may ask again.
#[async_trait::async_trait]
pub trait Departures: Send + Sync {
    /// Ends a situation, now or later.
    async fn end_situation(
        &self,
        situation: SituationId,
        request: EndRequest,
        keep: Keep<Ended>,
    ) -> Result<Answered<Ended, EndRefused>, Outage>;

    /// Takes a local access back, now or later.
    async fn end_local_access(
        &self,
        access: LocalAccessId,
        request: EndRequest,
        keep: Keep<Withdrawn>,
    ) -> Result<Answered<Withdrawn, EndRefused>, Outage>;

    /// Undoes an end, done or scheduled. Opens the situation, and revives nothing.
    async fn reopen_situation(
        &self,
        situation: SituationId,
        by: Actor,
        mandate: Mandate,
        keep: Keep<Reopened>,
    ) -> Result<Answered<Reopened, ReopenRefused>, Outage>;

    /// One departure.
    async fn departure(&self, id: DepartureId) -> Result<Option<Departure>, Outage>;

    /// Departures, newest first, of one person and from one structure if named.
    async fn departures(
        &self,
        rpps: Option<Rpps>,
        finess: Option<Finess>,
        page: Page<DepartureId>,
    ) -> Result<Vec<Departure>, Outage>;
}

/// Why an end is not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReopenRefused {
    /// No such situation, or none that this asker may know of.
    #[error("situation inconnue")]
    Unknown,
    /// It neither ended nor is due to.
    #[error("cette situation est ouverte, sans fin prévue")]
    NotEnded,
    /// An Ordre or an ARS entered it.
    #[error("cette situation a été enregistrée par un Ordre ou une ARS")]
    OtherAuthority,
    /// The number is retired: a wrong identity was deleted.
    #[error("ce numéro RPPS a été retiré")]
    Retired,
    /// The structure has closed.
    #[error("cette structure est fermée")]
    StructureClosed,
}
