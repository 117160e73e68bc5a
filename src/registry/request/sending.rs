//! Sending: what a person adds to their verified identity becomes a request, or the list of all its
//! faults.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::kernel::{Finess, RequestId, Rpps, Timestamp};

use super::{
    super::{
        Nomenclature, VerifiedIdentity,
        document::Document,
        fault::{Fault, Faults},
        identity,
        registration::{Application, Draft, Known, NotRegistered, Wanted},
    },
    REQUEST_LIFE, RegistrationRequest, RequestState,
};

/// A request as far as it can be judged without the records.
#[derive(Clone, Debug)]
pub struct RequestDraft {
    verified: VerifiedIdentity,
    document: Option<Document>,
    draft: Draft,
}

/// What a draft needs to know of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestWanted {
    /// What every registration needs to know.
    pub registration: Wanted,
    /// FranceConnect's identifier of the person.
    pub sub: String,
}

impl RequestWanted {
    /// What to look up of somebody who has written nothing yet.
    pub fn of(verified: &VerifiedIdentity, nomenclature: &Nomenclature) -> Self {
        let identity_key = identity::key_of_verified(verified, nomenclature);
        let registration = Wanted { identity_key, ..Wanted::default() };
        Self { registration, sub: verified.sub.clone() }
    }
}

/// What the records know of it. Addresses and mobiles of pending requests are taken too, but for
/// the person's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// What every registration is judged with.
    pub known: Known,
    /// Who was registered with this FranceConnect identifier.
    pub sub_of: Option<Rpps>,
    /// The person's own request that nobody decided yet.
    pub pending: Option<RequestId>,
}

/// Why a request is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// Faults, all of them.
    Faults(Vec<Fault>),
    /// The person has a number already: they ask their employer to be attached with it.
    Already(Rpps),
    /// Another one waits for a decision: one at a time.
    Pending(RequestId),
}

/// A request that satisfies every rule, and its document: what one transaction writes.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// The request.
    pub request: RegistrationRequest,
    /// What two entries of the person share.
    pub identity_key: String,
    /// The copy of the identity document.
    pub document: Document,
}

/// A draft that satisfies every rule.
#[derive(Clone, Debug)]
pub struct Sendable {
    verified: VerifiedIdentity,
    document: Document,
    application: Application,
}

impl RequestDraft {
    /// Reads what the person wrote: the members of a registration, without those that FranceConnect
    /// gave.
    pub fn read(
        verified: VerifiedIdentity,
        body: Map<String, Value>,
        document: Option<Document>,
        nomenclature: Arc<Nomenclature>,
        today: Date,
    ) -> Self {
        let draft = Draft::verified(&verified, body, nomenclature, today);
        Self { verified, document, draft }
    }

    /// The structure that it names.
    pub fn finess(&self) -> Option<Finess> {
        self.draft.finess()
    }

    /// What to look up.
    pub fn wanted(&self) -> RequestWanted {
        RequestWanted { registration: self.draft.wanted(), sub: self.verified.sub.clone() }
    }

    /// Judges the rest with what the records know. Somebody who has a number is told so first, then
    /// somebody whose request is pending.
    pub fn judge(self, facts: &RequestFacts) -> Result<Sendable, NotSent> {
        if let Some(rpps) = facts.sub_of {
            return Err(NotSent::Already(rpps));
        }
        let mut faults = Faults::default();
        if self.document.is_none() {
            let message = "Joignez une copie de votre pièce d'identité : votre établissement la \
                           compare avec votre identité.";
            faults.add("document", "required", message);
        }
        let judged = self.draft.judge(&facts.known);
        match (judged, facts.pending) {
            (Err(NotRegistered::Already(rpps)), _) => Err(NotSent::Already(rpps)),
            (Ok(_) | Err(NotRegistered::Faults(_)), Some(pending)) => {
                Err(NotSent::Pending(pending))
            }
            (Err(NotRegistered::Faults(others)), None) => {
                Err(NotSent::Faults(others.into_iter().chain(faults.into_vec()).collect()))
            }
            (Ok(application), None) => {
                let document = faults.or(self.document).map_err(NotSent::Faults)?;
                Ok(Sendable { verified: self.verified, document, application })
            }
        }
    }
}

impl Sendable {
    /// The request, whole.
    pub fn complete(self, id: RequestId, sent_at: Timestamp) -> SentRequest {
        let of = self.application;
        let request = RegistrationRequest {
            id,
            verified: self.verified,
            identity: of.identity,
            usage_name: of.usage_name,
            email: of.email,
            mobile: of.mobile,
            placing: of.placing,
            structure: of.structure,
            sent_at,
            lapses_at: sent_at + REQUEST_LIFE,
            state: RequestState::ToProcess,
            decided_by: None,
            decided_at: None,
            reason: None,
            rpps: None,
            document: Some(self.document.media.to_owned()),
        };
        SentRequest { request, identity_key: of.identity_key, document: self.document }
    }
}
