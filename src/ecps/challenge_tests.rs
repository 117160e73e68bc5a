//! Challenges: what an approval leads to.

use std::collections::BTreeSet;

use super::*;
use crate::{
    access::{CardStanding, Cause},
    kernel::{Epoch, Revision, SituationId, random::SystemRandom},
    registry::{Authority, Situation},
};

const NOW: Timestamp = Timestamp(1_795_269_600_000);
const TILLEULS: &str = "019999028";
const PHONE: DeviceId = DeviceId(uuid::Uuid::from_u128(5));

fn pin(digits: &str) -> SecretDigest {
    SecretDigest::of(digits.as_bytes())
}

fn rpps() -> Rpps {
    Rpps::from_serial(1)
}

fn challenge() -> Challenge {
    Challenge {
        id: ChallengeId(uuid::Uuid::from_u128(1)),
        rpps: Some(rpps()),
        stamp: Stamp { epoch: Epoch(uuid::Uuid::nil()), revision: Revision(4) },
        client: "dui".parse().unwrap(),
        service: "DUI".to_owned(),
        structure: Some(TILLEULS.parse().unwrap()),
        codes: Codes {
            all: ["12".to_owned(), "57".to_owned(), "90".to_owned()],
            shown: "57".to_owned(),
        },
        outcome: None,
        made_at: NOW - Span::seconds(30),
        until: NOW + Span::seconds(90),
    }
}

fn approval() -> Approval {
    Approval {
        challenge: challenge().id,
        device: PHONE,
        code: "57".to_owned(),
        pin: pin("2468"),
        client: "dui".to_owned(),
        sid: Sid(uuid::Uuid::from_u128(9)),
        life: Span::hours(3),
        limit: 3,
        now: NOW,
    }
}

fn standing(card: CardStanding, finess: &str) -> Standing {
    let situation = Situation {
        id: SituationId(uuid::Uuid::nil()),
        rpps: rpps(),
        finess: finess.parse().unwrap(),
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
    Standing {
        rpps: rpps(),
        card,
        situations: vec![situation],
        upcoming: Vec::new(),
        local_accesses: vec![],
    }
}

/// A verdict in one line.
fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Gone => "gone".to_owned(),
        Verdict::NotHeld => "not held".to_owned(),
        Verdict::Missed { moved, left } => format!("{left} left, {:?}", moved.cuts),
        Verdict::WrongCode(moved) => format!("wrong code, {:?}", moved.card),
        Verdict::NoRight { reason, .. } => reason.as_str().to_owned(),
        Verdict::Opens { session, moved } => {
            assert_eq!(moved.card, Card::Held { misses: 0 });
            assert_eq!(session.stamp, challenge().stamp);
            assert_eq!(session.until, challenge().made_at + Span::hours(3));
            assert_eq!((session.proven_at, session.proof), (NOW, Proof::Phone));
            "opens".to_owned()
        }
    }
}

/// What the table varies.
struct Case {
    challenge: Challenge,
    approval: Approval,
    card: Card,
    held: Option<(DeviceId, SecretDigest)>,
    standing: Option<Standing>,
}

/// What the table varies, one thing after another.
type Change = fn(&mut Case);

const WRONG_PIN: Change = |case| case.approval.pin = pin("1357");
const WRONG_CODE: Change = |case| case.approval.code = "12".to_owned();
const SUSPENDED: Change = |case| {
    let standing = standing(CardStanding::Suspended, TILLEULS);
    case.standing = Some(Standing { situations: vec![], ..standing });
};
const ELSEWHERE: Change = |case| case.standing = Some(standing(CardStanding::Active, "699999124"));

#[track_caller]
fn check(changes: &[Change], expected: &str) {
    let mut case = Case {
        challenge: challenge(),
        approval: approval(),
        card: Card::Held { misses: 1 },
        held: Some((PHONE, pin("2468"))),
        standing: Some(standing(CardStanding::Active, TILLEULS)),
    };
    for change in changes {
        change(&mut case);
    }
    let facts = ApprovalFacts {
        challenge: &case.challenge,
        card: case.card,
        held: case.held,
        standing: case.standing.as_ref(),
    };
    assert_eq!(told(case.approval.decide(&facts)), expected);
}

#[test]
fn a_challenge_is_for_one_phone_one_client_and_a_while() {
    check(&[], "opens");
    check(&[|case| case.approval.client = "other".to_owned()], "gone");
    check(&[|case| case.approval.now = case.challenge.until], "gone");
    check(&[|case| case.challenge.outcome = Some(Outcome::Denied)], "gone");
    check(&[|case| case.challenge.rpps = None], "gone");
    check(&[|case| case.approval.device = DeviceId(uuid::Uuid::from_u128(6))], "not held");
    check(&[|case| case.held = None], "not held");
    check(&[|case| case.standing = None], "not held");
}

#[test]
fn pin_first_then_the_code_then_rights() {
    let blocked = format!("0 left, {:?}", Some(Cause::CardBlocked));
    check(&[WRONG_PIN], "1 left, None");
    check(&[WRONG_PIN, WRONG_CODE], "1 left, None");
    check(&[WRONG_PIN, SUSPENDED], "1 left, None");
    check(&[WRONG_PIN, |case| case.card = Card::Held { misses: 2 }], &blocked);
    check(&[WRONG_CODE], "wrong code, Held { misses: 0 }");
    check(&[|case| case.approval.code = String::new()], "wrong code, Held { misses: 0 }");
    check(&[|case| case.card = Card::Blocked], "card_blocked");
    check(&[WRONG_PIN, |case| case.card = Card::Blocked], "card_blocked");
    check(&[SUSPENDED], "card_suspended");
    check(&[ELSEWHERE], "no_situation_here");
    check(&[ELSEWHERE, |case| case.challenge.structure = None], "opens");
}

#[test]
fn three_distinct_codes_of_two_digits() {
    let mut positions = BTreeSet::new();
    for _ in 0..2_000 {
        let Codes { all, shown } = Codes::draw(&SystemRandom);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 3, "{all:?}");
        assert!(all.iter().all(|code| (10..100).contains(&code.parse::<u32>().unwrap())));
        positions.insert(all.iter().position(|code| *code == shown).unwrap());
    }
    assert_eq!(positions.len(), 3);
}
