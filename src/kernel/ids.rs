//! Identifiers, parsed at the door: a value of these types cannot be malformed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not the identifier that it was taken for; the messages are for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentifier {
    /// Too short or too long.
    #[error("wrong length")]
    Length,
    /// A character that the format does not allow.
    #[error("a character that does not belong there")]
    Character,
    /// The last digit does not agree with the others (Luhn).
    #[error("wrong check digit")]
    CheckDigit,
    /// Eleven digits with a right key where twelve are wanted: the leading 8 was forgotten.
    #[error("the 8 in front of the eleven digits is missing")]
    MissingEight,
}

impl BadIdentifier {
    /// The same for callers of the API.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Length => "longueur incorrecte",
            Self::Character => "caractère interdit",
            Self::CheckDigit => "clé de contrôle incorrecte",
            Self::MissingEight => "il manque le 8 devant les onze chiffres",
        }
    }
}

/// A professional's RPPS number: eleven digits, the last one a Luhn key, given for life.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rpps([u8; 11]);

impl Rpps {
    /// The number whose first ten digits are `serial` (taken modulo 10^10), key computed.
    pub fn from_serial(serial: u64) -> Self {
        let mut digits = [b'0'; 11];
        let mut rest = serial % 10_000_000_000;
        for digit in digits.iter_mut().take(10).rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        let key = (10 - luhn_sum(&digits) % 10) % 10;
        if let Some(last) = digits.last_mut() {
            *last = b'0' + u8::try_from(key).unwrap_or(0);
        }
        Self(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Rpps {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let digits: [u8; 11] = text.as_bytes().try_into().map_err(|_| BadIdentifier::Length)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BadIdentifier::Character);
        }
        if !luhn_sum(&digits).is_multiple_of(10) {
            return Err(BadIdentifier::CheckDigit);
        }
        Ok(Self(digits))
    }
}

/// The national identifier of a professional as the e-CPS uses it: `8` + RPPS.
///
/// Other leading digits exist (ADELI, FINESS, SIREN…); no person of this registry has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdNat(pub Rpps);

impl FromStr for IdNat {
    type Err = BadIdentifier;

    /// A valid RPPS never gives a Luhn-valid twelve-digit text, so that a forgotten 8 can be told
    /// from a wrong number without asking who it belongs to.
    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        if text.parse::<Rpps>().is_ok() {
            return Err(BadIdentifier::MissingEight);
        }
        if text.len() != 12 {
            return Err(BadIdentifier::Length);
        }
        text.strip_prefix('8').ok_or(BadIdentifier::Character)?.parse().map(Self)
    }
}

impl fmt::Display for IdNat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "8{}", self.0)
    }
}

/// A FINESS number (establishment or legal entity): nine characters, the last a Luhn key.
///
/// In Corsica the second character is a letter; its key is not checked, since published numbers
/// disagree on the letter's value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Finess([u8; 9]);

impl Finess {
    /// The nine characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Finess {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let chars: [u8; 9] = text.as_bytes().try_into().map_err(|_| BadIdentifier::Length)?;
        let corsican = text.starts_with("2A") || text.starts_with("2B");
        let digits = if corsican { text.get(2..).unwrap_or_default() } else { text };
        if !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(BadIdentifier::Character);
        }
        if !corsican && !luhn_sum(&chars).is_multiple_of(10) {
            return Err(BadIdentifier::CheckDigit);
        }
        Ok(Self(chars))
    }
}

/// Luhn's sum of ASCII digits, the rightmost counted once.
fn luhn_sum(digits: &[u8]) -> u32 {
    let weigh = |(position, digit): (usize, &u8)| {
        let value = u32::from(digit.saturating_sub(b'0'));
        let doubled = if position % 2 == 1 { value * 2 } else { value };
        if doubled > 9 { doubled - 9 } else { doubled }
    };
    digits.iter().rev().enumerate().map(weigh).sum()
}

macro_rules! digits_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadIdentifier;
            fn try_from(text: String) -> Result<Self, BadIdentifier> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    )*};
}
digits_as_text!(Rpps, Finess);

impl fmt::Debug for IdNat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name under which a relying party is registered (RFC 6749, section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = BadIdentifier;

    /// Visible ASCII, as RFC 6749 (appendix A.1) has it, 1 to 128 characters, no colon: it must
    /// pass through Basic authentication unharmed.
    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        if text.is_empty() || text.len() > 128 {
            return Err(BadIdentifier::Length);
        }
        if !text.bytes().all(|c| c.is_ascii_graphic() && c != b':') {
            return Err(BadIdentifier::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ClientId {
    type Error = BadIdentifier;
    fn try_from(text: String) -> Result<Self, BadIdentifier> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = BadIdentifier;
            fn from_str(text: &str) -> Result<Self, BadIdentifier> {
                Uuid::try_parse(text).map(Self).map_err(|_| BadIdentifier::Character)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
uuid_ids!(
    /// One situation d'exercice.
    SituationId,
    /// One local access.
    LocalAccessId,
    /// One departure: the end of a situation or of a local access, scheduled or done.
    DepartureId,
    /// A session of ours, named `sid` in tokens (OpenID Connect Back-Channel Logout 1.0, 2.1).
    Sid,
    /// One authorization of a client inside one session.
    GrantId,
    /// One log-in in progress: an authorization request that waits for its proof.
    LoginId,
    /// One log-in that waits for the phone.
    ChallengeId,
    /// A phone that holds an e-CPS.
    DeviceId,
    /// One pre-registration in progress: somebody whom FranceConnect vouches for.
    PreRegistrationId,
    /// One request of somebody who wants to be registered.
    RequestId,
    /// One naming: what lets somebody manage a structure.
    HabilitationId,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_say_or_are_refused() {
        #[track_caller]
        fn rpps(text: &str, expected: Result<(), BadIdentifier>) {
            assert_eq!(text.parse::<Rpps>().map(|_| ()), expected, "{text}");
        }
        rpps("99900000037", Ok(()));
        rpps("99900000038", Err(BadIdentifier::CheckDigit));
        rpps("9990000003", Err(BadIdentifier::Length));
        rpps("9990000003a", Err(BadIdentifier::Character));
        rpps("é9900000037", Err(BadIdentifier::Length));

        #[track_caller]
        fn idnat(text: &str, expected: Result<(), BadIdentifier>) {
            assert_eq!(text.parse::<IdNat>().map(|_| ()), expected, "{text}");
        }
        idnat("899900000037", Ok(()));
        idnat("99900000037", Err(BadIdentifier::MissingEight));
        idnat("799900000037", Err(BadIdentifier::Character));
        idnat("899900000038", Err(BadIdentifier::CheckDigit));
        idnat("8", Err(BadIdentifier::Length));

        #[track_caller]
        fn finess(text: &str, expected: Result<(), BadIdentifier>) {
            assert_eq!(text.parse::<Finess>().map(|_| ()), expected, "{text}");
        }
        finess("019999028", Ok(()));
        finess("019999029", Err(BadIdentifier::CheckDigit));
        finess("2B0000012", Ok(()));
        finess("2C0000012", Err(BadIdentifier::Character));
        finess("01999902", Err(BadIdentifier::Length));

        #[track_caller]
        fn client(text: &str, expected: Result<(), BadIdentifier>) {
            assert_eq!(text.parse::<ClientId>().map(|_| ()), expected, "{text}");
        }
        client("dui-tilleuls", Ok(()));
        client("", Err(BadIdentifier::Length));
        client("a:b", Err(BadIdentifier::Character));
        client("a b", Err(BadIdentifier::Character));
    }

    #[test]
    fn a_serial_becomes_a_number_with_a_right_key() {
        assert_eq!(Rpps::from_serial(9_990_000_003).as_str(), "99900000037");
        for serial in 9_990_000_000..9_990_000_200 {
            let number = Rpps::from_serial(serial);
            assert_eq!(number.as_str().parse(), Ok(number));
        }
    }
}
