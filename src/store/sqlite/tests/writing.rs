//! The writer: groups, savepoints, *once*, heads.

use futures_util::future::join_all;

use super::*;
use crate::{
    access::{Doors, Heads},
    kernel::{Outage, time::Span},
};

#[tokio::test]
async fn one_failing_operation_does_not_fail_its_group() {
    let world = World::new();
    let write = |number: u8| {
        world.store.write(move |write| {
            write.once("test", &[number], NOW)?;
            match number {
                3 => Err(Outage::Unavailable("asked for".to_owned())),
                5 => panic!("asked for"),
                _ => Ok(()),
            }
        })
    };
    let answers = join_all((0..8).map(write)).await;
    let failed: Vec<usize> =
        answers.iter().enumerate().filter(|(_, a)| a.is_err()).map(|(n, _)| n).collect();
    assert_eq!(failed, [3, 5]);
    assert_eq!(world.one::<i64>("SELECT count(*) FROM once"), 6);
}

#[tokio::test]
async fn fifty_at_once_and_one_wins() {
    let world = World::new();
    let take = |_| world.store.write(|write| write.once("code", b"x", NOW));
    let wins = join_all((0..50).map(take)).await;
    assert_eq!(wins.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn a_statement_that_sqlite_refuses_leaves_nothing_behind() {
    let world = World::new();
    let refused = world
        .store
        .write(|write| {
            write.once("a", b"1", NOW)?;
            write.db.execute("INSERT INTO nowhere VALUES (1)", []).map_err(outage)
        })
        .await;
    assert!(matches!(refused, Err(Outage::Unavailable(_))), "{refused:?}");
    assert_eq!(world.one::<i64>("SELECT count(*) FROM once"), 0);
}

#[tokio::test]
async fn what_another_process_writes_is_seen_by_the_next_question() {
    let world = World::new().with_person().await;
    let other = open_in(&world.dir, 7, &world.clock).unwrap();
    let doors = Doors::new(
        Arc::clone(&world.store) as Arc<dyn Heads>,
        Arc::clone(&world.clock) as Arc<dyn Clock>,
    );
    let before = doors.barrier().await.unwrap().stamp.revision;
    other.change(Lane::Common, |_| Ok(())).await.unwrap();
    assert_eq!(doors.barrier().await.unwrap().stamp.revision, before.next());
}

#[tokio::test]
async fn what_has_expired_is_forgotten_and_nothing_else() {
    let world = World::new().with_person().await.with_grant(1, None, (1, 1)).await;
    for (kind, until) in [("old", NOW), ("new", NOW + Span::minutes(2))] {
        world.store.write(move |write| write.once(kind, b"x", until)).await.unwrap();
    }
    world.advance(Span::minutes(1).0);
    let head = world.one::<i64>("SELECT revision FROM head");
    assert!(!world.store.sweep(REFUSED_KEPT).await.unwrap());
    assert_eq!(world.one::<String>("SELECT group_concat(kind) FROM once"), "new");
    assert_eq!(world.one::<i64>("SELECT count(*) FROM grant_"), 1);
    world.advance(Span::hours(30 * 24).0);
    assert!(!world.store.sweep(REFUSED_KEPT).await.unwrap());
    assert_eq!(world.one::<i64>("SELECT count(*) FROM grant_"), 0);
    assert_eq!(world.one::<i64>("SELECT max(revision) FROM revision"), head);
}
