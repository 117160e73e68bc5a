//! What the strangers sign, put together by hand: some of it is wrong on purpose.

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key that could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key could not be made or used")]
    Unspecified(#[from] Unspecified),
    #[error("the kept key was refused: {0}")]
    Rejected(#[from] KeyRejected),
    #[error("the kept key is no base64url")]
    Encoding(#[from] base64::DecodeError),
    #[error("the public key has an unexpected form")]
    Form,
}

/// The public half of a P-256 key as a JWK (RFC 7518, section 6.2.1).
pub(crate) fn ec_public_jwk(pair: &EcdsaKeyPair) -> Result<Value, KeyError> {
    let (x, y) = pair
        .public_key()
        .as_ref()
        .strip_prefix(&[4])
        .and_then(|xy| xy.split_at_checked(32))
        .filter(|(_, y)| y.len() == 32)
        .ok_or(KeyError::Form)?;
    Ok(json!({
        "kty": "EC",
        "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
    }))
}

/// What a compact JWS signs (RFC 7515, section 5.1).
pub(crate) fn signing_input(header: &Value, payload: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(payload))
}

/// The whole: what was signed, and the signature.
pub(crate) fn compact(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
