//! Signatures that need no second check.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
};

use crate::kernel::secret::SecretDigest;

/// Tokens that one generation remembers: 2 MB, once it is full.
const GENERATION: usize = 32_768;

/// The digests of tokens that these keys signed, or whose signature was checked, lately: the same
/// bytes carry the same signature. It says nothing else of a token; whether it is still honoured is
/// asked each time, of its dates and of the gate.
#[derive(Default)]
pub(super) struct Known(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashSet<[u8; 32]>,
    old: HashSet<[u8; 32]>,
}

impl Known {
    /// Whether the signature of this token is known to be ours.
    pub(super) fn has(&self, token: &SecretDigest) -> bool {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = token.as_bytes();
        generations.young.contains(digest) || generations.old.contains(digest)
    }

    /// Remembers a token, and forgets the older generation when the young one is full.
    pub(super) fn learn(&self, token: &SecretDigest) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = mem::take(&mut generations.young);
        }
        generations.young.insert(*token.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_tokens_are_known_and_older_ones_forgotten() {
        let digest = |number: usize| SecretDigest::of(&number.to_be_bytes());
        let known = Known::default();
        for number in 0..GENERATION * 2 {
            known.learn(&digest(number));
        }
        assert!(known.has(&digest(0)), "both generations are full");
        known.learn(&digest(GENERATION * 2));
        assert!(!known.has(&digest(0)), "the older one made room");
        assert!(known.has(&digest(GENERATION)) && known.has(&digest(GENERATION * 2)));
    }
}
