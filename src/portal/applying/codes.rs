//! Codes that prove an address or a mobile: whoever reads what is sent there, controls it.

use crate::kernel::{
    PreRegistrationId, Timestamp,
    random::Random,
    seal::RecordsKey,
    secret::{Secret, SecretDigest},
    time::Span,
};

/// How long a code is good.
pub const CODE_LIFE: Span = Span::minutes(10);
/// Wrong tries before a code is worth nothing.
const TRIES: u32 = 5;
/// Codes that leave within [`SENDING_WINDOW`], for one person and to one address.
const SENDINGS: u32 = 6;
/// How far back sendings are counted.
pub const SENDING_WINDOW: Span = Span::hours(1);

/// A way to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By mail.
    Email,
    /// By SMS.
    Mobile,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Email, Self::Mobile];

    /// As stored; also the field that holds the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Mobile => "mobile",
        }
    }

    /// The field for its code.
    pub const fn code_field(self) -> &'static str {
        match self {
            Self::Email => "code_email",
            Self::Mobile => "code_mobile",
        }
    }
}

/// A code on its way. Only its digest is kept.
pub struct CodeToSend {
    /// Whose pre-registration.
    pub id: PreRegistrationId,
    /// FranceConnect's identifier of the person, for the count.
    pub sub: String,
    /// By which way.
    pub channel: Channel,
    /// Where to.
    pub target: String,
    /// The keyed digest of the code, bound to all of that.
    pub digest: SecretDigest,
}

/// How many codes left lately.
#[derive(Clone, Copy, Debug)]
pub struct SendingFacts {
    /// For this person.
    pub for_person: u32,
    /// To this address.
    pub to_target: u32,
}

/// Too many codes left lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften;

impl CodeToSend {
    /// May it leave? Somebody who sends codes to another's mobile is soon stopped.
    pub fn decide(&self, facts: SendingFacts) -> Result<(), TooOften> {
        // A round sends two: one to each address.
        let is_within = facts.for_person < 2 * SENDINGS && facts.to_target < SENDINGS;
        if is_within { Ok(()) } else { Err(TooOften) }
    }
}

/// A code that somebody typed.
pub struct CodeTried {
    /// Whose pre-registration.
    pub id: PreRegistrationId,
    /// By which way it came.
    pub channel: Channel,
    /// The address that it should prove.
    pub target: String,
    /// The keyed digest of what was typed.
    pub digest: SecretDigest,
}

/// The code that was sent last, as it is kept.
#[derive(Clone, Debug)]
pub struct KeptCode {
    /// Where it was sent.
    pub target: String,
    /// Its digest.
    pub digest: SecretDigest,
    /// Wrong tries so far.
    pub tries: u32,
    /// Until when it is good.
    pub until: Timestamp,
}

/// What a try ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeVerdict {
    /// It is right: the address is proven.
    Proven,
    /// It is wrong, and so many tries are left.
    Wrong {
        /// How many.
        left: u32,
    },
    /// None was sent there, it has expired, or it was tried too often: another one is wanted.
    Over,
}

impl CodeTried {
    /// Is it right?
    pub fn decide(&self, kept: Option<&KeptCode>, now: Timestamp) -> CodeVerdict {
        let Some(kept) = kept.filter(|kept| kept.target == self.target) else {
            return CodeVerdict::Over;
        };
        if now >= kept.until || kept.tries >= TRIES {
            return CodeVerdict::Over;
        }
        if kept.digest.matches(&self.digest) {
            return CodeVerdict::Proven;
        }
        match TRIES - kept.tries - 1 {
            0 => CodeVerdict::Over,
            left => CodeVerdict::Wrong { left },
        }
    }
}

/// Draws a code of six digits.
pub fn draw(random: &dyn Random) -> Secret {
    Secret::received(format!("{:06}", random.below(1_000_000)))
}

/// The digest of a code, bound to whom and where it is for: it proves nothing else.
pub fn digest(
    key: &RecordsKey,
    id: PreRegistrationId,
    (channel, target): (Channel, &str),
    code: &Secret,
) -> SecretDigest {
    let bare: String = code.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let bare = Secret::received(bare);
    key.digest(&format!("contact/{id}/{}/{target}", channel.as_str()), bare.expose())
}

/// The mail that carries a code.
pub fn mail(code: &Secret) -> (&'static str, Secret) {
    let text = format!(
        "Bonjour,\n\n\
         Vous avez donné cette adresse pour votre demande d'enregistrement au RPPS. Pour montrer \
         qu'elle est la vôtre, saisissez ce code dans le formulaire :\n\n\
         {}\n\n\
         Il est valable {} minutes et ne sert qu'une fois. Vous n'avez rien demandé ? Ignorez ce \
         message : sans ce code, votre adresse ne sera pas utilisée.\n\n\
         Passerelle\n",
        code.expose(),
        CODE_LIFE.as_seconds() / 60,
    );
    ("Votre code de vérification", Secret::received(text))
}

/// The SMS that carries a code.
pub fn sms(code: &Secret) -> Secret {
    Secret::received(format!(
        "RPPS : votre code de vérification est {}. Valable {} minutes. Rien demandé ? Ignorez ce \
         message.",
        code.expose(),
        CODE_LIFE.as_seconds() / 60,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::SystemRandom;

    const ADDRESS: &str = "estelle@example.org";

    fn id(number: u128) -> PreRegistrationId {
        PreRegistrationId(uuid::Uuid::from_u128(number))
    }

    fn key() -> RecordsKey {
        RecordsKey::new(&[7; 32]).unwrap()
    }

    fn code(text: &str) -> Secret {
        Secret::received(text.to_owned())
    }

    #[test]
    fn a_code_is_good_a_while_for_one_address_of_one_person() {
        #[track_caller]
        fn check(typed: &str, target: &str, whose: u128, tries: u32, expected: CodeVerdict) {
            let at = (Channel::Email, ADDRESS);
            let digest_of = |whose, at, text| digest(&key(), id(whose), at, &code(text));
            let kept = KeptCode {
                target: ADDRESS.to_owned(),
                digest: digest_of(1, at, "123456"),
                tries,
                until: Timestamp(1_000),
            };
            let attempt = CodeTried {
                id: id(whose),
                channel: Channel::Email,
                target: target.to_owned(),
                digest: digest_of(whose, (Channel::Email, target), typed),
            };
            assert_eq!(attempt.decide(Some(&kept), Timestamp(999)), expected);
            assert_eq!(attempt.decide(Some(&kept), Timestamp(1_000)), CodeVerdict::Over);
            assert_eq!(attempt.decide(None, Timestamp(0)), CodeVerdict::Over);
        }
        check("123456", ADDRESS, 1, 0, CodeVerdict::Proven);
        check(" 123 456 ", ADDRESS, 1, 4, CodeVerdict::Proven);
        check("123456", ADDRESS, 1, 5, CodeVerdict::Over);
        check("123457", ADDRESS, 1, 0, CodeVerdict::Wrong { left: 4 });
        check("123457", ADDRESS, 1, 3, CodeVerdict::Wrong { left: 1 });
        check("123457", ADDRESS, 1, 4, CodeVerdict::Over);
        check("123456", "other@example.org", 1, 0, CodeVerdict::Over);
        check("123456", ADDRESS, 2, 0, CodeVerdict::Wrong { left: 4 });
        check("", ADDRESS, 1, 0, CodeVerdict::Wrong { left: 4 });
    }

    #[test]
    fn codes_leave_a_few_times_an_hour() {
        #[track_caller]
        fn check(for_person: u32, to_target: u32, expected: Result<(), TooOften>) {
            let to_send = CodeToSend {
                id: id(1),
                sub: "sub".to_owned(),
                channel: Channel::Mobile,
                target: "+33639980001".to_owned(),
                digest: SecretDigest::of(b""),
            };
            assert_eq!(to_send.decide(SendingFacts { for_person, to_target }), expected);
        }
        check(0, 0, Ok(()));
        check(11, 5, Ok(()));
        check(12, 0, Err(TooOften));
        check(0, 6, Err(TooOften));
    }

    #[test]
    fn a_code_has_six_digits_and_stands_alone_in_its_message() {
        let drawn = draw(&SystemRandom);
        assert!(drawn.expose().len() == 6 && drawn.expose().bytes().all(|c| c.is_ascii_digit()));
        let (_, mail) = mail(&drawn);
        assert!(mail.expose().lines().any(|line| line == drawn.expose()));
        assert!(sms(&drawn).expose().contains(drawn.expose()));
    }
}
