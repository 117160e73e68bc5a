//! The receiving side of an SMTP conversation (RFC 5321), one line at a time and without a socket.

/// The longest mail that is taken.
pub(crate) const LARGEST: usize = 5 * 1024 * 1024;
const MOST_RECIPIENTS: usize = 100;

/// What to do after a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Say this, and read on.
    Say(&'static str),
    /// Read on: the mail's body is coming.
    Listen,
    /// A whole mail is there.
    Deliver(Envelope),
    /// Say goodbye and hang up.
    Bye,
}

/// A mail, and who it is for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) recipients: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// Where the conversation stands.
#[derive(Debug, Default)]
pub(crate) struct Session {
    stage: Stage,
    envelope: Envelope,
    too_large: bool,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// A greeting.
    #[default]
    Silent,
    /// A sender.
    Greeted,
    /// Recipients, then the body.
    Addressing,
    /// Lines of the body.
    Body,
}

pub(crate) const GREETING: &str = "220 localhost boite de demonstration";
pub(crate) const DELIVERED: &str = "250 2.0.0 recu";

impl Session {
    /// Takes one line, without its end.
    pub(crate) fn line(&mut self, line: &[u8]) -> Next {
        if self.stage == Stage::Body {
            return self.body_line(line);
        }
        let text = String::from_utf8_lossy(line);
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.greet();
                Next::Say("250-localhost\r\n250-SIZE 5242880\r\n250-8BITMIME\r\n250 SMTPUTF8")
            }
            "HELO" => {
                self.greet();
                Next::Say("250 localhost")
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => self.data(),
            "RSET" => {
                self.forget();
                Next::Say("250 2.0.0 oublie")
            }
            "NOOP" => Next::Say("250 2.0.0 bien"),
            "VRFY" => Next::Say("252 2.0.0 essayez"),
            "QUIT" => Next::Bye,
            _ => Next::Say("502 5.5.1 commande inconnue"),
        }
    }

    fn greet(&mut self) {
        self.stage = Stage::Greeted;
        self.forget();
    }

    fn forget(&mut self) {
        if self.stage != Stage::Silent {
            self.stage = Stage::Greeted;
        }
        self.envelope = Envelope::default();
        self.too_large = false;
    }

    fn mail(&mut self, rest: &str) -> Next {
        if self.stage != Stage::Greeted {
            return Next::Say("503 5.5.1 pas maintenant");
        }
        let Some((_, options)) = path(rest, "FROM:") else {
            return Next::Say("501 5.5.4 MAIL FROM:<adresse>");
        };
        let announced = options
            .split_ascii_whitespace()
            .find_map(|option| option.to_ascii_uppercase().strip_prefix("SIZE=")?.parse().ok());
        if announced.is_some_and(|size: usize| size > LARGEST) {
            return Next::Say("552 5.3.4 message trop long");
        }
        self.stage = Stage::Addressing;
        Next::Say("250 2.1.0 bien")
    }

    fn recipient(&mut self, rest: &str) -> Next {
        if self.stage != Stage::Addressing {
            return Next::Say("503 5.5.1 pas maintenant");
        }
        match path(rest, "TO:") {
            Some((address, _)) if address.contains('@') => {
                if self.envelope.recipients.len() >= MOST_RECIPIENTS {
                    return Next::Say("452 4.5.3 trop de destinataires");
                }
                self.envelope.recipients.push(address.to_owned());
                Next::Say("250 2.1.5 bien")
            }
            Some(_) => Next::Say("553 5.1.3 adresse incomplete"),
            None => Next::Say("501 5.5.4 RCPT TO:<adresse>"),
        }
    }

    fn data(&mut self) -> Next {
        if self.envelope.recipients.is_empty() {
            return Next::Say("503 5.5.1 pas maintenant");
        }
        self.stage = Stage::Body;
        Next::Say("354 finissez par un point seul")
    }

    fn body_line(&mut self, line: &[u8]) -> Next {
        if line == b"." {
            let too_large = self.too_large;
            let envelope = std::mem::take(&mut self.envelope);
            self.forget();
            return if too_large {
                Next::Say("552 5.3.4 message trop long")
            } else {
                Next::Deliver(envelope)
            };
        }
        // A line that begins with a point was sent with one more (section 4.5.2).
        let line = line.strip_prefix(b".").unwrap_or(line);
        if self.envelope.body.len() + line.len() + 2 > LARGEST {
            self.too_large = true;
            self.envelope.body.clear();
        }
        if !self.too_large {
            self.envelope.body.extend_from_slice(line);
            self.envelope.body.extend_from_slice(b"\r\n");
        }
        Next::Listen
    }
}

/// `FROM:<address> options` or `TO:<address> options`.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let rest = rest.trim_start();
    let (start, rest) = rest.split_at_checked(word.len())?;
    if !start.eq_ignore_ascii_case(word) {
        return None;
    }
    rest.trim_start().strip_prefix('<')?.split_once('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays lines; for each, the first three characters of the reply, or what else happened.
    fn play(lines: &[&str]) -> Vec<String> {
        let mut session = Session::default();
        lines
            .iter()
            .map(|line| match session.line(line.as_bytes()) {
                Next::Say(reply) => reply.chars().take(3).collect(),
                Next::Listen => "...".to_owned(),
                Next::Bye => "bye".to_owned(),
                Next::Deliver(envelope) => format!(
                    "{} <- {}",
                    envelope.recipients.join(","),
                    String::from_utf8_lossy(&envelope.body).replace("\r\n", "|")
                ),
            })
            .collect()
    }

    #[test]
    fn conversations() {
        #[track_caller]
        fn check(rows: &[(&str, &str)]) {
            let (lines, expected): (Vec<&str>, Vec<&str>) = rows.iter().copied().unzip();
            assert_eq!(play(&lines), expected);
        }
        check(&[
            ("EHLO moi", "250"),
            ("MAIL FROM:<a@example.org> BODY=8BITMIME", "250"),
            ("RCPT TO:<b@example.org>", "250"),
            ("rcpt to: <c@example.org>", "250"),
            ("DATA", "354"),
            ("Subject: essai", "..."),
            ("", "..."),
            ("..un point", "..."),
            (".", "b@example.org,c@example.org <- Subject: essai||.un point|"),
            ("RCPT TO:<b@example.org>", "503"),
            ("QUIT", "bye"),
        ]);
        check(&[("MAIL FROM:<a@example.org>", "503"), ("RCPT TO:<b@c>", "503"), ("DATA", "503")]);
        check(&[("HELO moi", "250"), ("MAIL FROM:<>", "250"), ("MAIL FROM:<>", "503")]);
        check(&[("HELO moi", "250"), ("MAIL a@b", "501"), ("MAIL FROM:a@b", "501")]);
        check(&[("HELO moi", "250"), ("MAIL FROM:<> SIZE=99999999", "552")]);
        check(&[
            ("HELO moi", "250"),
            ("MAIL FROM:<>", "250"),
            ("RCPT TO:<personne>", "553"),
            ("RCPT b@c", "501"),
            ("RCPT TO:<b@c>", "250"),
            ("RSET", "250"),
            ("DATA", "503"),
        ]);
        check(&[("NOOP", "250"), ("VRFY a", "252"), ("TURN", "502"), ("", "502"), ("é", "502")]);
    }

    #[test]
    fn a_mail_that_is_too_long_is_refused_and_the_next_one_taken() {
        let mut session = Session::default();
        for line in ["HELO a", "MAIL FROM:<>", "RCPT TO:<b@c>", "DATA"] {
            session.line(line.as_bytes());
        }
        let line = vec![b'x'; LARGEST / 2];
        for _ in 0..3 {
            assert_eq!(session.line(&line), Next::Listen);
        }
        assert_eq!(session.line(b"."), Next::Say("552 5.3.4 message trop long"));
        assert_eq!(session.line(b"MAIL FROM:<>"), Next::Say("250 2.1.0 bien"));
    }
}
