//! The platform's signing keys: one for each algorithm, kept in `world.json`, and replaced at times.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::clients::Algorithm;
use crate::jws::{KeyError, ec_public_jwk};
use crate::random;
use crate::world::WorldError;
use crate::world::file::{SavedKey, WorldFile};

/// Older pairs are forgotten, and the ID tokens that they signed are no hints any more.
const KEPT_PAIRS: usize = 8;

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

struct Key {
    kid: String,
    pair: Pair,
}

/// One key for each algorithm.
struct Generation {
    es256: Key,
    rs256: Key,
}

/// All keys: those in use first, then those that were.
pub(super) struct Keys {
    generations: Mutex<Vec<Generation>>,
    file: Arc<WorldFile>,
}

impl Keys {
    /// Loads the keys, or makes the first ones.
    pub(super) fn open(file: Arc<WorldFile>) -> Result<Self, WorldError> {
        let kept = file.read(|saved| saved.franceconnect_keys.clone());
        let mut generations = Vec::new();
        for pair in kept.chunks_exact(2) {
            if let [es256, rs256] = pair {
                generations.push(Generation {
                    es256: Key::from_saved(Algorithm::Es256, es256)?,
                    rs256: Key::from_saved(Algorithm::Rs256, rs256)?,
                });
            }
        }
        let keys = Self { generations: Mutex::new(generations), file };
        if keys.lock().is_empty() {
            keys.put(Generation::new("")?)?;
        }
        Ok(keys)
    }

    /// New keys, at once: under names of their own, or under the old ones.
    pub(super) fn replace(&self, new_names: bool) -> Result<(), WorldError> {
        let mark = if new_names { format!("-{}", random::token()) } else { String::new() };
        let mut next = Generation::new(mark.get(..9).unwrap_or_default())?;
        if !new_names && let Some(now) = self.lock().first() {
            next.es256.kid.clone_from(&now.es256.kid);
            next.rs256.kid.clone_from(&now.rs256.kid);
        }
        self.put(next)
    }

    fn put(&self, next: Generation) -> Result<(), WorldError> {
        let mut generations = self.lock();
        generations.insert(0, next);
        generations.truncate(KEPT_PAIRS);
        let saved: Result<Vec<_>, KeyError> = generations
            .iter()
            .flat_map(|generation| [&generation.es256, &generation.rs256])
            .map(Key::to_saved)
            .collect();
        let saved = saved?;
        self.file.change(|world| world.franceconnect_keys = saved)
    }

    /// The public halves of the keys in use.
    pub(super) fn public(&self) -> Result<Value, KeyError> {
        let generations = self.lock();
        let now = generations.first().ok_or(KeyError::Form)?;
        Ok(json!({"keys": [now.es256.public_jwk()?, now.rs256.public_jwk()?]}))
    }

    /// Signs what `input` makes of the name of the key, and answers both.
    pub(super) fn sign(
        &self,
        algorithm: Algorithm,
        input: impl FnOnce(&str) -> String,
    ) -> Result<(String, Vec<u8>), KeyError> {
        let generations = self.lock();
        let key = generations.first().ok_or(KeyError::Form)?.of(algorithm);
        let input = input(&key.kid);
        let signature = key.sign(input.as_bytes())?;
        Ok((input, signature))
    }

    /// Whether one of our keys, in use or not, signed this.
    pub(super) fn did_sign(&self, input: &str, signature: &[u8]) -> bool {
        self.lock()
            .iter()
            .flat_map(|generation| [&generation.es256, &generation.rs256])
            .any(|key| key.did_sign(input.as_bytes(), signature))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Generation>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generation {
    fn new(mark: &str) -> Result<Self, KeyError> {
        let kid = |algorithm: Algorithm| format!("pkcs11:{}:hsm{mark}", algorithm.name());
        let es256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let rs256 = RsaKeyPair::generate(KeySize::Rsa2048)?;
        Ok(Self {
            es256: Key { kid: kid(Algorithm::Es256), pair: Pair::Es256(es256) },
            rs256: Key { kid: kid(Algorithm::Rs256), pair: Pair::Rs256(rs256) },
        })
    }

    fn of(&self, algorithm: Algorithm) -> &Key {
        match algorithm {
            Algorithm::Es256 => &self.es256,
            Algorithm::Rs256 => &self.rs256,
        }
    }
}

impl Key {
    fn from_saved(algorithm: Algorithm, saved: &SavedKey) -> Result<Self, KeyError> {
        let pkcs8 = URL_SAFE_NO_PAD.decode(&saved.key)?;
        let pair = match algorithm {
            Algorithm::Es256 => {
                Pair::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)?)
            }
            Algorithm::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(&pkcs8)?),
        };
        Ok(Self { kid: saved.kid.clone(), pair })
    }

    fn to_saved(&self) -> Result<SavedKey, KeyError> {
        let key = match &self.pair {
            Pair::Es256(pair) => URL_SAFE_NO_PAD.encode(pair.to_pkcs8v1()?.as_ref()),
            Pair::Rs256(pair) => {
                let pkcs8: Pkcs8V1Der<'_> = pair.as_der()?;
                URL_SAFE_NO_PAD.encode(pkcs8.as_ref())
            }
        };
        Ok(SavedKey { kid: self.kid.clone(), key })
    }

    fn public_jwk(&self) -> Result<Value, KeyError> {
        let (mut jwk, algorithm) = match &self.pair {
            Pair::Es256(pair) => (ec_public_jwk(pair)?, Algorithm::Es256),
            Pair::Rs256(pair) => {
                let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                (json!({"kty": "RSA", "n": n, "e": e}), Algorithm::Rs256)
            }
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".into(), self.kid.clone().into());
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), algorithm.name().into());
        }
        Ok(jwk)
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.pair {
            Pair::Es256(pair) => Ok(pair.sign(&SystemRandom::new(), input)?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)?;
                Ok(signature)
            }
        }
    }

    fn did_sign(&self, input: &[u8], signature: &[u8]) -> bool {
        match &self.pair {
            Pair::Es256(pair) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())
                    .verify(input, signature)
                    .is_ok()
            }
            Pair::Rs256(pair) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())
                    .verify(input, signature)
                    .is_ok()
            }
        }
    }
}
