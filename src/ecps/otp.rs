//! One-time codes for a phone without network. The file that names `totp-rs`.
//!
//! The key is derived from the phone's seed and the PIN, and the gateway keeps only that key: a
//! wrong PIN gives a wrong code, so that one code proves both factors.

use std::sync::Arc;

use aws_lc_rs::hmac;
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

use crate::{
    access::{NoRight, Proof, Session, Stamp, Standing, admits},
    kernel::{
        ClientId, DeviceId, Finess, Outage, Rpps, Sid, Timestamp, seal::RecordsKey, secret::Secret,
        time::Span,
    },
};

use super::{
    card::{Card, Move, Moved},
    pin::Pin,
};

/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Life of a code, in seconds.
pub const PERIOD: u64 = 30;

/// The key of the one-time codes: HMAC-SHA-256 of the PIN under the phone's seed.
pub(super) fn derived_key(seed: &[u8; 32], pin: &Pin) -> Zeroizing<[u8; 32]> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed), pin.expose().as_bytes());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(tag.as_ref());
    key
}

/// What a derived key is sealed for.
pub(super) fn sealed_for(device: DeviceId) -> String {
    format!("card/otp/{device}")
}

/// The time step that `code` proves (RFC 6238, section 5.2): this one or a neighbour.
fn step_of(key: &[u8], code: &str, now: Timestamp) -> Option<u64> {
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(PERIOD)
        .with_skew(1)
        .with_secret(key)
        .build()
        .ok()?;
    totp.check(code, u64::try_from(now.as_seconds()).ok()?)
}

/// A one-time code that arrived.
pub struct OtpAttempt {
    /// Whose it is said to be.
    pub rpps: Rpps,
    /// The six digits.
    pub code: Secret,
    /// For which client.
    pub client: ClientId,
    /// The structure that this client is bound to.
    pub structure: Option<Finess>,
    /// Where the records stood when the code arrived.
    pub stamp: Stamp,
    /// When it arrived, on the protocol clock.
    pub now: Timestamp,
    /// The session that it opens, if it opens one.
    pub sid: Sid,
    /// How long that session lives.
    pub life: Span,
    /// Wrong ones in a row after which one-time codes rest.
    pub limit: u32,
    /// What opens the sealed key.
    pub key: Arc<RecordsKey>,
}

/// How long one-time codes of a card rest after too many wrong ones; our choice. The phone's own
/// approval goes on meanwhile.
const REST: Span = Span::minutes(15);

/// What the records know about the card, read in one transaction.
pub struct OtpFacts {
    /// The card.
    pub card: Card,
    /// The phone that holds it, and its sealed key.
    pub held: Option<(DeviceId, Vec<u8>)>,
    /// The last step that was accepted.
    pub last_step: Option<u64>,
    /// Wrong ones in a row.
    pub misses: u32,
    /// Until when one-time codes of this card rest.
    pub rests_until: Option<Timestamp>,
    /// Card and situations. `None`: nobody has this number, or it is retired.
    pub standing: Option<Standing>,
}

/// What a one-time code leads to. The person is told the same for all that are not a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtpVerdict {
    /// Nothing can be proven here, or the step was used before: nothing is written.
    Nothing,
    /// A wrong code. It is counted apart from wrong PINs: whoever knows a public number can send one,
    /// and must not be able to block a card or to cut a session.
    Missed {
        /// Wrong ones in a row by now.
        misses: u32,
        /// Until when one-time codes of this card rest, if that was one too many.
        rests_until: Option<Timestamp>,
    },
    /// Proven, by a person who may not enter.
    NoRight {
        /// Why.
        reason: NoRight,
        /// The step that is used up.
        step: u64,
        /// The card.
        moved: Moved,
    },
    /// Proven.
    Opens {
        /// The session.
        session: Session,
        /// The step that is used up.
        step: u64,
        /// The card.
        moved: Moved,
    },
}

impl OtpAttempt {
    /// What this code leads to.
    pub fn decide(&self, facts: &OtpFacts) -> Result<OtpVerdict, Outage> {
        let (Some(standing), Some((device, sealed))) = (&facts.standing, &facts.held) else {
            return Ok(OtpVerdict::Nothing);
        };
        if facts.rests_until.is_some_and(|until| self.now < until) {
            return Ok(OtpVerdict::Nothing);
        }
        let Ok(proven) = facts.card.apply(Move::Prove, self.limit) else {
            return Ok(OtpVerdict::Nothing);
        };
        let damaged = |error: crate::kernel::seal::Unsealable| Outage::Damaged(error.to_string());
        let key = self.key.open(&sealed_for(*device), sealed).map_err(damaged)?;
        let Some(step) = step_of(&key, self.code.expose(), self.now) else {
            let misses = facts.misses.saturating_add(1);
            return Ok(if misses < self.limit {
                OtpVerdict::Missed { misses, rests_until: None }
            } else {
                OtpVerdict::Missed { misses: 0, rests_until: Some(self.now + REST) }
            });
        };
        // RFC 6238, section 5.2: a code is accepted once, and none that is older afterwards.
        if facts.last_step.is_some_and(|last| step <= last) {
            return Ok(OtpVerdict::Nothing);
        }
        Ok(match admits(standing, self.structure) {
            Err(reason) => OtpVerdict::NoRight { reason, step, moved: proven },
            Ok(()) => OtpVerdict::Opens { session: self.session(), step, moved: proven },
        })
    }

    fn session(&self) -> Session {
        Session {
            sid: self.sid,
            rpps: self.rpps,
            stamp: self.stamp,
            proof: Proof::OneTimeCode,
            proven_at: self.now,
            until: self.now + self.life,
        }
    }
}

#[cfg(test)]
#[path = "otp_tests.rs"]
mod tests;
