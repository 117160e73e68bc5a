//! What this slice needs from storage. Each verb is one atomic step; whoever decides inside one is
//! passed in.

use std::sync::Arc;

use crate::{
    access::{NoRight, Passed, Session},
    kernel::{
        ChallengeId, DeviceId, Outage, Rpps, Sid, Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
        secret::SecretDigest,
    },
};

use super::{
    activation::{Activation, ActivationId, CardHolder, Finish},
    card::{CardInactive, Move},
    challenge::{Approval, Challenge},
    device_proof::PublicKey,
    otp::OtpAttempt,
    sending::{SendingId, Start, Starting},
};

/// All ports of the slice.
#[derive(Clone)]
#[expect(missing_docs, reason = "each name is the port")]
pub struct Ports {
    pub cards: Arc<dyn Cards>,
    pub activations: Arc<dyn Activations>,
    pub challenges: Arc<dyn Challenges>,
}

/// A phone that holds a card, or held one.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name.
    pub id: DeviceId,
    /// Whose.
    pub rpps: Rpps,
    /// Its key.
    pub public_key: PublicKey,
    /// Whether it still holds the card.
    pub holds: bool,
    /// Whether the card is blocked.
    pub blocked: bool,
    /// Whether the number is retired.
    pub retired: bool,
}

impl Device {
    /// May this phone ask anything? That of a suspended card may: it still proves itself, to be told
    /// why it opens nothing.
    pub fn may_ask(&self) -> Result<(), CardInactive> {
        match self {
            Self { retired: true, .. } => Err(CardInactive::Retired),
            Self { holds: false, .. } => Err(CardInactive::Replaced),
            Self { blocked: true, .. } => Err(CardInactive::Blocked),
            Self { .. } => Ok(()),
        }
    }

    /// May this phone answer a challenge? That of a blocked card as well: the challenge that was cut
    /// with it is over, whichever way it answers, and a no is always good to hear.
    pub fn may_answer(&self) -> Result<(), CardInactive> {
        match self.may_ask() {
            Ok(()) | Err(CardInactive::Blocked) => Ok(()),
            Err(
                reason @ (CardInactive::Suspended | CardInactive::Replaced | CardInactive::Retired),
            ) => Err(reason),
        }
    }
}

/// What security decides on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It proves nothing any more.
    Block,
    /// It leaves its phone, and can be activated again at once, whether it was blocked or not.
    Replace,
}

impl Decision {
    /// The move of the card.
    pub fn step(self) -> Move {
        match self {
            Self::Block => Move::Block,
            Self::Replace => Move::Replace,
        }
    }
}

/// Nobody has this number, or it is retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nobody;

/// What a one-time code led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtpProven {
    /// Nothing was proven.
    Nothing,
    /// Proven, by a person who may not enter.
    NoRight(NoRight),
    /// Proven: the session is written.
    Opens(Session),
}

/// Cards and the phones that hold them.
#[async_trait::async_trait]
pub trait Cards: Send + Sync {
    /// Who has this number, and how they stand, in one snapshot. `None`: nobody ever had it.
    async fn holder(&self, rpps: Rpps) -> Result<Option<CardHolder>, Outage>;

    /// A phone, present or former.
    async fn device(&self, id: DeviceId) -> Result<Option<Device>, Outage>;

    /// Takes the identifier of a phone's proof. True for exactly one caller.
    async fn take_proof(&self, once: SecretDigest, until: Timestamp) -> Result<bool, Outage>;

    /// Decides on a one-time code, takes its step, counts it if wrong (and blocks the card, with
    /// its cut), and writes the session that it opens.
    async fn prove_otp(&self, attempt: OtpAttempt, passed: Passed) -> Result<OtpProven, Outage>;

    /// Carries out a decision on a card, with its cut.
    async fn decide(
        &self,
        rpps: Rpps,
        decision: Decision,
        by: Actor,
        keep: Keep<Rpps>,
    ) -> Result<Answered<Rpps, Nobody>, Outage>;
}

/// What became of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Too late, too many tries, or used already.
    Expired,
    /// The card stands in the way.
    Inactive(CardInactive),
    /// At least one secret is wrong.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// The phone holds the card.
    Activated,
}

/// Activations in progress (ephemera), and their tries (records).
#[async_trait::async_trait]
pub trait Activations: Send + Sync {
    /// Decides how an activation starts, and keeps it until its secrets end.
    async fn start(&self, start: Start) -> Result<Starting, Outage>;

    /// Forgets secrets that could not leave, and the activations that waited for them.
    async fn abandon(&self, id: SendingId) -> Result<(), Outage>;

    /// One activation.
    async fn activation(&self, id: ActivationId) -> Result<Option<Activation>, Outage>;

    /// Decides on it, counts the try, and gives the card to the phone: the phone that held it
    /// loses it, with its cut. Whatever else waited for this person is over.
    async fn finish(&self, finish: Finish) -> Result<Finished, Outage>;
}

/// What an approval led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// The challenge is over.
    Gone,
    /// The phone no longer holds the card.
    NotHeld,
    /// A wrong PIN.
    WrongPin {
        /// Tries left.
        left: u32,
    },
    /// A wrong code.
    WrongCode,
    /// Proven, by a person who may not enter.
    NoRight(NoRight),
    /// Proven: the session is written.
    Opens(Session),
}

/// Log-ins that wait for the phone (ephemera), and whether they were answered (records).
#[async_trait::async_trait]
pub trait Challenges: Send + Sync {
    /// Keeps a challenge until it ends. One for a number that nobody has becomes a decoy, at the
    /// same cost.
    async fn open(&self, challenge: Challenge) -> Result<(), Outage>;

    /// One challenge.
    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, Outage>;

    /// Those that wait for `rpps` at `now`, newest first.
    async fn waiting(&self, rpps: Rpps, now: Timestamp) -> Result<Vec<Challenge>, Outage>;

    /// Decides on an approval; takes the challenge once; counts a wrong PIN (and blocks the card,
    /// with its cut); writes the outcome, and the session that it opens.
    async fn approve(&self, approval: Approval, passed: Passed) -> Result<Approved, Outage>;

    /// The person says no. False: the challenge is over already.
    async fn deny(&self, id: ChallengeId, rpps: Rpps, passed: Passed) -> Result<bool, Outage>;

    /// The person does not wait any more: the phone need not ask.
    async fn withdraw(&self, id: ChallengeId) -> Result<(), Outage>;

    /// The session that an approval opened.
    async fn session(&self, sid: Sid) -> Result<Option<Session>, Outage>;
}
