//! Ends: one durable write, whenever and however many at once.

use futures_util::future::join_all;

use super::*;
use crate::{
    access::{CardStanding, Doors, Heads, NoRight, admits},
    departure::{
        Asked, Calendar, DepartureState, Departures, EndRefused, EndRequest, Ended, Ending,
        Mandate, Move, NotMoved, ReopenRefused, Withdrawn,
    },
    kernel::{
        journal::Actor,
        retry::{Answered, Keep},
        time::Span,
    },
};

const ANYWHERE: Mandate = Mandate { structure: None, for_authority: false };

fn asked(asked: Asked) -> EndRequest {
    EndRequest {
        asked,
        reason: Some("fin de contrat".to_owned()),
        by: Actor::Operator,
        mandate: ANYWHERE,
        seen: None,
    }
}

/// What was decided now: no test here asks twice under one key.
fn decided<T, E>(answered: Answered<T, E>) -> Result<T, E> {
    match answered {
        Answered::Done(done) => Ok(done),
        Answered::Refused(refused) => Err(refused),
        Answered::Replayed(_) | Answered::KeyReused => panic!("no key was given"),
    }
}

impl World {
    async fn end(&self, number: u128, when: Asked) -> Result<Ended, EndRefused> {
        let ended = self.store.end_situation(situation_id(number), asked(when), Keep::nothing());
        decided(ended.await.unwrap())
    }

    async fn withdraw(&self, number: u128) -> Result<Withdrawn, EndRefused> {
        let request = asked(Asked::Immediate);
        let ended = self.store.end_local_access(local_access_id(number), request, Keep::nothing());
        decided(ended.await.unwrap())
    }

    async fn reopen(&self, number: u128) -> Result<(), ReopenRefused> {
        let (id, by) = (situation_id(number), Actor::Operator);
        let reopened = self.store.reopen_situation(id, by, ANYWHERE, Keep::nothing());
        decided(reopened.await.unwrap()).map(|_| ())
    }

    fn standing(&self) -> crate::access::Standing {
        self.store
            .read(|db| super::super::standing::standing(db, rpps(1), self.store.today(db)?))
            .unwrap()
            .unwrap()
    }

    fn cuts(&self) -> Vec<String> {
        let sql = "SELECT coalesce(group_concat(scope || ' ' || cause, '; '), '') FROM cut";
        let all: String = self.one(sql);
        if all.is_empty() { Vec::new() } else { all.split("; ").map(str::to_owned).collect() }
    }
}

#[tokio::test]
async fn an_end_its_cut_its_journal_and_its_obligation_are_one_write() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let before = world.one::<i64>("SELECT revision FROM head");
    let ended = world.end(1, Asked::Immediate).await.unwrap();
    assert!(!ended.situation.is_open());
    assert_eq!(world.one::<i64>("SELECT revision FROM head"), before + 1);
    assert_eq!(world.one::<i64>("SELECT count(*) FROM cut WHERE told = 0"), 1);
    assert_eq!(world.cuts(), [format!("{{\"person\":\"{}\"}} \"last_situation\"", rpps(1))]);
    assert_eq!(world.standing().card, CardStanding::Suspended);
    let departure = world.store.departure(ended.departure.id).await.unwrap().unwrap();
    assert_eq!(departure, ended.departure);
    assert_eq!((departure.state, departure.cuts.len()), (DepartureState::Done, 1));
    assert_eq!(departure.revision.unwrap().0.cast_signed(), before + 1);
    let events: String = world
        .one("SELECT group_concat(json_extract(entry, '$.event'), ' ' ORDER BY seq) FROM journal WHERE seq > 1");
    assert_eq!(events, "situation_ended card_suspended doors_shut");
    world.journal_is_whole();
}

#[tokio::test]
async fn fifty_managers_at_once_end_it_once() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let answers = join_all((0..50).map(|_| world.end(1, Asked::Immediate))).await;
    let ended = answers.iter().filter(|answer| answer.is_ok()).count();
    let late =
        |answer: &&Result<Ended, EndRefused>| matches!(answer, Err(EndRefused::AlreadyEnded));
    assert_eq!((ended, answers.iter().filter(late).count()), (1, 49));
    assert_eq!(world.cuts().len(), 1);
}

#[tokio::test]
async fn two_ends_at_once_cannot_each_believe_that_the_other_is_open() {
    let world = World::new()
        .with_person()
        .await
        .with_situation(1, TILLEULS, "employer")
        .await
        .with_situation(2, RIVE_CLAIRE, "employer")
        .await;
    let end = |number| world.end(number, Asked::Immediate);
    let (first, second) = tokio::join!(end(1), end(2));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(world.cuts().len(), 2);
    assert!(world.cuts().iter().any(|cut| cut.contains("last_situation")));
}

#[tokio::test]
async fn a_due_end_fires_at_the_first_question_after_it() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let tomorrow = Asked::LastDay("2026-11-22".parse().unwrap());
    let ended = world.end(1, tomorrow).await.unwrap();
    assert_eq!(ended.departure.state, DepartureState::Scheduled);
    assert!(ended.situation.is_open());
    let doors = Doors::new(
        Arc::clone(&world.store) as Arc<dyn Heads>,
        Arc::clone(&world.clock) as Arc<dyn Clock>,
    );
    let midnight = Timestamp::end_of_day("2026-11-22".parse().unwrap()).unwrap();
    world.advance((midnight - NOW).0 - 1);
    let open = doors.barrier().await.unwrap();
    assert!(world.cuts().is_empty());
    world.advance(1);
    let after = doors.barrier().await.unwrap();
    assert_eq!(after.stamp.revision, open.stamp.revision.next());
    assert_eq!(world.cuts().len(), 1);
    assert_eq!(world.one::<Option<i64>>("SELECT next_due FROM head"), None);
    let states: String = world.one("SELECT group_concat(state) FROM departure");
    assert_eq!(states, "done");
}

#[tokio::test]
async fn a_due_end_fires_before_whatever_else_changes_rights() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let today = Asked::LastDay("2026-11-21".parse().unwrap());
    world.end(1, today).await.unwrap();
    world.advance(Span::hours(24).0);
    let late = world.end(1, Asked::Immediate).await;
    assert_eq!(late.unwrap_err(), EndRefused::AlreadyEnded);
    assert_eq!(world.cuts().len(), 1);
}

#[tokio::test]
async fn an_end_that_is_not_the_one_that_was_shown_is_not_done() {
    let world = World::new()
        .with_person()
        .await
        .with_situation(1, TILLEULS, "employer")
        .await
        .with_situation(2, RIVE_CLAIRE, "employer")
        .await;
    let shown = async || {
        let ending = Ending::Situation(situation_id(1));
        let foreseen = world.store.foresee(ending, asked(Asked::Immediate), NOW).await.unwrap();
        foreseen.unwrap().mark()
    };
    let confirm = async |seen| {
        let request = EndRequest { seen: Some(seen), ..asked(Asked::Immediate) };
        let ended = world.store.end_situation(situation_id(1), request, Keep::nothing()).await;
        decided(ended.unwrap()).map(|_| ())
    };
    let seen = shown().await;
    assert!(world.cuts().is_empty(), "looking does nothing");
    // Much more would close than was shown: the other one has ended since.
    world.end(2, Asked::Immediate).await.unwrap();
    assert_eq!(confirm(seen).await, Err(EndRefused::Changed));
    assert_eq!(world.cuts().len(), 1);
    let seen = shown().await;
    assert_eq!(confirm(seen.clone()).await, Ok(()));
    assert_eq!(world.cuts().len(), 2);
    // What was undone is not ended again by the form that ended it.
    world.reopen(1).await.unwrap();
    assert_eq!(confirm(seen).await, Err(EndRefused::Changed));
}

#[tokio::test]
async fn what_was_due_ended_when_it_was_due_however_late_that_is_done() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    world.end(1, Asked::LastDay("2026-11-22".parse().unwrap())).await.unwrap();
    let jump = Span::hours(24 * 30);
    world.store.move_calendar(Move::Advance(jump)).await.unwrap().unwrap();
    let midnight = Timestamp::end_of_day("2026-11-22".parse().unwrap()).unwrap();
    assert_eq!(world.one::<i64>("SELECT ended_at FROM situation"), midnight.0);
    assert_eq!(world.one::<i64>("SELECT done_at FROM departure"), (NOW + jump).0);
}

#[tokio::test]
async fn an_end_is_undone_and_the_card_resumes_unless_it_is_blocked() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let reopen = || world.reopen(1);
    assert_eq!(reopen().await, Err(ReopenRefused::NotEnded));
    world.end(1, Asked::Immediate).await.unwrap();
    assert_eq!(reopen().await, Ok(()));
    assert_eq!(world.standing().card, CardStanding::Active);
    assert_eq!(world.cuts().len(), 1, "an undone end takes no cut back");
    world.end(1, Asked::Immediate).await.unwrap();
    world
        .store
        .write(|write| write.execute("UPDATE card SET blocked = 1", []).map(|_| ()))
        .await
        .unwrap();
    assert_eq!(reopen().await, Ok(()));
    assert_eq!(world.standing().card, CardStanding::Blocked);
    let states: String = world.one("SELECT group_concat(state) FROM departure");
    assert_eq!(states, "undone,undone");
}

#[tokio::test]
async fn a_schedule_can_be_replaced_and_called_off() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let on = |day: &str| Asked::LastDay(day.parse().unwrap());
    for day in ["2026-12-01", "2026-12-05"] {
        world.end(1, on(day)).await.unwrap();
    }
    let states: String = world.one("SELECT group_concat(state ORDER BY due_at) FROM departure");
    assert_eq!(states, "undone,scheduled");
    assert_eq!(world.reopen(1).await, Ok(()));
    world.store.move_calendar(Move::Advance(Span::hours(24 * 30))).await.unwrap().unwrap();
    assert!(world.cuts().is_empty());
}

#[tokio::test]
async fn a_local_access_is_taken_back() {
    let world = World::new()
        .with_person()
        .await
        .with_situation(1, RIVE_CLAIRE, "ordre")
        .await
        .with_local_access(1, TILLEULS)
        .await;
    let refused = world.end(1, Asked::Immediate).await;
    assert_eq!(refused.unwrap_err(), EndRefused::OtherAuthority);
    assert!(world.withdraw(1).await.is_ok());
    assert_eq!(world.withdraw(1).await.unwrap_err(), EndRefused::AlreadyEnded);
    let expected = format!("{{\"person_at\":[\"{}\",\"{TILLEULS}\"]}} \"departure\"", rpps(1));
    assert_eq!(world.cuts(), [expected]);
    assert!(world.standing().local_accesses.is_empty());
    assert_eq!(world.standing().situations.len(), 1);
    let give_back = async |mandate| {
        let (id, by) = (local_access_id(1), Actor::Operator);
        let given = world.store.reopen_local_access(id, by, mandate, Keep::nothing()).await;
        decided(given.unwrap()).map(|(access, _)| access.ended_at)
    };
    let elsewhere = Mandate { structure: Some(finess(RIVE_CLAIRE)), for_authority: false };
    assert_eq!(give_back(elsewhere).await, Err(ReopenRefused::Unknown));
    assert_eq!(give_back(ANYWHERE).await, Ok(None));
    assert_eq!(give_back(ANYWHERE).await, Err(ReopenRefused::NotEnded));
    assert_eq!((world.standing().local_accesses.len(), world.cuts().len()), (1, 1));
    assert_eq!(world.one::<String>("SELECT state FROM departure"), "undone");
    // The Ordre's situation ends as well: there is nobody left to give it to.
    world.withdraw(1).await.unwrap();
    world
        .store
        .write(|write| write.execute("UPDATE situation SET ended_at = 1", []).map(|_| ()))
        .await
        .unwrap();
    assert_eq!(give_back(ANYWHERE).await, Err(ReopenRefused::NotToBeGiven));
}

#[tokio::test]
async fn the_calendar_answers_when_everything_due_is_done_and_never_moves_back() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let today = Asked::LastDay("2026-11-21".parse().unwrap());
    world.end(1, today).await.unwrap();
    let advance = |span| world.store.move_calendar(Move::Advance(span));
    assert_eq!(advance(Span::hours(48)).await.unwrap(), Ok(NOW + Span::hours(48)));
    assert_eq!(world.cuts().len(), 1);
    let back = world.store.move_calendar(Move::To(NOW)).await.unwrap();
    assert_eq!(back, Err(NotMoved::Backwards));
}

#[tokio::test]
async fn a_situation_opens_nothing_before_its_first_day() {
    let world = World::new().with_person().await.with_situation(1, TILLEULS, "employer").await;
    let later = "UPDATE situation SET started_on = '2026-11-22'";
    world.store.write(move |write| write.execute(later, []).map(|_| ())).await.unwrap();
    let enters = || admits(&world.standing(), Some(finess(TILLEULS)));
    assert_eq!(enters(), Err(NoRight::NotBegun("2026-11-22".parse().unwrap())));
    world.store.move_calendar(Move::Advance(Span::hours(9))).await.unwrap().unwrap();
    assert_eq!(enters(), Ok(()));
}
