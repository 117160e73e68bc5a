//! The two secrets of an activation on their way to a person, and how many leave.
//!
//! Whoever knows a number may start an activation, so nothing that a stranger can cause may keep the
//! person from theirs. A start never evicts another one and is never refused because of others: when
//! enough messages are under way, it shares the secrets of the last ones, which reached nobody but
//! the person. And only tries with one right secret count against the person, since only somebody
//! who reads the mails or the SMS can make them.

use std::fmt;

use uuid::Uuid;

use crate::kernel::{Rpps, Timestamp, random::Random, time::Span};

use super::{
    activation::{ActivationId, Digests},
    device_proof::PublicKey,
};

/// One sending of two secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SendingId(pub Uuid);

impl fmt::Display for SendingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Three digits that the messages and the phone both show, so that a person with several messages
/// knows which are theirs. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(pub u16);

impl Reference {
    /// Draws one.
    pub(super) fn draw(random: &dyn Random) -> Self {
        Self(u16::try_from(random.below(1000)).unwrap_or_default())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// Two secrets that left for a person.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Its name.
    pub id: SendingId,
    /// What the person reads on the messages.
    pub reference: Reference,
    /// The secrets.
    pub digests: Digests,
    /// When they left, on the protocol clock.
    pub sent_at: Timestamp,
    /// When they end by themselves, on the protocol clock.
    pub until: Timestamp,
}

/// An activation about to begin, with secrets of its own in case that they may leave.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its name.
    pub id: ActivationId,
    /// Whose card.
    pub rpps: Rpps,
    /// The phone's key.
    pub public_key: PublicKey,
    /// What leaves, if something does.
    pub sending: Sending,
    /// How much may.
    pub limits: SendingLimits,
}

/// How many messages one person gets, and how often somebody who holds half of them may guess.
#[derive(Clone, Copy, Debug)]
pub struct SendingLimits {
    /// Sendings under way that may follow one another at any pace.
    pub at_once: u32,
    /// Beyond them, the wait from one to the next.
    pub apart: Span,
    /// Tries with one right secret, over all activations of the person, in [`GUESSING`].
    pub guesses: u32,
}

/// How long tries with one right secret are remembered.
pub const GUESSING: Span = Span::hours(24);

/// What the records know of a person's sendings.
#[derive(Clone, Debug, Default)]
pub struct SendingFacts {
    /// How many are under way.
    pub live: u32,
    /// The last of them.
    pub newest: Option<Sending>,
    /// Tries with one right secret, and until when they are remembered.
    pub guesses: Guesses,
}

/// Tries with one right secret, over all activations of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guesses {
    /// How many.
    pub count: u32,
    /// Until when.
    pub until: Timestamp,
}

impl Guesses {
    /// Whether they are too many at `now`.
    pub fn exhaust(&self, limit: u32, now: Timestamp) -> bool {
        now < self.until && self.count >= limit
    }
}

/// How an activation starts.
#[derive(Clone, Debug)]
pub enum Starting {
    /// Its own secrets leave.
    Sends,
    /// It is finished with secrets that have left already.
    Joins(Sending),
    /// Somebody holds one of the person's secrets and guesses the other: nothing starts for a while.
    Rests {
        /// Until when.
        until: Timestamp,
    },
}

impl Start {
    /// How it starts.
    pub fn decide(&self, facts: &SendingFacts) -> Starting {
        let SendingLimits { at_once, apart, guesses } = self.limits;
        let now = self.sending.sent_at;
        if facts.guesses.exhaust(guesses, now) {
            return Starting::Rests { until: facts.guesses.until };
        }
        match &facts.newest {
            Some(newest) if facts.live >= at_once && now < newest.sent_at + apart => {
                Starting::Joins(newest.clone())
            }
            Some(_) | None => Starting::Sends,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{ecps::device_proof::tests::some_key, kernel::secret::SecretDigest};

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_269_600_000);

    fn sending(age: Span) -> Sending {
        let digest = SecretDigest::of(b"");
        Sending {
            id: SendingId(Uuid::nil()),
            reference: Reference(7),
            digests: Digests { mail: digest, sms: digest },
            sent_at: NOW - age,
            until: NOW - age + Span::minutes(10),
        }
    }

    /// One letter a verdict: **s**ends, **j**oins, **r**ests.
    #[test]
    fn a_start_is_held_back_by_nothing_that_a_stranger_can_cause() {
        #[track_caller]
        fn check(live: u32, newest: Option<i64>, guesses: (u32, i64), expected: char) {
            let start = Start {
                id: ActivationId(Uuid::nil()),
                rpps: Rpps::from_serial(1),
                public_key: some_key(),
                sending: sending(Span(0)),
                limits: SendingLimits { at_once: 5, apart: Span::minutes(2), guesses: 20 },
            };
            let facts = SendingFacts {
                live,
                newest: newest.map(|seconds| sending(Span::seconds(seconds))),
                guesses: Guesses { count: guesses.0, until: NOW + Span(guesses.1) },
            };
            let verdict = match start.decide(&facts) {
                Starting::Sends => 's',
                Starting::Joins(_) => 'j',
                Starting::Rests { .. } => 'r',
            };
            assert_eq!(verdict, expected);
        }
        check(0, None, (0, 0), 's');
        check(4, Some(0), (0, 0), 's');
        check(5, Some(0), (0, 0), 'j');
        check(900, Some(119), (0, 0), 'j');
        check(5, Some(120), (0, 0), 's');
        check(0, None, (19, 1), 's');
        check(0, None, (20, 1), 'r');
        check(5, Some(0), (20, 1), 'r');
        check(0, None, (20, 0), 's');
    }

    #[test]
    fn a_reference_is_three_digits() {
        assert_eq!(Reference(7).to_string(), "007");
    }
}
