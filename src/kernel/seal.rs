//! `records.key`: what encrypts signing keys, documents and seeds, and keys the digests of short
//! secrets, so that a copy of the store alone opens nothing.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, hmac,
};
use zeroize::Zeroizing;

use super::secret::SecretDigest;

/// The key beside the store, split by purpose. Never printed, never stored in the store.
pub struct RecordsKey {
    sealing: RandomizedNonceKey,
    digesting: hmac::Key,
}

/// Why sealed bytes did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this store was sealed with another records.key, or the bytes are damaged")]
pub struct Unsealable;

/// Length of a nonce, in bytes: it stands in front of what was sealed.
const NONCE_LEN: usize = 12;

impl RecordsKey {
    /// From the 32 bytes of the key file. One key for each purpose is derived (RFC 5869).
    ///
    /// # Errors
    /// When the library refuses the key material; it accepts any 32 bytes.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, Unsealable> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"passerelle records.key").extract(bytes);
        let derive = |purpose: &'static [u8]| -> Result<Zeroizing<[u8; 32]>, Unsealable> {
            let mut key = Zeroizing::new([0; 32]);
            let info = [purpose];
            let expanded = root.expand(&info, hkdf::HKDF_SHA256).map_err(|_| Unsealable)?;
            expanded.fill(key.as_mut()).map_err(|_| Unsealable)?;
            Ok(key)
        };
        let sealing = derive(b"seal")?;
        let digesting = derive(b"digest")?;
        Ok(Self {
            sealing: RandomizedNonceKey::new(&AES_256_GCM, sealing.as_ref())
                .map_err(|_| Unsealable)?,
            digesting: hmac::Key::new(hmac::HMAC_SHA256, digesting.as_ref()),
        })
    }

    /// Encrypts `plain`, bound to `what` (a table and a row, say): moved elsewhere it does not open.
    pub fn seal(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let mut bytes = plain.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(what.as_bytes()), &mut bytes)
            .map_err(|_| Unsealable)?;
        Ok([nonce.as_ref().as_slice(), &bytes].concat())
    }

    /// Decrypts what [`RecordsKey::seal`] made for the same `what`.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut bytes = Zeroizing::new(body.to_vec());
        let aad = Aad::from(what.as_bytes());
        let plain = self.sealing.open_in_place(nonce, aad, &mut bytes).map_err(|_| Unsealable)?;
        Ok(Zeroizing::new(plain.to_vec()))
    }

    /// The keyed digest of a secret with little entropy (a PIN, a client secret), bound to whose it
    /// is: equal secrets of two owners give different digests.
    pub fn digest(&self, owner: &str, secret: &str) -> SecretDigest {
        let mut context = hmac::Context::with_key(&self.digesting);
        context.update(&u64::try_from(owner.len()).unwrap_or_default().to_le_bytes());
        context.update(owner.as_bytes());
        context.update(secret.as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        SecretDigest::from_bytes(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_where_it_belongs() {
        let key = RecordsKey::new(&[7; 32]).unwrap();
        let sealed = key.seal("key/1", b"private").unwrap();
        assert_eq!(key.open("key/1", &sealed).unwrap().as_slice(), b"private");
        assert!(key.open("key/2", &sealed).is_err());
        assert!(RecordsKey::new(&[8; 32]).unwrap().open("key/1", &sealed).is_err());
        assert!(key.open("key/1", sealed.get(..5).unwrap()).is_err());
    }

    #[test]
    fn the_same_pin_of_two_people_gives_two_digests() {
        let key = RecordsKey::new(&[7; 32]).unwrap();
        assert!(key.digest("a", "2468").matches(&key.digest("a", "2468")));
        assert!(!key.digest("a", "2468").matches(&key.digest("b", "2468")));
        assert!(!key.digest("ab", "c").matches(&key.digest("a", "bc")));
    }
}
