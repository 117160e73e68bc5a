//! What the portal needs from the rest of the house.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::{
    access::{CardStanding, Closing, Now, Stamp, Standing},
    kernel::{
        ClientId, Finess, GrantId, Outage, Revision, Rpps, Sid, Timestamp,
        journal::Line,
        retry::{Answered, Keep},
        secret::Secret,
    },
    registry::{AccessAt, Page, Professional, Situation, Structure},
};

/// A program that may use the API, as its token tells.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub client_id: ClientId,
    /// The one structure that it acts at; `None`: all.
    pub structure: Option<Finess>,
    /// The scopes of its token.
    pub scopes: BTreeSet<String>,
    /// The reading that its token passed the gate on: the only one of this request.
    pub now: Now,
}

/// Why a token opens nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Denied {
    /// Unknown, expired, cut, or somebody's who is no program.
    #[error("the token opens nothing here")]
    Invalid,
    /// We cannot know.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Who recognises the API's callers: the provider that issued their tokens. The token passes the
/// gate at `Door::Api`.
#[async_trait::async_trait]
pub trait Callers: Send + Sync {
    /// Whose token it is.
    async fn caller(&self, bearer: &Secret) -> Result<Caller, Denied>;
}

/// A person with all that the API tells of them, read in one snapshot.
#[derive(Clone, Debug)]
pub struct PersonRecord {
    /// The person, a retired one included.
    pub professional: Professional,
    /// Situations, ended ones included, oldest first.
    pub situations: Vec<(Situation, Structure)>,
    /// Local accesses, ended ones included, oldest first.
    pub local_accesses: Vec<AccessAt>,
    /// The card.
    pub card: CardStanding,
    /// Since when the phone that holds it does, on the calendar clock.
    pub activated_at: Option<Timestamp>,
}

impl PersonRecord {
    /// Whether a situation is open, begun or to come.
    pub fn is_employed(&self) -> bool {
        self.situations.iter().any(|(situation, _)| situation.is_open())
    }

    /// What this person may enter on `day`: what is open and has begun, and what is to come.
    pub fn standing(&self, day: Date) -> Standing {
        let open = self.situations.iter().map(|(situation, _)| situation);
        let (situations, upcoming) = open
            .filter(|situation| situation.is_open())
            .cloned()
            .partition(|situation| situation.started_on <= day);
        let accesses = self.local_accesses.iter().map(|(access, _)| access);
        Standing {
            rpps: self.professional.rpps,
            card: self.card,
            situations,
            upcoming,
            local_accesses: accesses.filter(|access| access.ended_at.is_none()).cloned().collect(),
        }
    }
}

/// People, to read.
#[async_trait::async_trait]
pub trait People: Send + Sync {
    /// One person.
    async fn person(&self, rpps: Rpps) -> Result<Option<PersonRecord>, Outage>;

    /// People in the order of their numbers, retired ones left out; of one structure if named: who
    /// works there, worked there, or has a local access.
    async fn people(
        &self,
        finess: Option<Finess>,
        page: Page<Rpps>,
    ) -> Result<Vec<PersonRecord>, Outage>;
}

/// Why an identity is not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDeleted {
    /// Nobody has this number.
    Unknown,
    /// It was deleted before.
    Already,
}

/// What the authority may take away.
#[async_trait::async_trait]
pub trait Removals: Send + Sync {
    /// Deletes a wrong identity: retires the number, ends what is open, writes `closing`.
    async fn delete_identity(
        &self,
        rpps: Rpps,
        closing: Closing,
        keep: Keep<Rpps>,
    ) -> Result<Answered<Rpps, NotDeleted>, Outage>;
}

/// A session and what grew from it, as the records tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its name.
    pub sid: Sid,
    /// Who.
    pub rpps: Rpps,
    /// Where its proof started.
    pub stamp: Stamp,
    /// How it was proven, in the word that is stored.
    pub proof: String,
    /// When.
    pub proven_at: Timestamp,
    /// Until when, at the latest.
    pub until: Timestamp,
    /// What was authorized inside it.
    pub grants: Vec<GrantRecord>,
}

/// A grant of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// Its identifier.
    pub id: GrantId,
    /// The client.
    pub client: ClientId,
    /// What the client was bound to when it opened.
    pub structure: Option<Finess>,
    /// Its own revision.
    pub own: Revision,
    /// Until when, at the latest.
    pub until: Timestamp,
    /// Since when.
    pub opened_at: Timestamp,
}

/// No such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSession;

/// Sessions, to watch and to end. Whether one is alive is for the gate to say, not for the store.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync {
    /// Sessions that have not ended by themselves at `now`, newest first, of one person and with a
    /// grant of one client if named.
    async fn unexpired(
        &self,
        rpps: Option<Rpps>,
        client: Option<ClientId>,
        now: Timestamp,
        page: Page<Sid>,
    ) -> Result<Vec<SessionRecord>, Outage>;

    /// Ends one: writes `closing`.
    async fn end(
        &self,
        sid: Sid,
        closing: Closing,
        keep: Keep<Sid>,
    ) -> Result<Answered<Sid, NoSession>, Outage>;

    /// Ends all those of one person, with whatever waits for a proof of theirs: writes `closing`.
    async fn end_all(&self, rpps: Rpps, closing: Closing) -> Result<(), Outage>;
}

/// The journal, to read.
#[async_trait::async_trait]
pub trait JournalLines: Send + Sync {
    /// Up to `limit` lines after `seq`, in order.
    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<Line>, Outage>;
}

/// The mock phones of the demo; absent everywhere else.
#[async_trait::async_trait]
pub trait Phones: Send + Sync {
    /// Activates this person's e-CPS on their mock phone, which approves by itself from then on.
    async fn activate_and_approve(&self, rpps: Rpps, pin: &Secret) -> Result<(), Outage>;
}
