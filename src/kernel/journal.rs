//! What we answer for later: who, for whom, which situation, which door, which outcome.
//!
//! An entry holds identifiers and stable words, never a secret, a civil identity or free text that
//! a stranger wrote. Entries are chained: each line carries the hash of the one before.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{
    ClientId, DepartureId, Finess, GrantId, LocalAccessId, RequestId, Revision, Rpps, Sid,
    SituationId, Timestamp,
};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A professional, by their own hand.
    Person(Rpps),
    /// A program, with its own credentials.
    Client(ClientId),
    /// Somebody at the operator's shell.
    Operator,
    /// The gateway itself: a due end, a retry.
    Gateway,
    /// Somebody whom FranceConnect identified and who has no number yet.
    Applicant,
    /// Somebody who has proven nothing yet.
    Stranger,
}

/// What happened. The names are stable: programs filter on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the sentence")]
pub enum Event {
    EpochTaken,
    DoorsShut,
    KeyMade,
    ClockMoved,
    StructureEntered,
    StructureClosed,
    ProfessionalRegistered,
    IdentityDeleted,
    RequestSent,
    RequestValidated,
    RequestRejected,
    RequestLapsed,
    SituationOpened,
    SituationEndScheduled,
    SituationEnded,
    SituationReopened,
    LocalAccessGiven,
    LocalAccessWithdrawn,
    LocalAccessReopened,
    HabilitationGiven,
    HabilitationWithdrawn,
    ActivationAsked,
    ActivationRefused,
    CardActivated,
    CardSuspended,
    CardResumed,
    CardBlocked,
    CardReplaced,
    ProofMade,
    ProofRefused,
    SessionEnded,
    GrantOpened,
    CodeRedeemed,
    TokensRefreshed,
    GrantRevoked,
    CodeReplayed,
    RefreshReplayed,
    ClientEntered,
    ClientChanged,
    ClientDisabled,
    ClientEnabled,
    PageRefused,
    LogoutConfirmed,
    LogoutRefused,
    LogoutGivenUp,
    RefusalsCounted,
}

/// One line of the journal, before it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Who did it.
    pub actor: Actor,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Rpps>,
    /// At which structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Finess>,
    /// Which situation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub situation: Option<SituationId>,
    /// Which local access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_access: Option<LocalAccessId>,
    /// Which departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<DepartureId>,
    /// Which request to be registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Which relying party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// Which grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// Which door was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// The revision at which something was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// How it went, or why not: one of our own stable words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How many, for lines that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Entry {
    /// An entry that names only what happened and who did it; the rest is filled in with `..`.
    pub fn new(event: Event, actor: Actor) -> Self {
        Self {
            event,
            actor,
            person: None,
            structure: None,
            situation: None,
            local_access: None,
            departure: None,
            request: None,
            client: None,
            sid: None,
            grant: None,
            door: None,
            revision: None,
            outcome: None,
            count: None,
        }
    }
}

/// A line as it is stored and exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Position, from 1, without gaps.
    pub seq: u64,
    /// Real time.
    pub at: Timestamp,
    /// Calendar time, which the demo moves forward.
    pub calendar: Timestamp,
    /// The entry, as the exact text that was hashed.
    pub entry: String,
    /// SHA-256 over the previous hash and this line, in hexadecimal.
    pub hash: String,
}

/// The hash before the first line.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a line: everything that it says, and all that came before.
pub fn chain(previous: &str, seq: u64, at: Timestamp, calendar: Timestamp, entry: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    let head = format!("{previous}\n{seq}\n{}\n{}\n", at.0, calendar.0);
    context.update(head.as_bytes());
    context.update(entry.as_bytes());
    hex(context.finish().as_ref())
}

/// Why a chain is not whole: the first line at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing, doubled or out of order before this line.
    #[error("line {0}: lines are missing or out of order before it")]
    Gap(u64),
    /// The line, or one before it, was changed.
    #[error("line {0}: the line does not match its hash")]
    Changed(u64),
}

/// Checks lines one by one, so that a long journal needs no memory.
#[derive(Debug)]
pub struct Verifier {
    previous: String,
    next: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { previous: GENESIS.to_owned(), next: 1 }
    }
}

impl Verifier {
    /// Takes the next line, in order of `seq`.
    pub fn take(&mut self, line: &Line) -> Result<(), Broken> {
        if line.seq != self.next {
            return Err(Broken::Gap(line.seq));
        }
        let expected = chain(&self.previous, line.seq, line.at, line.calendar, &line.entry);
        if expected != line.hash {
            return Err(Broken::Changed(line.seq));
        }
        self.previous = expected;
        self.next += 1;
        Ok(())
    }

    /// How many lines were taken, and the hash of the last.
    pub fn tip(&self) -> (u64, &str) {
        (self.next - 1, &self.previous)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(count: u64) -> Vec<Line> {
        let mut previous = GENESIS.to_owned();
        (1..=count)
            .map(|seq| {
                let (at, calendar) = (Timestamp(seq.cast_signed()), Timestamp(0));
                let entry = format!("{{\"event\":\"n{seq}\"}}");
                previous = chain(&previous, seq, at, calendar, &entry);
                Line { seq, at, calendar, entry, hash: previous.clone() }
            })
            .collect()
    }

    #[test]
    fn a_changed_missing_or_reordered_line_is_found() {
        #[track_caller]
        fn check(lines: &[Line], expected: Result<(), Broken>) {
            let mut verifier = Verifier::default();
            assert_eq!(lines.iter().try_for_each(|line| verifier.take(line)), expected);
        }
        let whole = written(4);
        check(&whole, Ok(()));
        let mut changed = whole.clone();
        changed[1].entry = "{}".to_owned();
        check(&changed, Err(Broken::Changed(2)));
        let mut moved = whole.clone();
        moved[2].at = Timestamp(99);
        check(&moved, Err(Broken::Changed(3)));
        let mut missing = whole.clone();
        missing.remove(1);
        check(&missing, Err(Broken::Gap(3)));
        let mut swapped = whole.clone();
        swapped.swap(1, 2);
        check(&swapped, Err(Broken::Gap(3)));
        let mut renumbered = whole;
        renumbered.remove(1);
        for (index, line) in renumbered.iter_mut().enumerate() {
            line.seq = index as u64 + 1;
        }
        check(&renumbered, Err(Broken::Changed(2)));
    }
}
