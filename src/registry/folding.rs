//! Names as they compare: without accents, case, hyphens and apostrophes.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// `Éloïse-Anne d'Œuvre` becomes `ELOISE ANNE D OEUVRE`: what two spellings of one name share.
pub fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(upper);
    let spaced: String = plain.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that do not decompose are written as registers write them.
fn upper(letter: char) -> Vec<char> {
    match letter {
        'œ' | 'Œ' => vec!['O', 'E'],
        'æ' | 'Æ' => vec!['A', 'E'],
        'ø' | 'Ø' => vec!['O'],
        'ł' | 'Ł' => vec!['L'],
        'đ' | 'Đ' | 'ð' | 'Ð' => vec!['D'],
        'ı' => vec!['I'],
        other => other.to_uppercase().collect(),
    }
}

/// The text as it is kept: composed (NFC), without space around it or doubled in it.
pub fn tidy(text: &str) -> String {
    text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_name_are_one() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(fold(text), expected);
        }
        check("Éloïse-Anne d'Œuvre", "ELOISE ANNE D OEUVRE");
        check("E\u{301}loi\u{308}se", "ELOISE");
        check("  DE   LA  Tour ", "DE LA TOUR");
        check("L’Haÿ", "L HAY");
        check("Straße", "STRASSE");
        check("Łukasz Đorđević", "LUKASZ DORDEVIC");
        check("", "");
    }

    #[test]
    fn a_text_is_kept_composed_and_tidy() {
        assert_eq!(tidy("  Re\u{301}my \t Louis "), "Rémy Louis");
    }
}
