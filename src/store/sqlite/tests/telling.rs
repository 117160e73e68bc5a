//! Obligations become lines: for everyone concerned, once, and for nobody else.

use super::*;
use crate::{
    access::{Cause, Closing, Scope},
    departure::{Attempt, NoticeState, Outbox, RetryPolicy},
    kernel::{
        ClientId, GrantId, Sid,
        journal::{Actor, Event},
        time::Span,
    },
};

const POLICY: RetryPolicy =
    RetryPolicy { tries: 2, first_wait: Span::seconds(1), longest_wait: Span::seconds(9) };

impl World {
    async fn cut(&self, scope: Scope) {
        let closing = Closing::new(scope, Cause::SessionEnded, Actor::Operator);
        let cut = self.store.change(Lane::Departure, move |change| change.close(&closing, None));
        cut.await.unwrap();
        while self.store.expand().await.unwrap() {}
    }
}

#[tokio::test]
async fn a_line_for_each_grant_that_is_older_by_the_revision_the_gate_compares() {
    #[track_caller]
    fn check(told: &str, expected: &str) {
        assert_eq!(told, expected);
    }
    // Grants 1 to 3: bound to Tilleuls, to Rive Claire, national. Proof at 1, opened at 1. Grant 4:
    // national, proof at 1, opened silently at 1 000. Grant 5: a proof at 1 000, younger than any cut.
    for (scope, expected) in [
        (Scope::Person(rpps(1)), "1 2 3 4"),
        (Scope::PersonAt(rpps(1), finess(TILLEULS)), "1"),
        (Scope::PersonAt(rpps(2), finess(TILLEULS)), ""),
        (Scope::Session(Sid(uuid::Uuid::from_u128(100))), "1 2 3 4"),
        (Scope::Session(Sid(uuid::Uuid::from_u128(101))), ""),
        (Scope::Client("dui".parse::<ClientId>().unwrap()), "1 2 3"),
        (Scope::Grant(GrantId(uuid::Uuid::from_u128(2))), "2"),
        (Scope::Grant(GrantId(uuid::Uuid::from_u128(4))), ""),
    ] {
        let world = World::new()
            .with_person()
            .await
            .with_grant(1, Some(TILLEULS), (1, 1))
            .await
            .with_grant(2, Some(RIVE_CLAIRE), (1, 1))
            .await
            .with_grant(3, None, (1, 1))
            .await
            .with_grant(4, None, (1, 1000))
            .await
            .with_grant(5, Some(TILLEULS), (1000, 1000))
            .await;
        world.cut(scope).await;
        let mut told: Vec<u128> = world
            .store
            .due_notices(100)
            .await
            .unwrap()
            .iter()
            .map(|notice| notice.grant.0.as_u128())
            .collect();
        told.sort_unstable();
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        check(&told.join(" "), expected);
    }
}

#[tokio::test]
async fn a_line_is_tried_until_it_is_settled_and_the_journal_says_how() {
    let world = World::new().with_person().await.with_grant(1, None, (1, 1)).await;
    world.cut(Scope::Person(rpps(1))).await;
    assert!(!world.store.expand().await.unwrap(), "nothing is expanded twice");
    let notice = world.store.due_notices(10).await.unwrap().remove(0);
    let failed = || Attempt::Failed("unreachable".to_owned());
    let after = POLICY.after(1, failed(), 0, NOW);
    world.store.record_try(&notice, after).await.unwrap();
    assert!(world.store.due_notices(10).await.unwrap().is_empty(), "not before its time");
    world.advance(1000);
    let again = world.store.due_notices(10).await.unwrap().remove(0);
    assert_eq!(again.tries, 1);
    let after = POLICY.after(2, failed(), 0, NOW);
    assert_eq!(after.state, NoticeState::GivenUp);
    world.store.record_try(&again, after.clone()).await.unwrap();
    world.store.record_try(&again, after).await.unwrap();
    assert!(world.store.due_notices(10).await.unwrap().is_empty());
    let given_up = "SELECT count(*) FROM journal WHERE entry LIKE '%logout_given_up%'";
    assert_eq!(world.one::<i64>(given_up), 1);
    world.journal_is_whole();
}

#[tokio::test]
async fn each_cut_has_its_line_and_is_missed_without_it() {
    let world = World::new().with_person().await;
    for event in [Event::DoorsShut, Event::SessionEnded, Event::CodeReplayed] {
        let mut closing =
            Closing::new(Scope::Person(rpps(1)), Cause::SessionEnded, Actor::Operator);
        closing.entry.event = event;
        let cut = world.store.change(Lane::Departure, move |change| change.close(&closing, None));
        cut.await.unwrap();
        assert_eq!(world.store.journal_gaps().unwrap(), Vec::<String>::new(), "{event:?}");
    }
    let last = "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)";
    world.store.write(move |write| write.execute(last, [])).await.unwrap();
    assert_eq!(world.store.journal_gaps().unwrap().len(), 1);
}

#[tokio::test]
async fn up_to_so_many_lines_of_each_client_are_due_at_once() {
    let mut world = World::new().with_person().await;
    for number in 1..=5 {
        world = world.with_grant(number, None, (1, 1)).await;
    }
    world.cut(Scope::Person(rpps(1))).await;
    world
        .store
        .write(|write| {
            write.execute(
                "UPDATE notice SET client = 'other' WHERE id = (SELECT max(id) FROM notice)",
                [],
            )
        })
        .await
        .unwrap();
    let due = world.store.due_notices(2).await.unwrap();
    let of = |client: &str| due.iter().filter(|notice| notice.client.as_str() == client).count();
    assert_eq!((of("dui"), of("other")), (2, 1));
    assert_eq!(world.store.next_due().await.unwrap(), None, "all that is owed is due");
}
