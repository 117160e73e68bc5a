//! A person's own page.

use super::world::{Browser, RIVE_CLAIRE, TILLEULS, World};

#[tokio::test]
async fn a_person_sees_their_number_their_situations_and_what_comes_next() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let second = world.situation(who.rpps, "Vasseur", RIVE_CLAIRE, "ordre");
    let ends = "UPDATE situation SET ends_at = 1795906800000 WHERE id = ?1";
    world.records().execute(ends, [second]).unwrap();
    world.records().execute("UPDATE head SET next_due = 1795906800000", []).unwrap();
    let mut browser = world.visitor(who.rpps).await;
    let page = world.get(&mut browser, "/portail/moi").await.is(200);
    assert_eq!(page.says("#rpps"), Some(who.rpps.to_string()));
    assert_eq!(page.says("#e-cps").as_deref(), Some("active"));
    assert_eq!(page.says("#connecte").as_deref(), Some("Paule Vasseur"));
    assert_eq!(page.all(".post").len(), 2);
    let next = page.says("#prochaine-etape").unwrap();
    assert!(next.starts_with("Fin de la situation"), "{next}");
    assert!(page.says("#compte-a-rebours").unwrap().starts_with("dans "), "{next}");
    assert_eq!(page.all("#prochaine-etape").len(), 1);
    assert!(page.text.contains("Documents du DMP prévus pour ce rôle : 9"));
    assert!(!page.has("a[href='/portail/effectif']"), "nothing to manage");
}

#[tokio::test]
async fn closing_all_sessions_closes_those_of_other_browsers() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let colleague = world.somebody("Aubert", TILLEULS);
    let mut browser = world.visitor(who.rpps).await;
    let mut elsewhere = world.visitor(who.rpps).await;
    let mut other = world.visitor(colleague.rpps).await;
    let page = world.get(&mut browser, "/portail/moi").await.is(200);
    assert_eq!(page.all("#sessions li").len(), 2);
    let close = "/portail/moi/sessions/fermer";
    world.post(&mut browser, close, &[("jeton", "x")]).await.trouble(403, "formulaire_perime");
    assert_eq!(world.cuts(), 0);
    let token = page.token();
    world.post(&mut browser, close, &[("jeton", &token)]).await.is(303);
    world.get(&mut elsewhere, "/portail/moi").await.trouble(403, "session_terminee");
    world.get(&mut other, "/portail/moi").await.is(200);
    assert_eq!(world.cuts(), 1);
    // A new proof opens again.
    let mut again = world.visitor(who.rpps).await;
    world.get(&mut again, "/portail/moi").await.is(200);
}

#[tokio::test]
async fn a_person_blocks_their_own_card() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let mut browser = world.visitor(who.rpps).await;
    let held = browser.clone();
    let asked = world.get(&mut browser, "/portail/moi/e-cps/bloquer").await.is(200);
    let token = asked.token();
    let done = world.post(&mut browser, "/portail/moi/e-cps/bloquer", &[("jeton", &token)]).await;
    let told = world.get(&mut browser, &done.is(303).location()).await.is(200);
    assert!(told.has("#deconnecte #e-cps-bloquee"));
    world.get(&mut held.clone(), "/portail/moi").await.trouble(403, "session_terminee");
    assert!(world.one::<bool>("SELECT blocked FROM card"));
    assert_eq!(world.noted("card_blocked"), 1);
}

#[tokio::test]
async fn a_cookie_that_we_did_not_make_is_no_session() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let real = world.visitor(who.rpps).await;
    let grant: uuid::Uuid = world.one("SELECT id FROM grant_");
    let held = real.cookie("passerelle_portail").unwrap();
    for forged in [grant.to_string(), format!("{held}A"), held[1..].to_owned(), "x".to_owned()] {
        let mut browser = Browser::default();
        browser.put("passerelle_portail", &forged);
        let sent = world.get(&mut browser, "/portail/moi").await.is(303);
        assert_eq!(sent.location(), "/portail/connexion");
    }
}
