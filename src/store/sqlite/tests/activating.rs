//! Cards that come to a phone, on a real file.

use crate::{
    ecps::{ActivationRefused, FinishRefused, activation::NotActivable},
    kernel::{secret::Secret, time::Span},
};

use super::{
    desk::{Desk, identifier, key},
    *,
};

#[tokio::test]
async fn an_activation_is_too_early_until_the_48th_hour_to_the_millisecond() {
    let desk = Desk::new().await;
    let validated = NOW.0;
    desk.world
        .store
        .write(move |write| {
            write.execute("UPDATE professional SET validated_at = ?1", [validated]).map(|_| ())
        })
        .await
        .unwrap();
    let due = NOW + Span::hours(48);
    let refused = desk.ecps.activate(&identifier(), key()).await.unwrap_err();
    let expected = ActivationRefused::NotActivable(NotActivable::TooEarly { at: due });
    assert_eq!(refused.to_string(), expected.to_string());
    desk.world.advance(Span::hours(48).0 - 1);
    assert!(desk.ecps.activate(&identifier(), key()).await.is_err());
    desk.world.advance(1);
    assert!(desk.ecps.activate(&identifier(), key()).await.is_ok());
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM activation"), 1);
}

#[tokio::test]
async fn an_identifier_is_unknown_or_lacks_its_8() {
    let desk = Desk::new().await;
    for (typed, words) in [
        (rpps(1).to_string(), "Ajoutez le 8"),
        (format!("8{}", rpps(2)), "Identifiant inconnu"),
        ("nonsense".to_owned(), "Identifiant inconnu"),
    ] {
        let refused = desk.ecps.activate(&typed, key()).await.unwrap_err();
        assert!(refused.to_string().starts_with(words), "{typed}: {refused}");
    }
}

#[tokio::test]
async fn a_post_that_is_down_drops_the_activation() {
    let desk = Desk::new().await;
    desk.mailbox.down.store(true, Ordering::SeqCst);
    let refused = desk.ecps.activate(&identifier(), key()).await.unwrap_err();
    assert!(matches!(refused, ActivationRefused::Undelivered));
    assert_eq!(desk.world.one::<i64>("SELECT count(*) FROM activation"), 0);
}

#[tokio::test]
async fn secrets_work_once_in_time_and_five_times_wrong_at_most() {
    let desk = Desk::new().await;
    let wrong = || (Secret::received("AAAAAAAA".to_owned()), Secret::received("000000".to_owned()));
    let started = desk.ecps.activate(&identifier(), key()).await.unwrap();
    for expected in [4, 3, 2, 1, 0] {
        let refused = desk.finish(started, wrong()).await.err().unwrap();
        assert!(matches!(refused, FinishRefused::Wrong { left } if left == expected), "{refused}");
    }
    let refused = desk.finish(started, desk.secrets()).await.err().unwrap();
    assert!(matches!(refused, FinishRefused::Expired), "{refused}");

    let late = desk.ecps.activate(&identifier(), key()).await.unwrap();
    desk.world.advance(Span::minutes(10).0);
    let refused = desk.finish(late, desk.secrets()).await.err().unwrap();
    assert!(matches!(refused, FinishRefused::Expired), "{refused}");

    desk.ecps.activate(&identifier(), key()).await.unwrap();
    let secrets_of_first = desk.secrets();
    let second = desk.ecps.activate(&identifier(), key()).await.unwrap();
    let refused = desk.finish(second, secrets_of_first).await.err().unwrap();
    assert!(matches!(refused, FinishRefused::Wrong { left: 4 }), "{refused}");
    assert!(desk.finish(second, desk.secrets()).await.is_ok());
    let refused = desk.finish(second, desk.secrets()).await.err().unwrap();
    assert!(matches!(refused, FinishRefused::Expired), "{refused}");
    desk.world.journal_is_whole();
}

/// A stranger who knows the number starts as often as they like.
#[tokio::test]
async fn a_stranger_keeps_nobody_from_activating() {
    let desk = Desk::new().await;
    let count = |what| desk.world.one::<i64>(&format!("SELECT count(*) FROM {what}"));
    let theirs = desk.ecps.activate(&identifier(), key()).await.unwrap();
    for _ in 0..50 {
        let stranger = desk.ecps.activate(&identifier(), key()).await.unwrap();
        for _ in 0..5 {
            let nonsense = || Secret::received("AAAAAAAA".to_owned());
            assert!(desk.finish(stranger, (nonsense(), nonsense())).await.is_err());
        }
    }
    assert_eq!((count("sending"), count("activation")), (5, 51), "five messages, no more");
    let late = desk.ecps.activate(&identifier(), key()).await.unwrap();
    assert!(late.already_sent && !theirs.already_sent);
    assert!(desk.finish(late, desk.secrets()).await.is_ok(), "the last messages finish it");
    assert_eq!((count("sending"), count("activation")), (0, 0), "whatever else waited is over");
    let twin = desk.finish(theirs, desk.secrets()).await.err().unwrap();
    assert!(matches!(twin, FinishRefused::Expired), "{twin}");
}

#[tokio::test]
async fn messages_leave_again_after_a_fifth_of_their_life() {
    let desk = Desk::new().await;
    let mut sent = Vec::new();
    for seconds in [0, 0, 0, 0, 0, 0, 119, 1, 0] {
        desk.world.advance(Span::seconds(seconds).0);
        let started = desk.ecps.activate(&identifier(), key()).await.unwrap();
        sent.push(!started.already_sent);
        assert!(started.until - desk.world.clock.now() >= Span::minutes(8));
    }
    assert_eq!(sent, [true, true, true, true, true, false, false, true, false]);
}

/// Somebody reads the mails of a person and guesses the SMS, in as many activations as they like.
#[tokio::test]
async fn one_secret_does_not_lead_to_the_other() {
    let desk = Desk::new().await;
    let guess = || (desk.mailbox.secret("e"), Secret::received("00000x".to_owned()));
    for _ in 0..4 {
        let started = desk.ecps.activate(&identifier(), key()).await.unwrap();
        for _ in 0..5 {
            let refused = desk.finish(started, guess()).await.err().unwrap();
            assert!(matches!(refused, FinishRefused::Wrong { .. }), "{refused}");
        }
    }
    let refused = desk.ecps.activate(&identifier(), key()).await.unwrap_err();
    let day = NOW + Span::hours(24);
    assert!(matches!(refused, ActivationRefused::Rests { until } if until == day), "{refused}");
    desk.world.advance(Span::hours(24).0);
    let started = desk.ecps.activate(&identifier(), key()).await.unwrap();
    assert!(desk.finish(started, guess()).await.is_err());
    assert!(desk.finish(started, desk.secrets()).await.is_ok());
    assert_eq!(desk.world.one::<i64>("SELECT count FROM activation_guesses"), 1, "counted anew");
}
