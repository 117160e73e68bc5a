//! How the person is reached. Whoever controls these two can take the e-CPS, so each belongs to
//! one person only.

use super::{fault::Faults, written::Written};

/// Longest address that SMTP carries (RFC 5321, section 4.5.3.1.3, less its brackets).
const LONGEST_ADDRESS: usize = 254;
/// Longest local part (RFC 5321, section 4.5.3.1.1).
const LONGEST_LOCAL_PART: usize = 64;

/// Reads `email`.
pub(super) fn email(written: &mut Written, faults: &mut Faults) -> Option<String> {
    let text = written.text("email", faults)?;
    if is_address(&text) {
        return Some(text);
    }
    let message = "Adresse électronique incorrecte : écrivez-la comme nom@domaine.fr.";
    faults.add(written.path("email"), "bad_email", message);
    None
}

/// Reads `mobile`: `+` and digits, whatever the way in which it was written.
pub(super) fn mobile(written: &mut Written, faults: &mut Faults) -> Option<String> {
    let text = written.text("mobile", faults)?;
    let field = written.path("mobile");
    let Some(number) = international(&text) else {
        let message = "Numéro de téléphone incorrect : par exemple 06 12 34 56 78 ou \
                       +33 6 12 34 56 78.";
        faults.add(field, "bad_mobile", message);
        return None;
    };
    if let Some(national) = number.strip_prefix("+33")
        && !(national.len() == 9 && national.starts_with(['6', '7']))
    {
        let message = "Ce numéro français n'est pas celui d'un mobile : un mobile a dix chiffres et \
                       commence par 06 ou 07. Il recevra un secret par SMS.";
        faults.add(field, "not_a_mobile", message);
        return None;
    }
    Some(number)
}

/// A plain address: no quotes, no comments, no brackets, ASCII, a domain of at least two labels.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let dotted =
        |part: &str| part.split('.').all(|atoms| !atoms.is_empty() && atoms.chars().all(atom));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_has_letter =
        domain.rsplit('.').next().is_some_and(|top| top.chars().any(|c| c.is_ascii_alphabetic()));
    text.len() <= LONGEST_ADDRESS
        && local.len() <= LONGEST_LOCAL_PART
        && dotted(local)
        && domain.contains('.')
        && domain.split('.').all(label)
        && last_has_letter
}

/// `06 12 34 56 78`, `0033 6…`, `+33 (0)6…` become `+336…`; a number without country code is
/// French (Pro Santé Identité's rule).
fn international(text: &str) -> Option<String> {
    let bare: String = text
        .replace("(0)", "")
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}'))
        .collect();
    let (is_international, digits) = match (bare.strip_prefix('+'), bare.strip_prefix("00")) {
        (Some(rest), _) | (None, Some(rest)) => (true, rest),
        (None, None) => (false, bare.as_str()),
    };
    if !(4..=15).contains(&digits.len()) || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    if is_international {
        return (!digits.starts_with('0')).then(|| format!("+{digits}"));
    }
    Some(format!("+33{}", digits.strip_prefix('0').unwrap_or(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_mail_can_reach() {
        #[track_caller]
        fn check(text: &str, expected: bool) {
            assert_eq!(is_address(text), expected, "{text}");
        }
        check("camille.durand@example.fr", true);
        check("c+ecps@mail.example.fr", true);
        check("o'neil@example.fr", true);
        check("camille", false);
        check("@example.fr", false);
        check("camille@", false);
        check("camille@localhost", false);
        check("camille@example.", false);
        check("camille@-example.fr", false);
        check("camille@127.0.0.1", false);
        check(".camille@example.fr", false);
        check("camille..d@example.fr", false);
        check("ca mille@example.fr", false);
        check("ca@mille@example.fr", false);
        check("camille@exämple.fr", false);
        check("Camille <c@example.fr>", false);
        check(&format!("{}@example.fr", "a".repeat(64)), true);
        check(&format!("{}@example.fr", "a".repeat(65)), false);
        check(
            &format!(
                "a@{}.fr",
                ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(63)].join(".")
            ),
            true,
        );
        check(
            &format!(
                "a@{}.fra.fr",
                ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(63)].join(".")
            ),
            false,
        );
    }

    #[test]
    fn a_mobile_is_kept_in_one_form() {
        #[track_caller]
        fn check(text: &str, expected: Result<&str, &str>) {
            let members = serde_json::json!({ "mobile": text });
            let mut written = Written::body(members.as_object().unwrap().clone());
            let mut faults = Faults::default();
            let number = mobile(&mut written, &mut faults);
            let faults = faults.into_vec();
            let found = number.as_deref().ok_or_else(|| faults.first().unwrap().code);
            assert_eq!(found, expected, "{text}");
        }
        check("06 12 34 56 78", Ok("+33612345678"));
        check("06.12.34.56.78", Ok("+33612345678"));
        check("0612345678", Ok("+33612345678"));
        check("612345678", Ok("+33612345678"));
        check("+33 (0)6 12 34 56 78", Ok("+33612345678"));
        check("0033 7 12 34 56 78", Ok("+33712345678"));
        check("+262692123456", Ok("+262692123456"));
        check("+41 79 123 45 67", Ok("+41791234567"));
        check("01 42 34 56 78", Err("not_a_mobile"));
        check("06 12 34 56 7", Err("not_a_mobile"));
        check("+33 6 12 34 56 78 9", Err("not_a_mobile"));
        check("+0612345678", Err("bad_mobile"));
        check("six", Err("bad_mobile"));
        check("123", Err("bad_mobile"));
        check("+1234567890123456", Err("bad_mobile"));
        check("0612345678 poste 2", Err("bad_mobile"));
    }
}
