//! How an access token is named: `jti`.

use uuid::Uuid;

use crate::kernel::GrantId;

/// The name of an access token: its grant, and what makes it one of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenId {
    /// The grant.
    pub grant: GrantId,
    /// One of a kind within it.
    pub serial: Uuid,
}

impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.grant, self.serial)
    }
}

/// The grant that a `jti` of ours names.
pub fn grant_of(jti: &str) -> Option<GrantId> {
    jti.split_once('.')?.0.parse().ok()
}
