//! The proof that a request comes from the phone whose key we know: a JWS (RFC 7515) by that key
//! over method, path, body, time and an identifier that is used once. The file that names
//! `jsonwebtoken` for phones.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto, decode_header};
use serde::{Deserialize, Serialize};

use crate::kernel::{Timestamp, secret::SecretDigest, time::Span};

/// How far the phone's clock may be from ours.
const WINDOW: Span = Span::seconds(60);
/// The longest `jti`.
const LONGEST_ID: usize = 64;
const TYPE: &str = "device-proof+jwt";

/// A phone's P-256 public key (RFC 7518, section 6.2.1): a point that is on the curve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub struct PublicKey {
    x: String,
    y: String,
}

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// What was sent is no P-256 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 public key")]
pub struct BadKey;

impl TryFrom<Jwk> for PublicKey {
    type Error = BadKey;

    fn try_from(jwk: Jwk) -> Result<Self, BadKey> {
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return Err(BadKey);
        }
        let coordinate = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadKey)?;
            <[u8; 32]>::try_from(bytes).map_err(|_| BadKey)
        };
        // SEC 1, section 2.3.3: an uncompressed point. The library knows the curve.
        let point = [&[4][..], &coordinate(&jwk.x)?, &coordinate(&jwk.y)?].concat();
        match ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point) {
            Ok(_) => Ok(Self { x: jwk.x, y: jwk.y }),
            Err(_) => Err(BadKey),
        }
    }
}

impl PublicKey {
    /// Its thumbprint (RFC 7638, section 3), which names it before the gateway has.
    pub fn thumbprint(&self) -> String {
        let Self { x, y } = self;
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(SecretDigest::of(canonical.as_bytes()).as_bytes())
    }
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self { kty: "EC".to_owned(), crv: "P-256".to_owned(), x: key.x, y: key.y }
    }
}

/// A request, as the proof must describe it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method, upper case.
    pub method: &'a str,
    /// Path, with its query if there is one.
    pub path: &'a str,
    /// Body, empty for none.
    pub body: &'a [u8],
}

/// Why a proof proves nothing. The phone is told only that it is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Absent, or no compact JWS.
    #[error("absent or malformed")]
    Malformed,
    /// Another algorithm, another type, a critical header that we do not know, or no `kid`.
    #[error("header")]
    Header,
    /// Nobody holds the key that `kid` names.
    #[error("unknown key")]
    UnknownKey,
    /// Not signed by that key.
    #[error("signature")]
    Signature,
    /// Made for another method or path.
    #[error("other request")]
    OtherRequest,
    /// Made for another body.
    #[error("other body")]
    OtherBody,
    /// Too old, or from the future.
    #[error("time")]
    Time,
    /// `jti` absent or too long.
    #[error("identifier")]
    Id,
    /// The same proof came before.
    #[error("used before")]
    Used,
}

/// A proof that passed every check but one: whether its identifier was used before.
#[derive(Debug)]
#[must_use]
pub struct Verified {
    /// What is taken once, in the records.
    pub once: SecretDigest,
    /// When the proof is out of date by itself.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    body_sha256: String,
    iat: i64,
    jti: String,
}

/// Which key the proof names. Nothing is verified yet, but what the header alone tells.
pub fn claimed_key(proof: &str) -> Result<String, BadProof> {
    let header = decode_header(proof).map_err(|_| BadProof::Malformed)?;
    // RFC 7515, section 4.1.11: an unknown critical header makes the JWS invalid.
    if header.alg != Algorithm::ES256
        || header.typ.as_deref() != Some(TYPE)
        || header.crit.is_some()
    {
        return Err(BadProof::Header);
    }
    header.kid.ok_or(BadProof::Header)
}

/// Checks `proof` against the request that carried it.
pub fn verify(
    proof: &str,
    key: &PublicKey,
    request: Request<'_>,
    now: Timestamp,
) -> Result<Verified, BadProof> {
    let kid = claimed_key(proof)?;
    let (signed, signature) = proof.rsplit_once('.').ok_or(BadProof::Malformed)?;
    let (_, payload) = signed.split_once('.').ok_or(BadProof::Malformed)?;
    let decoding =
        DecodingKey::from_ec_components(&key.x, &key.y).map_err(|_| BadProof::Signature)?;
    match crypto::verify(signature, signed.as_bytes(), &decoding, Algorithm::ES256) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(BadProof::Signature),
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| BadProof::Malformed)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| BadProof::Malformed)?;
    if claims.htm != request.method || claims.htu != request.path {
        return Err(BadProof::OtherRequest);
    }
    if claims.body_sha256 != URL_SAFE_NO_PAD.encode(SecretDigest::of(request.body).as_bytes()) {
        return Err(BadProof::OtherBody);
    }
    let made = Timestamp(claims.iat.saturating_mul(1000));
    if made > now + WINDOW || made + WINDOW < now {
        return Err(BadProof::Time);
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_ID {
        return Err(BadProof::Id);
    }
    let once = SecretDigest::of(format!("{kid}\n{}", claims.jti).as_bytes());
    Ok(Verified { once, until: made + WINDOW + Span::seconds(1) })
}

#[cfg(test)]
#[path = "device_proof_tests.rs"]
pub(super) mod tests;
