//! One-time codes, as the phone computes them.

use super::*;
use crate::{
    access::CardStanding,
    kernel::{Epoch, Revision, SituationId},
    registry::{Authority, Situation},
};

/// A moment in the middle of a time step.
const NOW: Timestamp = Timestamp(1_795_269_615_000);
const STEP: u64 = 1_795_269_615 / 30;
const SEED: [u8; 32] = [3; 32];
const TILLEULS: &str = "019999028";

fn pin(digits: &str) -> Pin {
    Pin::choose(Secret::received(digits.to_owned())).unwrap()
}

/// What a phone with this seed and PIN shows at `step`.
fn shown(digits: &str, step: u64) -> String {
    let key = derived_key(&SEED, &pin(digits));
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(key.as_ref());
    totp.build().unwrap().generate(step * PERIOD).to_string()
}

fn situation() -> Situation {
    Situation {
        id: SituationId(uuid::Uuid::nil()),
        rpps: Rpps::from_serial(1),
        finess: TILLEULS.parse().unwrap(),
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
    }
}

fn records_key() -> Arc<RecordsKey> {
    Arc::new(RecordsKey::new(&[7; 32]).unwrap())
}

fn facts() -> OtpFacts {
    let device = DeviceId(uuid::Uuid::from_u128(5));
    let key = derived_key(&SEED, &pin("2468"));
    let sealed = records_key().seal(&sealed_for(device), key.as_ref()).unwrap();
    OtpFacts {
        card: Card::Held { misses: 0 },
        held: Some((device, sealed)),
        last_step: None,
        misses: 0,
        rests_until: None,
        standing: Some(Standing {
            rpps: Rpps::from_serial(1),
            card: CardStanding::Active,
            situations: vec![situation()],
            upcoming: Vec::new(),
            local_accesses: vec![],
        }),
    }
}

fn attempt(code: &str, structure: Option<&str>) -> OtpAttempt {
    OtpAttempt {
        rpps: Rpps::from_serial(1),
        code: Secret::received(code.to_owned()),
        client: "dui".parse().unwrap(),
        structure: structure.map(|text| text.parse().unwrap()),
        stamp: Stamp { epoch: Epoch(uuid::Uuid::nil()), revision: Revision(4) },
        now: NOW,
        sid: Sid(uuid::Uuid::nil()),
        life: Span::hours(3),
        limit: 3,
        key: records_key(),
    }
}

/// A verdict in one line.
fn told(verdict: OtpVerdict) -> String {
    match verdict {
        OtpVerdict::Nothing => "nothing".to_owned(),
        OtpVerdict::Missed { misses, rests_until } => {
            let rest = rests_until.map(|until| until - NOW);
            format!("missed {misses}, rests {}", rest.unwrap_or_default().as_seconds())
        }
        OtpVerdict::NoRight { reason, .. } => format!("no right: {}", reason.as_str()),
        OtpVerdict::Opens { session, step, moved } => {
            assert_eq!(session.until, NOW + Span::hours(3));
            assert_eq!((session.stamp.revision, session.proof), (Revision(4), Proof::OneTimeCode));
            assert_eq!(moved.card, Card::Held { misses: 0 });
            format!("opens, step {:+}", step.cast_signed() - STEP.cast_signed())
        }
    }
}

#[track_caller]
fn check(code: &str, facts: &OtpFacts, expected: &str) {
    assert_eq!(told(attempt(code, None).decide(facts).unwrap()), expected, "{code}");
}

#[test]
fn a_code_proves_seed_pin_and_moment_once() {
    let fresh = facts();
    check(&shown("2468", STEP), &fresh, "opens, step +0");
    check(&shown("2468", STEP - 1), &fresh, "opens, step -1");
    check(&shown("2468", STEP + 1), &fresh, "opens, step +1");
    check(&shown("2468", STEP - 2), &fresh, "missed 1, rests 0");
    check(&shown("2468", STEP + 2), &fresh, "missed 1, rests 0");
    check(&shown("1357", STEP), &fresh, "missed 1, rests 0");

    let used = OtpFacts { last_step: Some(STEP), ..facts() };
    check(&shown("2468", STEP), &used, "nothing");
    check(&shown("2468", STEP - 1), &used, "nothing");
    check(&shown("2468", STEP + 1), &used, "opens, step +1");
}

#[test]
fn too_many_wrong_codes_let_codes_rest_and_never_block_the_card() {
    let missed = |misses| OtpFacts { misses, ..facts() };
    check("000000", &missed(1), "missed 2, rests 0");
    check("000000", &missed(2), "missed 0, rests 900");
    check(&shown("2468", STEP), &missed(2), "opens, step +0");
    let resting = |until| OtpFacts { rests_until: Some(until), ..facts() };
    check(&shown("2468", STEP), &resting(NOW + Span::seconds(1)), "nothing");
    check("000000", &resting(NOW + Span::seconds(1)), "nothing");
    check(&shown("2468", STEP), &resting(NOW), "opens, step +0");
}

#[test]
fn nothing_is_proven_where_nothing_can_be() {
    let right = shown("2468", STEP);
    check(&right, &OtpFacts { card: Card::Blocked, ..facts() }, "nothing");
    check("000000", &OtpFacts { card: Card::Blocked, ..facts() }, "nothing");
    check(&right, &OtpFacts { card: Card::Empty, held: None, ..facts() }, "nothing");
    check(&right, &OtpFacts { standing: None, ..facts() }, "nothing");
    let other = DeviceId(uuid::Uuid::from_u128(6));
    let (_, sealed) = facts().held.unwrap();
    let moved = OtpFacts { held: Some((other, sealed)), ..facts() };
    assert!(attempt(&right, None).decide(&moved).is_err(), "sealed for another phone");
}

#[test]
fn rights_are_looked_at_after_the_proof() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Standing), structure: Option<&str>, expected: &str) {
        let mut facts = facts();
        change(facts.standing.as_mut().unwrap());
        let verdict = attempt(&shown("2468", STEP), structure).decide(&facts).unwrap();
        assert_eq!(told(verdict), expected);
        let wrong = attempt("000000", structure).decide(&facts).unwrap();
        assert_eq!(told(wrong), "missed 1, rests 0");
    }
    let suspend = |standing: &mut Standing| {
        standing.card = CardStanding::Suspended;
        standing.situations.clear();
    };
    check(|_| {}, Some(TILLEULS), "opens, step +0");
    check(|_| {}, Some("699999124"), "no right: no_situation_here");
    check(suspend, None, "no right: card_suspended");
}

#[test]
fn the_key_is_an_hmac_of_the_pin_under_the_seed() {
    // HMAC-SHA-256(key = 32 times 03, message = "2468"), computed with another implementation.
    let key = derived_key(&SEED, &pin("2468"));
    let expected = "981cf873c6eee6d7dd5551c17ec2fb41f750d498972823c472b767429ddaae8a";
    let bytes = (0..32).map(|i| u8::from_str_radix(&expected[2 * i..2 * i + 2], 16).unwrap());
    assert_eq!(key.to_vec(), bytes.collect::<Vec<_>>());
}
