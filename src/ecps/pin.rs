//! The PIN that a person chooses.

use crate::kernel::secret::Secret;

/// A PIN that may be chosen: four digits, neither all the same nor a run.
pub struct Pin(Secret);

/// Why a PIN is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    /// Not four digits.
    #[error("Choisissez un code PIN de quatre chiffres.")]
    Length,
    /// `0000`, `1111`…
    #[error("Choisissez un code PIN dont les chiffres ne sont pas tous les mêmes.")]
    AllTheSame,
    /// `1234`, `8765`…
    #[error("Choisissez un code PIN dont les chiffres ne se suivent pas.")]
    Run,
}

impl Pin {
    /// Takes in what the person typed.
    pub fn choose(typed: Secret) -> Result<Self, BadPin> {
        let digits: Vec<i16> = typed.expose().bytes().map(i16::from).collect();
        let is_digit = |byte: u8| byte.is_ascii_digit();
        if digits.len() != 4 || !typed.expose().bytes().all(is_digit) {
            return Err(BadPin::Length);
        }
        let steps = |by: i16| digits.iter().zip(digits.iter().skip(1)).all(|(a, b)| b - a == by);
        if steps(0) {
            return Err(BadPin::AllTheSame);
        }
        if steps(1) || steps(-1) {
            return Err(BadPin::Run);
        }
        Ok(Self(typed))
    }

    /// The digits, on their way into a digest or a derived key.
    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_four_digits_that_nobody_guesses_first() {
        #[track_caller]
        fn check(typed: &str, expected: Result<(), BadPin>) {
            let chosen = Pin::choose(Secret::received(typed.to_owned()));
            assert_eq!(chosen.map(|_| ()), expected, "{typed}");
        }
        check("2468", Ok(()));
        check("1122", Ok(()));
        check("1243", Ok(()));
        check("0000", Err(BadPin::AllTheSame));
        check("7777", Err(BadPin::AllTheSame));
        check("1234", Err(BadPin::Run));
        check("6789", Err(BadPin::Run));
        check("3210", Err(BadPin::Run));
        check("", Err(BadPin::Length));
        check("246", Err(BadPin::Length));
        check("24680", Err(BadPin::Length));
        check("24a8", Err(BadPin::Length));
        check("é12", Err(BadPin::Length));
    }
}
