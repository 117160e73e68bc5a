//! One-time codes for a phone without network: seed and PIN together make the key.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use totp_rs::{Algorithm, Builder};

use crate::world::file::SavedPhone;

/// A one-time code and the end of its life.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Code {
    pub(crate) otp: String,
    pub(crate) ends_at: Timestamp,
}

/// The code of this moment; nothing when the kept seed makes no sense.
pub(crate) fn code(phone: &SavedPhone, pin: &str, now: Timestamp) -> Option<Code> {
    let seed = URL_SAFE_NO_PAD.decode(&phone.seed).ok()?;
    let key = derived_key(&seed, pin);
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(phone.digits)
        .with_step_duration(phone.period)
        .with_secret(key.as_ref().to_vec())
        .build()
        .ok()?;
    let seconds = u64::try_from(now.as_second()).ok()?;
    let ends_at = Timestamp::from_second(i64::try_from(totp.next_step(seconds)).ok()?).ok()?;
    Some(Code { otp: totp.generate(seconds).to_string(), ends_at })
}

/// `HMAC-SHA-256(key = seed, message = PIN)`: the gateway keeps only this, so that a wrong PIN
/// gives a wrong code.
fn derived_key(seed: &[u8], pin: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed), pin.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn phone(seed: &str) -> SavedPhone {
        SavedPhone {
            device: "d".into(),
            key: String::new(),
            seed: seed.into(),
            digits: 6,
            period: 30,
            pin: "2468".into(),
        }
    }

    #[test]
    fn the_key_is_derived_as_hmac_is_defined() {
        // RFC 4231, test case 2.
        let tag = derived_key(b"Jefe", "what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let found: String = tag.as_ref().iter().fold(String::new(), |mut text, byte| {
            use std::fmt::Write;
            let _ = write!(text, "{byte:02x}");
            text
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn codes_of_seed_pin_and_moment() -> Outcome {
        let phone = phone("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        let at = |second| Timestamp::from_second(second);
        let of = |pin, second| Ok::<_, jiff::Error>(code(&phone, pin, at(second)?));

        let first = of("2468", 1_790_000_010)?.ok_or("a code")?;
        assert_eq!(first.otp.len(), 6);
        assert_eq!(first.ends_at, at(1_790_000_040)?);
        assert_eq!(of("2468", 1_790_000_039)?.as_ref(), Some(&first));
        assert_ne!(of("2468", 1_790_000_040)?.map(|c| c.otp), Some(first.otp.clone()));
        assert_ne!(of("1357", 1_790_000_010)?.map(|c| c.otp), Some(first.otp));
        Ok(())
    }

    #[test]
    fn a_seed_that_makes_no_sense_gives_nothing() -> Outcome {
        for seed in ["", "AAAA", "%"] {
            let none = code(&phone(seed), "2468", Timestamp::from_second(0)?);
            // A short seed still makes a key of 32 bytes; only the unreadable one fails.
            assert_eq!(none.is_none(), seed == "%", "{seed}");
        }
        Ok(())
    }
}
