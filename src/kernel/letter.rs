//! What we write to people.

use serde::{Deserialize, Serialize};

/// A mail that is owed to somebody. It is stored until it left, so it never carries a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The body, plain text.
    pub text: String,
}
