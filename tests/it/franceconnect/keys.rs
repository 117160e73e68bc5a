//! Keys and signatures, right and wrong, made without the library that judges them.

use std::sync::LazyLock;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
        RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) const EC_KID: &str = "pkcs11:ES256:hsm";
pub(super) const RSA_KID: &str = "pkcs11:RS256:hsm";

/// Made once: it takes a while.
static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// Two keys, as FranceConnect publishes them.
pub(super) struct Keys {
    ec: EcdsaKeyPair,
    /// Told apart after a rotation.
    suffix: String,
}

/// Who signs, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    Es256,
    Rs256,
    /// A key that nobody publishes, under a name of its own.
    Unknown,
    /// A key that nobody publishes, under a name that is published.
    Forger,
    /// Our own client secret.
    Hs256,
    /// Nobody.
    None,
}

impl Keys {
    pub(super) fn new(suffix: &str) -> Self {
        Self {
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            suffix: suffix.to_owned(),
        }
    }

    pub(super) fn published(&self) -> Value {
        let point = self.ec.public_key().as_ref();
        let rsa = RsaPublicKeyComponents::<Vec<u8>>::from(RSA.public_key());
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
             "kid": self.kid(EC_KID), "x": text(&point[1..33]), "y": text(&point[33..])},
            {"kty": "RSA", "use": "sig", "alg": "RS256",
             "kid": self.kid(RSA_KID), "n": text(&rsa.n), "e": text(&rsa.e)},
        ]})
    }

    fn kid(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    pub(super) fn sign(&self, signer: Signer, secret: &str, claims: &Value) -> String {
        let (alg, kid) = match signer {
            Signer::Es256 | Signer::Forger => ("ES256", self.kid(EC_KID)),
            Signer::Rs256 => ("RS256", self.kid(RSA_KID)),
            Signer::Unknown => ("ES256", "nobody's".to_owned()),
            Signer::Hs256 => ("HS256", self.kid(EC_KID)),
            Signer::None => ("none", self.kid(EC_KID)),
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(&json!({"alg": alg, "kid": kid, "typ": "JWT"}));
        let message = format!("{head}.{}", part(claims));
        let by = |pair: &EcdsaKeyPair| {
            pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
        };
        let signature = match signer {
            Signer::Es256 => by(&self.ec),
            Signer::Unknown | Signer::Forger => {
                by(&EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            Signer::Rs256 => {
                let mut bytes = vec![0; RSA.public_modulus_len()];
                let random = SystemRandom::new();
                RSA.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut bytes).unwrap();
                bytes
            }
            Signer::Hs256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Signer::None => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
