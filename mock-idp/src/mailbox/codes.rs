//! The secrets that a person would copy out of a message.

/// Six digits standing alone as a word, and eight characters of `A-Z2-9` alone on their line.
pub(crate) fn found_in(text: &str) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let found: Vec<&str> = if is_mail_secret(line) {
            vec![line]
        } else {
            line.split(|c: char| !c.is_alphanumeric()).filter(|word| is_sms_secret(word)).collect()
        };
        for code in found {
            if !codes.iter().any(|known| known == code) {
                codes.push(code.to_owned());
            }
        }
    }
    codes
}

/// `I` and `O` are never drawn, since they read like figures.
fn is_mail_secret(line: &str) -> bool {
    line.len() == 8
        && line.bytes().all(|b| {
            (b.is_ascii_uppercase() && b != b'I' && b != b'O') || (b'2'..=b'9').contains(&b)
        })
}

fn is_sms_secret(word: &str) -> bool {
    word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_message() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(found_in(text), expected, "{text}");
        }
        check("", &[]);
        check("Votre code est 402917.", &["402917"]);
        check("Votre code :\r\n\r\n  K7PXQ2RW  \r\n\r\nValable 10 minutes.", &["K7PXQ2RW"]);
        check("K7PXQ2RW n'est pas seul sur sa ligne", &[]);
        check("KOPXQIRW", &[]);
        check("K7PXQ21W", &[]);
        check("Identifiant 899900000037, RPPS 99900000037, mobile 06 39 98 00 11", &[]);
        check("402917\n402917\n58213\n1234567\n118233", &["402917", "118233"]);
        check("N° A402917 et réf. é402917", &[]);
    }
}
