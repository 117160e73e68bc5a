//! One log-in that waits for the phone: a two-digit code on the page, three on the phone.

use serde::{Deserialize, Serialize};

use crate::{
    access::{Holder, NoRight, Proof, Session, Stamp, Standing, admits},
    kernel::{
        ChallengeId, ClientId, DeviceId, Finess, Rpps, Sid, Timestamp, random::Random,
        secret::SecretDigest, time::Span,
    },
};

use super::card::{Card, Move, Moved};

/// Three distinct codes of two digits, of which one is shown on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// In the order in which the phone shows them.
    pub all: [String; 3],
    /// The right one.
    pub shown: String,
}

impl Codes {
    /// Draws them.
    pub fn draw(random: &dyn Random) -> Self {
        // Without replacement: each draw skips, in ascending order, what was drawn before.
        let first = random.below(90);
        let skip = |value: u64, taken: u64| if value >= taken { value + 1 } else { value };
        let second = skip(random.below(89), first);
        let (low, high) = (first.min(second), first.max(second));
        let third = skip(skip(random.below(88), low), high);
        let all = [first, second, third].map(|value| (value + 10).to_string());
        let [a, b, c] = &all;
        let shown = match random.below(3) {
            0 => a,
            1 => b,
            _ => c,
        };
        Self { shown: shown.clone(), all }
    }
}

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Proven: this session was opened.
    Approved {
        /// The session.
        sid: Sid,
    },
    /// The person said no, or chose a wrong code.
    Denied,
    /// Proven, by a person who may not enter.
    Refused {
        /// Why.
        reason: NoRight,
    },
}

/// A log-in that waits for the phone, or waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its name.
    pub id: ChallengeId,
    /// Who should answer. `None`: a decoy, for an identifier that nobody holds.
    pub rpps: Option<Rpps>,
    /// Where the records stood when it was made.
    pub stamp: Stamp,
    /// The client that asks.
    pub client: ClientId,
    /// Its name, as people read it.
    pub service: String,
    /// The structure that it is bound to.
    pub structure: Option<Finess>,
    /// The codes.
    pub codes: Codes,
    /// How it ended, once it did.
    pub outcome: Option<Outcome>,
    /// When it was made, on the protocol clock.
    pub made_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

impl Challenge {
    /// What stands before the doors while the challenge waits.
    pub fn holder(&self) -> Holder {
        Holder {
            rpps: self.rpps,
            structure: self.structure,
            sid: None,
            proof: self.stamp,
            client: Some(self.client.clone()),
            grant: None,
            own: self.stamp.revision,
            until: self.until,
        }
    }

    /// The session that a proof opens: it grows from the challenge, not from the approval.
    fn session(&self, rpps: Rpps, approval: &Approval) -> Session {
        Session {
            sid: approval.sid,
            rpps,
            stamp: self.stamp,
            proof: Proof::Phone,
            proven_at: approval.now,
            until: self.made_at + approval.life,
        }
    }
}

/// What stands before the doors once there is a session.
pub(super) fn holder_of(session: &Session, client: &ClientId, structure: Option<Finess>) -> Holder {
    Holder {
        rpps: Some(session.rpps),
        structure,
        sid: Some(session.sid),
        proof: session.stamp,
        client: Some(client.clone()),
        grant: None,
        own: session.stamp.revision,
        until: session.until,
    }
}

/// What the phone answers.
pub struct Approval {
    /// Which challenge.
    pub challenge: ChallengeId,
    /// Which phone; its proof has been verified.
    pub device: DeviceId,
    /// The code that the person chose.
    pub code: String,
    /// The PIN, digested for this device.
    pub pin: SecretDigest,
    /// The client that the phone showed.
    pub client: String,
    /// The session that it opens, if it opens one.
    pub sid: Sid,
    /// How long that session lives, counted from the challenge.
    pub life: Span,
    /// Wrong PINs in a row that block the card.
    pub limit: u32,
    /// When, on the protocol clock.
    pub now: Timestamp,
}

/// What the records know, read in one transaction.
pub struct ApprovalFacts<'a> {
    /// The challenge.
    pub challenge: &'a Challenge,
    /// The card.
    pub card: Card,
    /// The phone that holds it, and the PIN chosen there.
    pub held: Option<(DeviceId, SecretDigest)>,
    /// Card and situations. `None`: the number is retired.
    pub standing: Option<&'a Standing>,
}

/// What an approval leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The challenge is over, or not this phone's: nothing is written.
    Gone,
    /// The phone no longer holds the card: nothing is written.
    NotHeld,
    /// A wrong PIN, counted. The challenge waits on.
    Missed {
        /// The card, blocked perhaps.
        moved: Moved,
        /// Tries left afterwards.
        left: u32,
    },
    /// The right PIN and a wrong code: the challenge is over.
    WrongCode(Moved),
    /// Proven, by a person who may not enter. A blocked card does not move: its PIN is not read.
    NoRight {
        /// Why.
        reason: NoRight,
        /// The card.
        moved: Option<Moved>,
    },
    /// Proven.
    Opens {
        /// The session.
        session: Session,
        /// The card.
        moved: Moved,
    },
}

impl Approval {
    /// What this approval leads to. PIN first, then the code, then rights: who has proven nothing
    /// is told nothing.
    pub fn decide(&self, facts: &ApprovalFacts<'_>) -> Verdict {
        let challenge = facts.challenge;
        let over = challenge.outcome.is_some() || self.now >= challenge.until;
        let other_client = self.client != challenge.client.as_str();
        let (Some(rpps), false, false) = (challenge.rpps, over, other_client) else {
            return Verdict::Gone;
        };
        let (Some((device, pin)), Some(standing)) = (facts.held, facts.standing) else {
            return Verdict::NotHeld;
        };
        if device != self.device || standing.rpps != rpps {
            return Verdict::NotHeld;
        }
        let Ok(proven) = facts.card.apply(Move::Prove, self.limit) else {
            return Verdict::NoRight { reason: NoRight::CardBlocked, moved: None };
        };
        if !pin.matches(&self.pin) {
            return self.missed(facts.card);
        }
        if !challenge.codes.is_right(&self.code) {
            return Verdict::WrongCode(proven);
        }
        if let Err(reason) = admits(standing, challenge.structure) {
            return Verdict::NoRight { reason, moved: Some(proven) };
        }
        Verdict::Opens { session: challenge.session(rpps, self), moved: proven }
    }

    fn missed(&self, card: Card) -> Verdict {
        let Ok(moved) = card.apply(Move::MissPin, self.limit) else { return Verdict::NotHeld };
        let left = match moved.card {
            Card::Held { misses } => self.limit.saturating_sub(misses),
            Card::Empty | Card::Blocked => 0,
        };
        Verdict::Missed { moved, left }
    }
}

impl Codes {
    fn is_right(&self, chosen: &str) -> bool {
        SecretDigest::of(chosen.as_bytes()).matches(&SecretDigest::of(self.shown.as_bytes()))
    }
}

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
