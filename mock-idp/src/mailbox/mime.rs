//! A mail as it came, and what a reader shows of it.

use mail_parser::{MessageParser, MessagePart};

/// Subject and bodies of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

/// Reads a mail. What is no mail at all is shown as text: nothing that came in is hidden.
pub(crate) fn read(raw: &[u8]) -> Parts {
    let Some(mail) = MessageParser::default().parse(raw) else {
        let text = String::from_utf8_lossy(raw).into_owned();
        return Parts { subject: String::new(), text, html: None };
    };
    let has_html = mail.html_bodies().any(MessagePart::is_text_html);
    Parts {
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        html: has_html.then(|| mail.body_html(0).unwrap_or_default().into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::codes;

    const BOTH: &str = "From: Passerelle <ne-pas-repondre@example.org>\r\n\
        To: nadia.verchere@example.org\r\n\
        Subject: =?utf-8?Q?Votre_e-CPS?=\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        Voici votre secret, =C3=A0 saisir sur votre t=C3=A9l=C3=A9phone :\r\n\r\nK7PXQ2RW\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n\
        PHA+SzdQWFEyUlc8L3A+\r\n--b--\r\n";

    #[test]
    fn both_bodies_and_the_secret_are_found() {
        let parts = read(BOTH.as_bytes());
        assert!(parts.text.contains("téléphone"), "{}", parts.text);
        assert_eq!(parts.html.as_deref(), Some("<p>K7PXQ2RW</p>"));
        assert_eq!(codes::found_in(&parts.text), ["K7PXQ2RW"]);
    }

    #[test]
    fn other_shapes() {
        #[track_caller]
        fn check(raw: &str, subject: &str, text: &str, html: bool) {
            let parts = read(raw.as_bytes());
            assert_eq!(parts.subject, subject);
            assert!(parts.text.contains(text), "{}", parts.text);
            assert_eq!(parts.html.is_some(), html, "{parts:?}");
        }
        check("Subject: =?utf-8?Q?Trop_t=C3=B4t?=\r\n\r\nBonjour", "Trop tôt", "Bonjour", false);
        check("Subject: a\r\nContent-Type: text/html\r\n\r\n<p>402917</p>", "a", "402917", true);
        check("\r\nsans en-tête", "", "sans", false);
    }
}
