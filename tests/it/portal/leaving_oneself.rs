//! Who ends their own situation: warned, shown the receipt, and let in nowhere afterwards.

use passerelle::kernel::time::Span;

use super::{
    departing::press,
    world::{Answer, Browser, RIVE_CLAIRE, TILLEULS, World},
};

/// A confirmation of the visitor's own end, as its form would send it.
async fn confirmation(
    world: &World,
    browser: &mut Browser,
    form: &str,
) -> Vec<(&'static str, String)> {
    let token = world.get(browser, form).await.is(200).token();
    let mut fields = vec![("immediat", "oui".to_owned()), ("jeton", token)];
    let preview = world.post(browser, form, &borrowed(&fields)).await.is(200);
    fields.push(("apercu_vu", preview.attribute("[name=apercu_vu]", "value").unwrap()));
    fields
}

fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn a_manager_who_ends_their_own_situation_is_warned_and_sees_the_receipt_once() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", manager.situation);
    let to = format!("{form}/confirmer");
    let now = [("immediat", "oui")];
    let preview = press(&world, &mut browser, (&form, &form), &now).await.is(200);
    assert!(preview.says("#attention").unwrap().contains("votre propre situation"));
    let held = browser.clone();
    let last = press(&world, &mut browser, (&form, &to), &now).await.is(200);
    assert!(last.has("#dernier-accuse"));
    assert!(last.says("#portes").unwrap().contains("fermée à 15:00:00"));
    world.get(&mut held.clone(), "/portail/moi").await.trouble(403, "session_terminee");
    world.get(&mut browser, "/portail/moi").await.trouble(403, "session_terminee");
    let sent = world.get(&mut browser, "/portail/moi").await.is(303);
    assert_eq!(sent.location(), "/portail/connexion", "the cookie was taken back");
}

#[tokio::test]
async fn a_second_click_on_ones_own_end_is_answered_with_the_same_receipt() {
    for has_more in [false, true] {
        let world = World::new().await;
        let manager = world.manager("Vasseur", TILLEULS);
        if has_more {
            world.situation(manager.rpps, "Vasseur", RIVE_CLAIRE, "employer");
        }
        let mut browser = world.visitor(manager.rpps).await;
        let form = format!("/portail/situations/{}/depart", manager.situation);
        let to = format!("{form}/confirmer");
        let fields = confirmation(&world, &mut browser, &form).await;
        let fields = borrowed(&fields);
        let click = async || world.post(&mut browser.clone(), &to, &fields).await;
        let (one, other) = tokio::join!(click(), click());
        let receipts = [one, other, click().await].map(|answer| {
            let answer = answer.is(200);
            assert!(answer.has("#dernier-accuse"));
            answer.says("#accuse code").unwrap()
        });
        assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:?}");
        assert_eq!((world.cuts(), world.one::<u32>("SELECT count(*) FROM departure")), (1, 1));
        world.advance(Span::minutes(2));
        let late = click().await;
        assert!(late.status.is_client_error() && !late.has("#accuse"), "{}", late.text);
    }
}

#[tokio::test]
async fn a_session_that_is_over_reads_no_receipt_but_that_of_its_own_form() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let mut elsewhere = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", manager.situation);
    let to = format!("{form}/confirmer");
    let fields = confirmation(&world, &mut browser, &form).await;
    let theirs = confirmation(&world, &mut elsewhere, &form).await;
    let done = world.post(&mut browser.clone(), &to, &borrowed(&fields)).await.is(200);
    let id = done.says("#accuse code").unwrap();
    let over = |answer: Answer| answer.trouble(403, "session_terminee");
    over(world.get(&mut browser.clone(), &format!("/portail/departs/{id}")).await);
    over(world.get(&mut browser.clone(), "/portail/effectif").await);
    // Neither another form, nor the same one in another session of the same person.
    let reason = [borrowed(&fields), vec![("motif", "autre")]].concat();
    over(world.post(&mut browser.clone(), &to, &reason).await);
    over(world.post(&mut browser.clone(), &form, &borrowed(&fields)).await);
    over(world.post(&mut elsewhere.clone(), &to, &borrowed(&theirs)).await);
    over(world.post(&mut elsewhere.clone(), &to, &borrowed(&fields)).await);
    let mut forged = borrowed(&fields);
    forged[1].1 = "x";
    over(world.post(&mut browser.clone(), &to, &forged).await);
    world.post(&mut browser, &to, &borrowed(&fields)).await.is(200);
}
