//! A place of birth in words: code lists change, and those that ship are not whole.

use crate::registry::{Nomenclature, nomenclature::FRANCE};

/// `commune`: for who was born in France; `town`: as somebody wrote it who was not.
pub(super) fn words(
    lists: &Nomenclature,
    country: &str,
    commune: Option<&str>,
    town: Option<&str>,
) -> String {
    let named = |label: &str, code: &str| (label != code).then(|| label.to_owned());
    let state = named(lists.countries.label(country), country);
    let state = state.unwrap_or_else(|| format!("pays de code INSEE {country}"));
    match (commune, town) {
        (Some(code), _) => match named(lists.communes.label(code), code) {
            Some(label) => format!("{label} ({code}, {state})"),
            None => format!("commune de code INSEE {code} ({state})"),
        },
        (None, Some(town)) => format!("{town} ({state})"),
        (None, None) if country == FRANCE => state,
        (None, None) => format!("{state} (à l'étranger)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_alone() {
        #[track_caller]
        fn check((country, commune, town): (&str, Option<&str>, Option<&str>), expected: &str) {
            let lists = Nomenclature::shipped().unwrap();
            assert_eq!(words(&lists, country, commune, town), expected);
        }
        check(("99100", Some("75056"), None), "Paris (75056, France)");
        check(("99100", Some("97999"), None), "commune de code INSEE 97999 (France)");
        check(("99100", None, None), "France");
        check(("99351", None, Some("Tunis")), "Tunis (Tunisie)");
        check(("99351", None, None), "Tunisie (à l'étranger)");
        check(("99998", None, None), "pays de code INSEE 99998 (à l'étranger)");
        check(("99998", None, Some("Ailleurs")), "Ailleurs (pays de code INSEE 99998)");
    }
}
