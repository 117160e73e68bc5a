//! What an operator decides: who we are at FranceConnect, and how much we take from it.

use std::time::Duration;

use crate::kernel::{secret::Secret, time::Span};

use super::Endpoints;

/// How FranceConnect signs for us: one algorithm, chosen at registration, never the token's own
/// choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedWith {
    /// ECDSA on P-256.
    Es256,
    /// RSA, PKCS #1 v1.5.
    Rs256,
}

/// How userinfo comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserinfoForm {
    /// As a signed JWT, and as nothing else.
    Signed,
    /// As plain JSON, for a provider that signs none.
    Json,
}

/// Levels of assurance, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `eidas1`, low.
    Low,
    /// `eidas2`, substantial.
    Substantial,
    /// `eidas3`, high.
    High,
}

impl Level {
    /// The level that an `acr` names; `None` for any other text.
    pub fn named(acr: &str) -> Option<Self> {
        match acr {
            "eidas1" => Some(Self::Low),
            "eidas2" => Some(Self::Substantial),
            "eidas3" => Some(Self::High),
            _ => None,
        }
    }

    /// Its `acr`.
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Low => "eidas1",
            Self::Substantial => "eidas2",
            Self::High => "eidas3",
        }
    }
}

/// Who we are at FranceConnect.
#[derive(Debug)]
pub struct Settings {
    /// Its issuer, byte for byte.
    pub issuer: String,
    /// Our identifier there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Secret,
    /// Where the browser comes back to after a log-in; registered there, byte for byte.
    pub redirect_uri: String,
    /// Where it comes back to after a log-out.
    pub farewell_uri: String,
    /// How it signs.
    pub signed_with: SignedWith,
    /// How userinfo comes.
    pub userinfo: UserinfoForm,
    /// What we ask for; FranceConnect answers with this level or a higher one.
    pub level: Level,
    /// The scopes beside `openid`, those of the `DataPass` file and no other.
    pub scopes: Vec<String>,
    /// Its addresses, where they are written down; otherwise discovery tells them.
    pub endpoints: Option<Endpoints>,
    /// How long one answer of it may take.
    pub timeout: Duration,
    /// How long its addresses and keys are kept.
    pub cache: Span,
    /// How long its keys, read again because one was missing, are not read again for that.
    pub keys_pause: Span,
    /// How long a browser may stay there.
    pub login_life: Span,
}
