//! Our signing keys: made once, sealed at rest, published in public, and what they sign.
//!
//! `jsonwebtoken`'s `encode` reads the RSA key anew for each signature, which costs more than half
//! of its rate; here each key is parsed once and held by the ring, behind that library's own
//! [`JwtSigner`](jsonwebtoken::crypto::JwtSigner) and
//! [`JwtVerifier`](jsonwebtoken::crypto::JwtVerifier). Dates are judged with our own clock, by the
//! callers.

use std::{
    sync::{Arc, PoisonError, RwLock},
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::kernel::{Outage, Timestamp, seal::RecordsKey, secret::SecretDigest, time::Span};

use super::{
    client_settings::SigningAlg,
    keys_known::Known,
    keys_pair::{Pair, Shared},
    ports::{KeyStore, StoredKey},
};

/// The least time between two readings of the store for a key that we do not know.
const REREAD: Span = Span::seconds(10);

/// What a token of ours is, as its header says (`typ`, RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenType {
    /// ID tokens, and access tokens in PSC's form.
    Jwt,
    /// Access tokens (RFC 9068, section 2.1).
    AccessToken,
    /// Logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.4).
    LogoutToken,
}

impl TokenType {
    const ALL: [Self; 3] = [Self::Jwt, Self::AccessToken, Self::LogoutToken];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
        }
    }
}

/// A token whose signature is ours. Its dates have not been looked at.
#[derive(Debug)]
pub(super) struct Signed {
    /// What its header says that it is.
    pub(super) token_type: TokenType,
    payload: Vec<u8>,
}

impl Signed {
    /// Its claims; `None` when they are not of this shape.
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.payload).ok()
    }
}

/// All keys, read from the store at start, and again when a token names one that we do not know.
pub(super) struct Keys {
    store: Arc<dyn KeyStore>,
    seal: Arc<RecordsKey>,
    refresh: Shared,
    ring: RwLock<Arc<Ring>>,
    hands: Arc<Semaphore>,
}

/// The keys as of one reading.
struct Ring {
    read_at: Timestamp,
    keys: Vec<RingKey>,
    published: Arc<str>,
    known: Known,
}

struct RingKey {
    pair: Arc<Pair>,
    retired: bool,
    /// Headers of the tokens that it signs, encoded. A token of ours begins with one of them, byte
    /// for byte, so that no header written by a stranger is ever parsed.
    headers: Vec<(TokenType, String)>,
}

impl Keys {
    /// Reads the keys, and makes them at first start.
    pub(super) async fn open(
        store: Arc<dyn KeyStore>,
        seal: Arc<RecordsKey>,
        now: Timestamp,
    ) -> Result<Self, Outage> {
        let mut stored = store.signing_keys().await?;
        if stored.is_empty() {
            stored = store.keep_first_keys(make(&seal, now)?).await?;
        }
        let ring = Ring::read(&stored, &seal, now)?;
        let refresh = Shared::new(seal.digest("oidc", "refresh tokens").as_bytes())?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let hands = Arc::new(Semaphore::new(cores * 2));
        Ok(Self { store, seal, refresh, ring: RwLock::new(Arc::new(ring)), hands })
    }

    /// The key set, as compact JSON: some clients of PSC search it as text.
    pub(super) fn published(&self) -> Arc<str> {
        Arc::clone(&self.ring().published)
    }

    /// Signs `claims`, away from the threads that carry requests: an RSA signature takes as long as
    /// a hundred questions, and a departure or a barrier would stand behind it. For each core
    /// one signs and one is ready; the others wait.
    pub(super) async fn sign(
        &self,
        alg: SigningAlg,
        token_type: TokenType,
        claims: &impl Serialize,
    ) -> Result<String, Outage> {
        let ring = self.ring();
        let fitting = |key: &&RingKey| key.pair.alg() == alg && !key.retired;
        let key = ring.keys.iter().rev().find(fitting);
        let key = key.ok_or_else(|| broken("no signing key for this algorithm"))?;
        let header = key.headers.iter().find(|(known, _)| *known == token_type);
        let (_, header) = header.ok_or_else(|| broken("no header for this type"))?;
        let (message, pair) = (to_sign(header, claims)?, Arc::clone(&key.pair));
        let hand = Arc::clone(&self.hands).acquire_owned().await.map_err(broken)?;
        let signing = spawn_blocking(move || {
            let _hand = hand;
            pair.sign(message.as_bytes()).map(|signature| compact(message, &signature))
        });
        let token = signing.await.map_err(broken)??;
        ring.known.learn(&SecretDigest::of(token.as_bytes()));
        Ok(token)
    }

    /// Checks that `token` was signed by us, whichever key it names.
    pub(super) async fn verify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Signed>, Outage> {
        let ring = self.ring();
        match ring.verify(token) {
            Verdict::Ours(signed) => Ok(Some(signed)),
            Verdict::Forged => Ok(None),
            Verdict::Stranger if now - ring.read_at < REREAD => Ok(None),
            Verdict::Stranger => {
                let stored = self.store.signing_keys().await?;
                let fresh = Arc::new(Ring::read(&stored, &self.seal, now)?);
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                match fresh.verify(token) {
                    Verdict::Ours(signed) => Ok(Some(signed)),
                    Verdict::Forged | Verdict::Stranger => Ok(None),
                }
            }
        }
    }

    /// Signs the claims of a refresh token: a JWT that only we read.
    pub(super) fn sign_refresh(&self, claims: &impl Serialize) -> Result<String, Outage> {
        let message = to_sign(self.refresh.header(), claims)?;
        let signature = self.refresh.sign(message.as_bytes());
        Ok(compact(message, &signature))
    }

    /// The claims of a refresh token of ours; `None` for anything else.
    pub(super) fn verify_refresh<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let ours = header == self.refresh.header()
            && self.refresh.verifies(message.as_bytes(), &signature);
        let payload = ours.then(|| URL_SAFE_NO_PAD.decode(payload).ok()).flatten()?;
        serde_json::from_slice(&payload).ok()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

enum Verdict {
    Ours(Signed),
    Forged,
    /// No header of ours: perhaps of a key that another process made.
    Stranger,
}

impl Ring {
    fn read(stored: &[StoredKey], seal: &RecordsKey, now: Timestamp) -> Result<Self, Outage> {
        let mut keys = Vec::new();
        for row in stored {
            let private = seal.open(&sealed_as(&row.kid), &row.private);
            let private = private.map_err(|error| Outage::Damaged(error.to_string()))?;
            let pair = Arc::new(Pair::parse(row.alg, &private)?);
            let header = |token_type: TokenType| {
                Ok::<_, Outage>((token_type, pair.header(token_type.as_str())?))
            };
            let headers = TokenType::ALL.into_iter().map(header).collect::<Result<_, _>>()?;
            keys.push(RingKey { pair, retired: row.retired, headers });
        }
        let jwks = jsonwebtoken::jwk::JwkSet {
            keys: keys.iter().map(|key| key.pair.jwk().clone()).collect(),
        };
        let published = serde_json::to_string(&jwks).map_err(broken)?.into();
        Ok(Self { read_at: now, keys, published, known: Known::default() })
    }

    fn verify(&self, token: &str) -> Verdict {
        let parts = token.rsplit_once('.').and_then(|(message, signature)| {
            let (header, payload) = message.split_once('.')?;
            Some((message, header, payload, signature))
        });
        let Some((message, header, payload, signature)) = parts else { return Verdict::Forged };
        let known = self.keys.iter().find_map(|key| {
            key.headers.iter().find(|(_, own)| own == header).map(|(known, _)| (key, *known))
        });
        let Some((key, token_type)) = known else { return Verdict::Stranger };
        let decoded =
            URL_SAFE_NO_PAD.decode(signature).ok().zip(URL_SAFE_NO_PAD.decode(payload).ok());
        let Some((signature, payload)) = decoded else { return Verdict::Forged };
        let digest = SecretDigest::of(token.as_bytes());
        if !self.known.has(&digest) {
            if !key.pair.verifies(message.as_bytes(), &signature) {
                return Verdict::Forged;
            }
            self.known.learn(&digest);
        }
        Verdict::Ours(Signed { token_type, payload })
    }
}

/// What is signed: header and claims (RFC 7515, section 5.1).
fn to_sign(header: &str, claims: &impl Serialize) -> Result<String, Outage> {
    let claims = serde_json::to_vec(claims).map_err(broken)?;
    let mut message = String::with_capacity(header.len() + claims.len() * 4 / 3 + 360);
    message.push_str(header);
    message.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut message);
    Ok(message)
}

/// The compact serialisation (RFC 7515, section 7.1).
fn compact(message: String, signature: &[u8]) -> String {
    let mut token = message;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// One key for each algorithm: a key that serves two is a key that two mistakes can break (RFC 8725,
/// section 3.1).
fn make(seal: &RecordsKey, now: Timestamp) -> Result<Vec<StoredKey>, Outage> {
    let make_one = |alg| {
        let (pair, private) = Pair::generate(alg)?;
        let sealed = seal.seal(&sealed_as(pair.kid()), &private).map_err(broken)?;
        let public_jwk = serde_json::to_string(pair.jwk()).map_err(broken)?;
        let kid = pair.kid().to_owned();
        Ok(StoredKey { kid, alg, made_at: now, retired: false, public_jwk, private: sealed })
    };
    [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256].into_iter().map(make_one).collect()
}

fn sealed_as(kid: &str) -> String {
    format!("signing_key/{kid}")
}

/// A failure that no input causes.
pub(super) fn broken(what: impl std::fmt::Display) -> Outage {
    Outage::Unavailable(format!("signing: {what}"))
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
