//! The mock e-CPS: a phone becomes a means of identification.
//!
//! [`activation`]: two secrets sent apart and a PIN give a card to a phone. [`challenge`]: a log-in
//! waits until that phone says which code the page shows; [`otp`]: the same without a network.
//! Both end in an [`access::Session`](crate::access::Session), which `signin` hands to the provider.
//! The phone's API is in [`http`]. This slice knows neither clients' registrations nor tokens.

mod activating;
pub mod activation;
pub mod card;
pub mod challenge;
pub mod device_proof;
pub mod http;
pub mod otp;
mod pin;
mod ports;
pub mod post;
mod problems;
mod proving;
mod refusals;
pub mod sending;

use std::sync::Arc;

use crate::{
    access::{Doors, LONGEST_CHALLENGE, SESSION_LIFE},
    kernel::{
        Outage, Rpps,
        journal::Actor,
        random::Random,
        retry::{Answered, Keep},
        seal::RecordsKey,
        time::Span,
    },
};

pub use activating::{ActivationRefused, FinishRefused, NewDevice, Started};
pub use activation::{ActivationId, CardHolder};
pub use card::{CardInactive, Move, NoSuchMove};
pub use challenge::{Challenge, Codes, Outcome};
pub use device_proof::{BadProof, PublicKey};
pub use pin::{BadPin, Pin};
pub use ports::{
    Activations, Approved, Cards, Challenges, Decision, Device, Finished, Nobody, OtpProven, Ports,
};
pub use post::Post;
pub use proving::{Ask, Opened, Said, State};
pub use refusals::{ApprovalRefused, OtpRefused};

/// The settings of this slice; the sentence of each is in `config/gateway.toml`.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each name is the sentence")]
pub struct Settings {
    pub pin_attempts: u32,
    pub challenge_life: Span,
    pub activation_life: Span,
    pub activation_tries: u32,
    pub activation_guesses: u32,
    pub sendings_at_once: u32,
    pub session_life: Span,
}

impl Settings {
    /// How long a session lives: what the setting says, never longer than the floor allows for.
    fn session_life(&self) -> Span {
        self.session_life.min(SESSION_LIFE)
    }

    /// How long a challenge waits, likewise.
    fn challenge_life(&self) -> Span {
        self.challenge_life.min(LONGEST_CHALLENGE)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pin_attempts: 3,
            challenge_life: LONGEST_CHALLENGE,
            activation_life: Span::minutes(10),
            activation_tries: 5,
            activation_guesses: 20,
            sendings_at_once: 5,
            session_life: SESSION_LIFE,
        }
    }
}

/// The slice: its rules, over its ports.
#[derive(Clone)]
pub struct Ecps {
    inner: Arc<Collaborators>,
}

/// What the slice works with.
pub struct Collaborators {
    /// The barrier and the gate.
    pub doors: Doors,
    /// Storage.
    pub ports: Ports,
    /// Mail and SMS.
    pub post: Arc<dyn Post>,
    /// What seals and digests.
    pub key: Arc<RecordsKey>,
    /// Secrets, codes and names.
    pub random: Arc<dyn Random>,
    /// Settings.
    pub settings: Settings,
}

impl Ecps {
    /// Puts the slice together.
    pub fn new(collaborators: Collaborators) -> Self {
        Self { inner: Arc::new(collaborators) }
    }

    /// Blocks a card, or takes it from its phone: security's decision. Everything of this person is
    /// cut. With a key, asking again does not decide again: a phone that was activated meanwhile
    /// stays.
    pub async fn decide(
        &self,
        rpps: Rpps,
        decision: Decision,
        by: Actor,
        keep: Keep<Rpps>,
    ) -> Result<Answered<Rpps, Nobody>, Outage> {
        self.inner.ports.cards.decide(rpps, decision, by, keep).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_shorten_and_never_lengthen() {
        let set = |seconds| Settings {
            challenge_life: Span::seconds(seconds),
            session_life: Span::seconds(seconds),
            ..Settings::default()
        };
        let lives = |settings: Settings| (settings.challenge_life(), settings.session_life());
        assert_eq!(lives(set(20)), (Span::seconds(20), Span::seconds(20)));
        assert_eq!(lives(set(100_000)), (LONGEST_CHALLENGE, SESSION_LIFE));
    }
}
