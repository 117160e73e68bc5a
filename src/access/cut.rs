//! The durable fact that closes doors.

use serde::{Deserialize, Serialize};

use crate::kernel::{ClientId, Finess, GrantId, Revision, Rpps, Sid, Timestamp};

/// What a cut covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything of one person.
    Person(Rpps),
    /// One person, in the software of one structure.
    PersonAt(Rpps, Finess),
    /// What one person manages at one structure, and nothing else of theirs.
    Console(Rpps, Finess),
    /// One session and all its grants.
    Session(Sid),
    /// One grant.
    Grant(GrantId),
    /// Every grant of one client.
    Client(ClientId),
}

/// Why something was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A situation or a local access ended, and nothing else opens that structure.
    Departure,
    /// The last open situation ended.
    LastSituation,
    /// The card was blocked: too many wrong PINs, a loss, a decision.
    CardBlocked,
    /// Another phone took the card over.
    CardReplaced,
    /// What let them manage was taken back.
    HabilitationWithdrawn,
    /// The authority deleted a wrong identity.
    IdentityDeleted,
    /// Log-out, or an operator's hand.
    SessionEnded,
    /// The client gave its token back.
    TokenRevoked,
    /// A code came a second time.
    CodeReplayed,
    /// A rotated refresh token came a second time.
    RefreshReplayed,
    /// The client was disabled.
    ClientDisabled,
    /// The client was bound to another structure.
    ClientRebound,
}

impl Cause {
    /// Its stable name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Departure => "departure",
            Self::LastSituation => "last_situation",
            Self::CardBlocked => "card_blocked",
            Self::CardReplaced => "card_replaced",
            Self::HabilitationWithdrawn => "habilitation_withdrawn",
            Self::IdentityDeleted => "identity_deleted",
            Self::SessionEnded => "session_ended",
            Self::TokenRevoked => "token_revoked",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshReplayed => "refresh_replayed",
            Self::ClientDisabled => "client_disabled",
            Self::ClientRebound => "client_rebound",
        }
    }
}

/// A cut as the records keep it, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The revision of the transaction that wrote it.
    pub revision: Revision,
    /// When, on the protocol clock.
    pub at: Timestamp,
    /// What it covers.
    pub scope: Scope,
    /// Why.
    pub cause: Cause,
}
