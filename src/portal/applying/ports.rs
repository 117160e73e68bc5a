//! What is kept while somebody fills in their request. It lives with their pre-registration, sealed.

use std::collections::BTreeMap;

use crate::{
    kernel::{Outage, PreRegistrationId},
    registry::document::Document,
};

use super::codes::{Channel, CodeToSend, CodeTried, CodeVerdict, TooOften};

/// An address or a mobile to which a code was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Which of the two.
    pub channel: Channel,
    /// Where the code went.
    pub target: String,
    /// Whether the person has read it there.
    pub is_proven: bool,
}

/// What somebody has filled in so far.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// The fields of the forms, as they were typed.
    pub fields: BTreeMap<String, String>,
    /// The copy of the identity document.
    pub document: Option<Document>,
    /// Addresses to which codes were sent.
    pub contacts: Vec<Contact>,
}

impl Filled {
    /// Whether nothing was filled in.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.document.is_none()
    }

    /// How `target` stands: `None` where no code was sent to it.
    pub fn contact(&self, channel: Channel, target: &str) -> Option<&Contact> {
        self.contacts.iter().find(|known| known.channel == channel && known.target == target)
    }

    /// Whether `target` was proven.
    pub fn is_proven(&self, channel: Channel, target: &str) -> bool {
        self.contact(channel, target).is_some_and(|contact| contact.is_proven)
    }
}

/// Requests that are being filled in.
#[async_trait::async_trait]
pub trait Applications: Send + Sync {
    /// What was filled in.
    async fn filled(&self, id: PreRegistrationId) -> Result<Filled, Outage>;

    /// Keeps the fields, and the document if one came.
    async fn fill(
        &self,
        id: PreRegistrationId,
        fields: BTreeMap<String, String>,
        document: Option<Document>,
    ) -> Result<(), Outage>;

    /// Forgets it: the request was sent.
    async fn forget_filled(&self, id: PreRegistrationId) -> Result<(), Outage>;

    /// Keeps the digest of a code that is about to leave, unless too many have left. An earlier one
    /// to the same channel is worth nothing any more.
    async fn keep_code(&self, code: CodeToSend) -> Result<Result<(), TooOften>, Outage>;

    /// Tries a code: counted, and good once.
    async fn try_code(&self, tried: CodeTried) -> Result<CodeVerdict, Outage>;
}
