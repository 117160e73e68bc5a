//! Values that nobody can guess.

use uuid::Uuid;

/// 64 hexadecimal characters, 244 random bits: good as a state, a nonce, a verifier, a secret.
pub(crate) fn token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
