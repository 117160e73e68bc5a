//! One trip of a browser to FranceConnect and back: bound to that browser, over after a while, and
//! good for one return.

use crate::kernel::{
    Outage, Timestamp,
    random::Random,
    secret::{Secret, SecretDigest},
};

/// What the browser went for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// To log in; the ID token must carry the nonce of this digest.
    LogIn {
        /// Of the nonce.
        nonce: SecretDigest,
    },
    /// To log out.
    LogOut,
}

/// A trip that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Errand {
    /// Of the `state` that must come back.
    pub state: SecretDigest,
    /// Of the cookie of the browser that must bring it.
    pub browser: SecretDigest,
    /// What it went for.
    pub purpose: Purpose,
    /// When it has stayed away too long.
    pub until: Timestamp,
}

/// Trips in progress. Losing one means starting again.
#[async_trait::async_trait]
pub trait Errands: Send + Sync {
    /// Keeps one.
    async fn begin_errand(&self, errand: Errand) -> Result<(), Outage>;

    /// Ends the trip that this state names, if it began in this browser and is still in time.
    /// However many ask, one gets it; another browser changes nothing.
    async fn take_errand(
        &self,
        state: SecretDigest,
        browser: SecretDigest,
    ) -> Result<Option<Errand>, Outage>;
}

/// A `state` or a `nonce`: 32 random bytes in 64 hexadecimal digits, which satisfies every minimum
/// that FranceConnect ever had.
pub(super) fn fresh(random: &dyn Random) -> Secret {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in random.bytes::<32>() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Secret::received(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::SystemRandom;

    #[test]
    fn state_and_nonce_are_64_hexadecimal_digits_each_time_others() {
        let (one, other) = (fresh(&SystemRandom), fresh(&SystemRandom));
        for text in [one.expose(), other.expose()] {
            assert_eq!(text.len(), 64);
            assert!(text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        }
        assert_ne!(one.expose(), other.expose());
    }
}
