//! Values that nobody can guess.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// 64 hexadecimal characters, 244 random bits: good as a state, a nonce, a verifier, a secret.
pub(crate) fn token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// The same 244 bits as 43 characters of base64url.
pub(crate) fn opaque() -> String {
    let halves = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()];
    URL_SAFE_NO_PAD.encode(halves.concat())
}
