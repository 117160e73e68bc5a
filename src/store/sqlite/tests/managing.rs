//! Habilitations: honoured while they stand and their holder works there.

use super::{super::habilitations::held_at, requesting::draft, *};
use crate::{
    kernel::{
        journal::Actor,
        retry::{Answered, Keep},
    },
    registry::{
        habilitation::{HabilitationKind, Habilitations, Naming, NotWithdrawn, Withdrawal},
        request::{NotDecided, NotValidated},
    },
};

#[tokio::test]
async fn a_manager_decides_while_they_are_named_and_work_there() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    let manager = world.send(draft("Morel", 2)).await.unwrap();
    let manager = world.validate(manager.id, Actor::Operator).await.unwrap();
    let rpps = manager.request.rpps.unwrap();
    let by = || Actor::Person(rpps);
    let refused = world.reject(sent.id, by()).await.unwrap_err();
    assert_eq!(refused, NotDecided::Unknown);

    let naming = || Naming {
        rpps,
        kind: HabilitationKind::Gestionnaire,
        finess: Some(finess(TILLEULS)),
        trained_on: Some(NOW.date()),
        by: Actor::Operator,
    };
    let give = || world.store.give_habilitation(naming(), Keep::nothing());
    let Answered::Done(held) = give().await.unwrap() else { panic!("it was not given") };
    assert!(matches!(give().await.unwrap(), Answered::Refused(_)));
    let places = world.store.managed_by(rpps).await.unwrap();
    assert_eq!(places.iter().map(|at| at.finess).collect::<Vec<_>>(), [finess(TILLEULS)]);
    assert_eq!(world.store.habilitations_of(rpps).await.unwrap(), std::slice::from_ref(&held));
    assert_eq!(
        world.store.read(|db| held_at(db, finess(TILLEULS))).unwrap(),
        std::slice::from_ref(&held)
    );

    let withdraw = |even_last| {
        let by = Actor::Operator;
        let (id, structure) = (held.id, None);
        let withdrawal = Withdrawal { id, structure, even_last, by };
        world.store.withdraw_habilitation(withdrawal, Keep::nothing())
    };
    assert_eq!(withdraw(false).await.unwrap(), Answered::Refused(NotWithdrawn::Last));
    let withdrawn = withdraw(true).await.unwrap();
    assert!(matches!(withdrawn, Answered::Done(held) if !held.stands()));
    let cut: String = world.one("SELECT scope || cause FROM cut");
    assert_eq!(
        cut,
        format!("{{\"console\":[\"{rpps}\",\"{TILLEULS}\"]}}\"habilitation_withdrawn\"")
    );
    assert!(world.store.managed_by(rpps).await.unwrap().is_empty());
    assert_eq!(
        world.validate(sent.id, by()).await.unwrap_err(),
        NotValidated::NotDecided(NotDecided::Unknown)
    );

    give().await.unwrap();
    let rejected = world.reject(sent.id, by()).await.unwrap();
    assert_eq!(rejected.decided_by, Some(by()));
    world
        .store
        .write(|write| write.execute("UPDATE situation SET ended_at = 1", []).map(|_| ()))
        .await
        .unwrap();
    assert!(world.store.managed_by(rpps).await.unwrap().is_empty());
}
