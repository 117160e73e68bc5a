//! Where edges draw randomness.

use uuid::Uuid;

use super::Timestamp;

/// A generator fit for secrets. Rules receive what was drawn; they never draw.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A time-ordered identifier (RFC 9562, version 7), so that rows land side by side on disk.
    pub fn id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// An identifier that tells nothing, not even when it was made (RFC 9562, version 4).
    pub fn opaque_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A number below `bound`, without modulo bias that could be noticed (64 bits drawn).
    pub fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(u64::from_le_bytes(self.bytes())) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }
}

/// The operating system's generator, through the cryptographic library.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // The library documents failure as impossible once the process has started; if it ever
        // happened, going on with predictable bytes would be worse than stopping.
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
