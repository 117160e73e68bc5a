//! Activations: who may start one, and what finishes it.

use super::*;
use crate::{
    access::{CardStanding, Cause},
    ecps::device_proof::tests::some_key,
    kernel::{SituationId, random::SystemRandom},
    registry::{Authority, Situation},
};

const NOW: Timestamp = Timestamp(1_795_269_600_000);

fn standing(card: CardStanding, situations: usize) -> Standing {
    let situation = Situation {
        id: SituationId(Uuid::nil()),
        rpps: Rpps::from_serial(1),
        finess: "019999028".parse().unwrap(),
        authority: Authority::Employer,
        profession: String::new(),
        role: String::new(),
        mode: String::new(),
        started_on: "2026-01-01".parse().unwrap(),
        last_day: None,
        ends_at: None,
        ended_at: None,
        exercise_name: String::new(),
        exercise_first_name: String::new(),
    };
    let situations = vec![situation; situations];
    Standing {
        rpps: Rpps::from_serial(1),
        card,
        situations,
        upcoming: Vec::new(),
        local_accesses: vec![],
    }
}

#[test]
fn nothing_before_the_48th_hour() {
    #[track_caller]
    fn check(elapsed: Span, standing: Option<Standing>, expected: Result<(), NotActivable>) {
        let holder = CardHolder {
            rpps: Rpps::from_serial(1),
            email: String::new(),
            mobile: String::new(),
            validated_at: NOW,
            standing,
        };
        assert_eq!(activable(&holder, NOW + elapsed), expected, "{elapsed:?}");
    }
    use CardStanding::{Active, Blocked, NotActivated, Suspended};
    let early = Err(NotActivable::TooEarly { at: NOW + Span::hours(48) });
    let inactive = |reason| Err(NotActivable::Inactive(reason));
    let due = Span::hours(48);
    check(Span(0), Some(standing(NotActivated, 1)), early);
    check(Span(due.0 - 1), Some(standing(NotActivated, 1)), early);
    check(due, Some(standing(NotActivated, 1)), Ok(()));
    check(Span::hours(1000), Some(standing(Active, 1)), Ok(()));
    check(due, Some(standing(NotActivated, 0)), inactive(CardInactive::Suspended));
    check(due, Some(standing(Suspended, 0)), inactive(CardInactive::Suspended));
    check(due, Some(standing(Blocked, 1)), inactive(CardInactive::Blocked));
    check(due, None, inactive(CardInactive::Retired));
}

fn records_key() -> RecordsKey {
    RecordsKey::new(&[7; 32]).unwrap()
}

fn id(number: u128) -> SendingId {
    SendingId(Uuid::from_u128(number))
}

fn activation(until: Timestamp) -> Activation {
    Activation {
        id: ActivationId(Uuid::nil()),
        rpps: Rpps::from_serial(1),
        public_key: some_key(),
        sending: Sending {
            id: id(1),
            reference: Reference(7),
            digests: secrets("ACDEFG34", "012345").digests(&records_key(), id(1)),
            sent_at: NOW,
            until,
        },
    }
}

fn finish(copied: (&str, &str), now: Timestamp) -> Finish {
    Finish {
        id: ActivationId(Uuid::nil()),
        digests: secrets(copied.0, copied.1).digests(&records_key(), id(1)),
        device: DeviceId(Uuid::nil()),
        pin: SecretDigest::of(b""),
        otp_key: Vec::new(),
        tries: 5,
        guesses: 20,
        now,
    }
}

fn secrets(mail: &str, sms: &str) -> TwoSecrets {
    let secret = |text: &str| Secret::received(text.to_owned());
    TwoSecrets::copied(&secret(mail), &secret(sms))
}

/// The table of refusals.
#[test]
fn two_right_secrets_in_time_and_once() {
    #[track_caller]
    fn check(copied: (&str, &str), tries: u32, late: i64, expected: FinishVerdict) {
        check_guessed(copied, (tries, 0), late, expected);
    }
    #[track_caller]
    fn check_guessed(
        copied: (&str, &str),
        (tries, guesses): (u32, u32),
        late: i64,
        expected: FinishVerdict,
    ) {
        let until = NOW + Span::minutes(10);
        let standing = standing(CardStanding::NotActivated, 1);
        let facts = FinishFacts {
            activation: &activation(until),
            tries,
            guesses: Guesses { count: guesses, until: NOW + Span::hours(1) },
            standing: Some(&standing),
            card: Card::Empty,
        };
        let finish = finish(copied, until + Span(late));
        assert_eq!(finish.decide(&facts), expected, "{copied:?}");
    }
    let right = ("ACDEFG34", "012345");
    let activates = FinishVerdict::Activates(Moved { card: Card::Held { misses: 0 }, cuts: None });
    let wrong = |left, is_guess| FinishVerdict::Wrong { left, is_guess };
    check(right, 0, -1, activates);
    check((" acde-fg34 ", "012 345"), 0, -1, activates);
    check(right, 4, -1, activates);
    check(("ACDEFG33", "012345"), 0, -1, wrong(4, true));
    check(("ACDEFG34", "012346"), 3, -1, wrong(1, true));
    check(("012345", "ACDEFG34"), 4, -1, wrong(0, false));
    check(("", ""), 0, -1, wrong(4, false));
    check(right, 5, -1, FinishVerdict::Expired);
    check(right, 0, 0, FinishVerdict::Expired);
    check_guessed(right, (0, 19), -1, activates);
    check_guessed(right, (0, 20), -1, FinishVerdict::Expired);
}

#[test]
fn what_became_of_the_person_meanwhile_counts() {
    #[track_caller]
    fn check(standing: Option<&Standing>, card: Card, expected: FinishVerdict) {
        let facts = FinishFacts {
            activation: &activation(NOW + Span(1)),
            tries: 0,
            guesses: Guesses::default(),
            standing,
            card,
        };
        assert_eq!(finish(("ACDEFG34", "012345"), NOW).decide(&facts), expected);
    }
    use CardStanding::{Active, Blocked, Suspended};
    let replaced = Moved { card: Card::Held { misses: 0 }, cuts: Some(Cause::CardReplaced) };
    let held = Card::Held { misses: 2 };
    let inactive = FinishVerdict::Inactive;
    check(Some(&standing(Active, 1)), held, FinishVerdict::Activates(replaced));
    check(Some(&standing(Suspended, 0)), held, inactive(CardInactive::Suspended));
    check(Some(&standing(Blocked, 1)), Card::Blocked, inactive(CardInactive::Blocked));
    check(None, held, inactive(CardInactive::Retired));
}

#[test]
fn secrets_of_another_sending_are_worth_nothing() {
    let key = records_key();
    let ours = secrets("ACDEFG34", "012345");
    assert_eq!(ours.digests(&key, id(1)).right(&ours.digests(&key, id(1))), 2);
    assert_eq!(ours.digests(&key, id(1)).right(&ours.digests(&key, id(2))), 0);
}

#[test]
fn a_message_holds_its_secret_as_a_word_of_its_own() {
    let secrets = TwoSecrets::mint(&SystemRandom);
    let (rpps, life) = (Rpps::from_serial(9_990_000_003), Span::minutes(10));
    let (_, mail) = mail(&secrets.mail, rpps, Reference(42), life);
    let sms = sms(&secrets.sms, Reference(42), life);
    let words = |text: &Secret, fits: fn(&str) -> bool| {
        let text = text.expose().to_owned();
        let words = text.split_whitespace().filter(|word| fits(word)).map(ToOwned::to_owned);
        words.collect::<Vec<_>>()
    };
    let is_mail_secret = |word: &str| {
        word.len() == 8 && word.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'2'..=b'9'))
    };
    let is_sms_secret = |word: &str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    assert_eq!(words(&mail, is_mail_secret), [secrets.mail.expose()]);
    assert_eq!(words(&sms, is_sms_secret), [secrets.sms.expose()]);
    assert!(words(&mail, is_sms_secret).is_empty());
    assert!(mail.expose().contains("899900000037"));
    for message in [mail, sms] {
        assert!(message.expose().to_lowercase().contains("demande n° 042"), "{}", message.expose());
    }
}
