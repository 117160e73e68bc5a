//! A request to be registered, Case 2: somebody whom FranceConnect identified sends it, and the
//! manager of the structure validates or rejects it.
//!
//! A request satisfied every rule on the day it was sent; all of them are asked again on the day it
//! is validated, inside the transaction that registers the person.

mod deciding;
mod ports;
mod sending;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::kernel::{Finess, RequestId, Rpps, Timestamp, journal::Actor, time::Span};

use super::{
    CivilIdentity, Structure, VerifiedIdentity, document::DOCUMENT_LIFE, placing::Placing,
};

pub use deciding::{
    Decider, Decision, NotDecided, NotValidated, Rejection, Validated, Validation, ValidationFacts,
};
pub use ports::{RequestQuery, Requests};
pub use sending::{NotSent, RequestDraft, RequestFacts, RequestWanted, Sendable, SentRequest};

/// How long a structure may take: a request that it did not confirm lapses. Our choice of a figure;
/// Pro Santé Identité drops an account that no establishment confirmed after as many days.
pub const REQUEST_LIFE: Span = Span::hours(30 * 24);

/// What has become of a request. A stored fact, lapsing too: it fires like an end that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody has decided yet.
    ToProcess,
    /// The person has a number.
    Validated,
    /// The structure said no, and why.
    Rejected,
    /// Nobody decided in time.
    Lapsed,
}

impl RequestState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ToProcess, Self::Validated, Self::Rejected, Self::Lapsed];

    /// As stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToProcess => "to_process",
            Self::Validated => "validated",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ToProcess => "à traiter",
            Self::Validated => "validée",
            Self::Rejected => "rejetée",
            Self::Lapsed => "caduque",
        }
    }
}

impl std::str::FromStr for RequestState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

/// No such state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no request is ever in that state")]
pub struct UnknownState;

/// A request as the records keep it. The copy of the identity document is read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRequest {
    /// Its name; in the order in which requests were sent.
    pub id: RequestId,
    /// What FranceConnect said, untouched.
    pub verified: VerifiedIdentity,
    /// The civil identity: the same, with what the person added.
    pub identity: CivilIdentity,
    /// Name in use.
    pub usage_name: Option<String>,
    /// Address, proven by a code.
    pub email: String,
    /// Mobile, proven by a code.
    pub mobile: String,
    /// The situation that they ask for.
    pub placing: Placing,
    /// Where.
    pub structure: Structure,
    /// When it was sent, on the calendar clock.
    pub sent_at: Timestamp,
    /// When it lapses, on the calendar clock.
    pub lapses_at: Timestamp,
    /// What has become of it.
    pub state: RequestState,
    /// Who decided.
    pub decided_by: Option<Actor>,
    /// When, on the calendar clock.
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected, as the manager wrote it.
    pub reason: Option<String>,
    /// The number that the validation gave.
    pub rpps: Option<Rpps>,
    /// The media type of the copy of the identity document, while it is kept.
    pub document: Option<String>,
}

impl RegistrationRequest {
    /// Where.
    pub fn finess(&self) -> Finess {
        self.structure.finess
    }

    /// When the copy of the identity document is erased, once that is known.
    pub fn erased_at(&self) -> Option<Timestamp> {
        self.decided_at.map(|at| at + DOCUMENT_LIFE)
    }

    /// The media type of that copy, until it is erased.
    pub fn document_at(&self, calendar: Timestamp) -> Option<&str> {
        self.document.as_deref().filter(|_| self.erased_at().is_none_or(|at| calendar < at))
    }

    /// How old the person is on that day.
    pub fn age(&self, today: Date) -> i16 {
        let birth = self.identity.birth_date;
        let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
        today.year() - birth.year() - i16::from(!had_birthday)
    }
}

/// Somebody who looks like the person of a request, without being the same entry: to be looked at
/// before a second number is given to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearDuplicate {
    /// Their number.
    pub rpps: Rpps,
    /// Their civil identity: the birth name (or the name in use) and the date of birth are those of
    /// the request.
    pub identity: CivilIdentity,
    /// Their name in use.
    pub usage_name: Option<String>,
}
