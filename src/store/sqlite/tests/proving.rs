//! Proofs, on a real file, behind the doors.

use crate::{
    access::{NoRight, Session},
    ecps::{ApprovalRefused, Cards, Challenges, Decision, Nobody, Opened, OtpRefused, Said, State},
    kernel::{
        Outage,
        journal::Actor,
        retry::{Answered, Keep, Kept, Once},
        secret::{Secret, SecretDigest},
        time::Span,
    },
};

use super::{
    desk::{Desk, PIN, identifier, key, otp},
    *,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_approvals_of_one_challenge_open_one_session() {
    let desk = Arc::new(Desk::new().await);
    let (device, _) = desk.activate().await;
    let challenge = desk.open(Some(TILLEULS)).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, device) = (Arc::clone(&desk), device.clone());
            let challenge = challenge.clone();
            tokio::spawn(async move { desk.approve(&device, &challenge, PIN).await })
        })
        .collect();
    let mut opened = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => opened += 1,
            Err(refused) => assert!(matches!(refused, ApprovalRefused::Gone), "{refused}"),
        }
    }
    assert_eq!(opened, 1);
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM session"), 1);
    let State::Approved(Session { stamp, until, .. }) = desk.state(challenge.id).await else {
        panic!("not approved")
    };
    assert_eq!((stamp, until), (challenge.stamp, challenge.made_at + Span::hours(4)));
    desk.world.journal_is_whole();
}

#[tokio::test]
async fn an_old_copy_of_the_ephemera_is_no_second_use() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    let challenge = desk.open(None).await;
    desk.approve(&device, &challenge, PIN).await.unwrap();
    desk.world
        .store
        .write(|write| write.execute("UPDATE challenge SET outcome = NULL", []).map(|_| ()))
        .await
        .unwrap();
    let again = desk.approve(&device, &challenge, PIN).await;
    assert!(matches!(again, Err(ApprovalRefused::Gone)));
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM session"), 1);
}

#[tokio::test]
async fn three_wrong_pins_block_the_card_and_cut() {
    let desk = Desk::new().await;
    let (device, seed) = desk.activate().await;
    let before = desk.open(None).await;
    desk.approve(&device, &before, PIN).await.unwrap();
    let challenge = desk.open(None).await;
    for expected in [2, 1] {
        let refused = desk.approve(&device, &challenge, "1357").await.unwrap_err();
        assert!(
            matches!(refused, ApprovalRefused::WrongPin { left } if left == expected),
            "{refused}"
        );
    }
    desk.approve(&device, &challenge, PIN).await.unwrap();
    let challenge = desk.open(None).await;
    for expected in [2, 1, 0] {
        let refused = desk.approve(&device, &challenge, "1357").await.unwrap_err();
        assert!(
            matches!(refused, ApprovalRefused::WrongPin { left } if left == expected),
            "{refused}"
        );
    }
    assert_eq!(desk.world.one::<String>("SELECT cause FROM cut"), "\"card_blocked\"");
    assert_eq!(desk.state(before.id).await, State::Over, "the session from before is cut");
    assert_eq!(desk.state(challenge.id).await, State::Over, "so is what waited");
    let refused = desk.approve(&device, &challenge, PIN).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::Gone), "{refused}");
    let device = desk.world.store.device(device.id).await.unwrap().unwrap();
    assert!(device.may_ask().is_err());
    let code = otp(&seed, PIN, desk.world.clock.now());
    let refused = desk.ecps.prove_otp(desk.ask(&identifier(), None), code).await.unwrap_err();
    assert!(matches!(refused, OtpRefused::Wrong), "{refused}");
    let refused = desk.ecps.activate(&identifier(), key()).await.unwrap_err();
    assert!(refused.to_string().contains("bloquée"), "{refused}");

    desk.decide(Decision::Replace).await;
    let (new_device, _) = desk.activate().await;
    let challenge = desk.open(None).await;
    let refused = desk.approve(&device, &challenge, PIN).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::Inactive(_)), "{refused}");
    desk.approve(&new_device, &challenge, PIN).await.unwrap();
    desk.world.journal_is_whole();
}

#[tokio::test]
async fn a_new_phone_kills_the_old_one() {
    let desk = Desk::new().await;
    let (old, _) = desk.activate().await;
    let before = desk.open(None).await;
    desk.approve(&old, &before, PIN).await.unwrap();
    let (new, _) = desk.activate().await;
    assert_eq!(desk.state(before.id).await, State::Over);
    assert_eq!(desk.world.one::<String>("SELECT cause FROM cut"), "\"card_replaced\"");
    let old = desk.world.store.device(old.id).await.unwrap().unwrap();
    assert!(old.may_ask().unwrap_err().to_string().contains("plus sur ce téléphone"));
    let challenge = desk.open(None).await;
    assert!(desk.approve(&old, &challenge, PIN).await.is_err());
    desk.approve(&new, &challenge, PIN).await.unwrap();
}

#[tokio::test]
async fn a_departure_takes_what_waits_on_the_phone() {
    let desk = Desk::new().await;
    let (device, seed) = desk.activate().await;
    let challenge = desk.open(Some(TILLEULS)).await;
    let shown = desk.ecps.pending(&device, desk.now().await).await.unwrap();
    assert_eq!(shown.len(), 1);
    desk.leave().await;
    let shown = desk.ecps.pending(&device, desk.now().await).await.unwrap();
    assert!(shown.is_empty());
    assert_eq!(desk.state(challenge.id).await, State::Over);
    let refused = desk.approve(&device, &challenge, PIN).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::Gone), "{refused}");

    // The suspended card still proves itself, only to be told why.
    let challenge = desk.open(Some(TILLEULS)).await;
    let refused = desk.approve(&device, &challenge, "1357").await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::WrongPin { left: 2 }), "{refused}");
    let refused = desk.approve(&device, &challenge, PIN).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::NoRight(NoRight::CardSuspended)), "{refused}");
    assert_eq!(desk.state(challenge.id).await, State::Refused(NoRight::CardSuspended));
    let code = otp(&seed, PIN, desk.world.clock.now());
    let refused = desk.ecps.prove_otp(desk.ask(&identifier(), None), code).await.unwrap_err();
    assert!(matches!(refused, OtpRefused::NoRight(NoRight::CardSuspended)), "{refused}");
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM session"), 0);
}

#[tokio::test]
async fn a_one_time_code_opens_once() {
    let desk = Desk::new().await;
    let (_, seed) = desk.activate().await;
    let prove = async |code: Secret, structure| {
        desk.ecps.prove_otp(desk.ask(&identifier(), structure), code).await
    };
    let code = || otp(&seed, PIN, desk.world.clock.now());
    let session = prove(code(), Some(TILLEULS)).await.unwrap();
    assert_eq!(session.until, desk.world.clock.now() + Span::hours(4));
    assert!(matches!(prove(code(), None).await, Err(OtpRefused::Wrong)), "used");
    desk.world.advance(30_000);
    let refused = prove(code(), Some(RIVE_CLAIRE)).await;
    assert!(matches!(refused, Err(OtpRefused::NoRight(NoRight::NoSituationHere))));
    desk.world.advance(30_000);
    assert!(prove(code(), None).await.is_ok());
    desk.world.advance(30_000);
    let wrong_pin = otp(&seed, "1357", desk.world.clock.now());
    assert!(matches!(prove(wrong_pin, None).await, Err(OtpRefused::Wrong)));
    assert_eq!(desk.world.one::<i64>("SELECT otp_misses FROM card"), 1);
    let unreadable = Secret::received("12 34".to_owned());
    assert!(matches!(prove(unreadable, None).await, Err(OtpRefused::Wrong)));
    assert_eq!(desk.world.one::<i64>("SELECT otp_misses FROM card"), 1, "no guess, no miss");
    let stranger = format!("8{}", rpps(2));
    let refused = desk.ecps.prove_otp(desk.ask(&stranger, None), code()).await;
    assert!(matches!(refused, Err(OtpRefused::Wrong)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_uses_of_one_code_open_one_session() {
    let desk = Arc::new(Desk::new().await);
    let (_, seed) = desk.activate().await;
    let code = otp(&seed, PIN, desk.world.clock.now()).expose().to_owned();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, code) = (Arc::clone(&desk), Secret::received(code.clone()));
            tokio::spawn(async move {
                desk.ecps.prove_otp(desk.ask(&identifier(), None), code).await.is_ok()
            })
        })
        .collect();
    let mut opened = 0;
    for task in tasks {
        opened += u32::from(task.await.unwrap());
    }
    assert_eq!(opened, 1);
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM session"), 1);
    assert_eq!(desk.world.one::<i64>("SELECT otp_misses FROM card"), 0, "a used code is no miss");
}

#[tokio::test]
async fn nobody_gets_a_challenge_that_looks_the_same() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    for typed in [format!("8{}", rpps(2)), "nonsense".to_owned()] {
        let opened = desk.ecps.open_challenge(desk.ask(&typed, None)).await.unwrap();
        let Opened::Waits(id) = opened else { panic!("{opened:?}") };
        assert!(matches!(desk.state(id).await, State::Waiting { .. }));
        let decoy = desk.world.store.challenge(id).await.unwrap().unwrap();
        assert_eq!(decoy.rpps, None);
        let refused = desk.approve(&device, &decoy, PIN).await.unwrap_err();
        assert!(matches!(refused, ApprovalRefused::Gone), "{refused}");
        desk.world.advance(Span::minutes(2).0);
        assert_eq!(desk.state(id).await, State::Over);
    }
    let eleven = rpps(1).to_string();
    let opened = desk.ecps.open_challenge(desk.ask(&eleven, None)).await.unwrap();
    assert_eq!(opened, Opened::MissingEight);
}

#[tokio::test]
async fn a_wrong_code_or_a_no_ends_the_challenge() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    let challenge = desk.open(None).await;
    let wrong = challenge.codes.all.iter().find(|code| **code != challenge.codes.shown).unwrap();
    let said = Said {
        code: wrong.clone(),
        pin: Secret::received(PIN.to_owned()),
        client: "dui".to_owned(),
    };
    let refused = desk.ecps.approve(&device, challenge.id, said).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::WrongCode), "{refused}");
    assert_eq!(desk.state(challenge.id).await, State::Denied);
    assert!(matches!(desk.approve(&device, &challenge, PIN).await, Err(ApprovalRefused::Gone)));

    let challenge = desk.open(None).await;
    let now = desk.now().await;
    desk.ecps.deny(&device, challenge.id, now).await.unwrap();
    assert_eq!(desk.state(challenge.id).await, State::Denied);
    assert!(desk.ecps.deny(&device, challenge.id, now).await.is_err());
}

#[tokio::test]
async fn security_decides_once_for_each_key() {
    let desk = Desk::new().await;
    let decide = async |number, decision, keep| {
        desk.ecps.decide(rpps(number), decision, Actor::Operator, keep).await.unwrap()
    };
    let refused = decide(2, Decision::Block, Keep::nothing()).await;
    assert_eq!(refused, Answered::Refused(Nobody));
    let (device, _) = desk.activate().await;
    let before = desk.open(None).await;
    desk.approve(&device, &before, PIN).await.unwrap();
    desk.decide(Decision::Block).await;
    desk.decide(Decision::Block).await;
    assert_eq!(desk.state(before.id).await, State::Over);
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM cut"), 1);

    let keep = || {
        let once = Once {
            client: "api".parse().unwrap(),
            key: "k".to_owned(),
            request: SecretDigest::of(b"replace"),
        };
        Keep::under(Some(once), Arc::new(|_: &Rpps| Kept { status: 204, body: String::new() }))
    };
    assert_eq!(decide(1, Decision::Replace, keep()).await, Answered::Done(rpps(1)));
    let (device, _) = desk.activate().await;
    assert!(matches!(decide(1, Decision::Replace, keep()).await, Answered::Replayed(_)));
    let device = desk.world.store.device(device.id).await.unwrap().unwrap();
    assert_eq!(device.may_ask(), Ok(()), "the new phone stays");
    desk.world.journal_is_whole();
}

#[tokio::test]
async fn who_does_not_wait_any_more_is_not_asked_about() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    let challenge = desk.open(None).await;
    desk.ecps.withdraw(challenge.id).await.unwrap();
    assert!(desk.ecps.pending(&device, desk.now().await).await.unwrap().is_empty());
    let refused = desk.approve(&device, &challenge, PIN).await.unwrap_err();
    assert!(matches!(refused, ApprovalRefused::Gone), "{refused}");
    let challenge = desk.open(None).await;
    desk.approve(&device, &challenge, PIN).await.unwrap();
    desk.ecps.withdraw(challenge.id).await.unwrap();
    assert!(matches!(desk.state(challenge.id).await, State::Approved(_)));
}

#[test]
fn outages_are_not_refusals() {
    let refused = ApprovalRefused::from(crate::access::Refused::Outage(Outage::Busy));
    assert!(matches!(refused, ApprovalRefused::Outage(Outage::Busy)));
}
