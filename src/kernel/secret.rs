//! Secrets have a type that cannot be printed, compared with `==`, or stored in clear.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::random::Random;

/// A secret as a person, a phone or a program holds it. At rest there is only its digest.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes in a secret that came from outside.
    pub fn received(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// 32 random bytes in base64url: codes, cookies, client secrets.
    pub fn mint(random: &dyn Random) -> Self {
        Self::received(URL_SAFE_NO_PAD.encode(random.bytes::<32>()))
    }

    /// What may be stored of a secret with enough entropy of its own.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(self.0.as_bytes())
    }

    /// The way out: into the answer to the person or program that it belongs to, or into a keyed
    /// digest. Named so that a reviewer can search for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// SHA-256, plain or keyed, of a secret. Compared in constant time only.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The plain digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(out)
    }

    /// As stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For storage, and as a look-up key: finding a row by the digest of 256 random bits tells
    /// nothing about the bits.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both come from one secret, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest")
    }
}
