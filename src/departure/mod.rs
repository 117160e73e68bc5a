//! Somebody leaves: the end, its schedule, its undoing, and telling everybody who must know.
//!
//! The end of a situation, its cut, its journal line and the obligation to tell are one
//! transaction of the store; this slice says what they contain ([`plan`]) and when
//! ([`EndRequest`]).

mod calendar;
mod cascade;
mod ledger;
mod outlook;
mod reopening;
mod schedule;
mod telling;

use serde::Serialize;

use crate::{
    kernel::{
        DepartureId, Finess, LocalAccessId, Outage, Revision, Rpps, SituationId, Timestamp,
        journal::Actor,
        retry::{Answered, Keep, Kept, Once},
    },
    registry::{AccessAt, LocalAccess, Page, Situation, Structure},
};

pub use calendar::{Calendar, Move, NotMoved, new_lead};
pub use cascade::{Ending, Plan, plan};
pub use ledger::{
    AfterTry, Attempt, LedgerLine, Notice, NoticeState, Outbox, OwedLetter, RetryPolicy,
};
pub use outlook::{EndFacts, Mark, Outlook};
pub use reopening::{ReopenRefused, may_give_back};
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
    /// Ends a situation, now or later, if what the asker was shown of it is still so.
    async fn end_situation(
        &self,
        situation: SituationId,
        request: EndRequest,
        keep: Keep<Ended>,
    ) -> Result<Answered<Ended, EndRefused>, Outage>;

    /// Takes a local access back, now or later, under the same condition.
    async fn end_local_access(
        &self,
        access: LocalAccessId,
        request: EndRequest,
        keep: Keep<Withdrawn>,
    ) -> Result<Answered<Withdrawn, EndRefused>, Outage>;

    /// What an end would do if it were asked for at this moment of the calendar, without doing it.
    async fn foresee(
        &self,
        ending: Ending,
        request: EndRequest,
        calendar: Timestamp,
    ) -> Result<Result<Outlook, EndRefused>, Outage>;

    /// Undoes an end, done or scheduled. Opens the situation, and revives nothing.
    async fn reopen_situation(
        &self,
        situation: SituationId,
        by: Actor,
        mandate: Mandate,
        keep: Keep<Reopened>,
    ) -> Result<Answered<Reopened, ReopenRefused>, Outage>;

    /// Undoes the withdrawal of a local access, done or scheduled, under the rules by which one is
    /// given. Opens it, and revives nothing.
    async fn reopen_local_access(
        &self,
        access: LocalAccessId,
        by: Actor,
        mandate: Mandate,
        keep: Keep<AccessAt>,
    ) -> Result<Answered<AccessAt, ReopenRefused>, Outage>;

    /// What was answered under this key, if it was kept for this very request: for somebody who may
    /// ask for nothing any more.
    async fn answered(&self, once: Once) -> Result<Option<Kept>, Outage>;

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
