//! Who manages what: the structure's staff, and nothing of another structure.

use super::world::{RIVE_CLAIRE, TILLEULS, World};

#[tokio::test]
async fn a_manager_sees_the_staff_of_their_structure() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    world.somebody("Aubert", TILLEULS);
    let nurse = world.somebody("Ollivault", RIVE_CLAIRE);
    world.situation(nurse.rpps, "Ollivault", TILLEULS, "ordre");
    world.local_access(nurse.rpps, TILLEULS);
    world.somebody("Lointain", RIVE_CLAIRE);
    let leaving = world.somebody("Partant", TILLEULS);
    let ends = "UPDATE situation SET ends_at = 1795906800000 WHERE id = ?1";
    world.records().execute(ends, [leaving.situation]).unwrap();
    world.user(nurse.rpps, "dui-tilleuls").await;
    let mut browser = world.visitor(manager.rpps).await;
    let page = world.get(&mut browser, "/portail/effectif").await.is(200);
    let names = |page: &super::world::Answer| page.all("#effectif tbody th");
    assert_eq!(names(&page), ["Paule Aubert", "Paule Ollivault", "Paule Partant", "Paule Vasseur"]);
    // What an Ordre entered is not ended here; its local access is taken back.
    assert_eq!(page.all("#effectif a.small").len(), 3);
    assert_eq!(page.all("#acces-locaux tbody tr").len(), 1);
    assert!(page.says("#acces-locaux").unwrap().contains("21/11/2026 à 15:00"));
    let filtered = |query: &'static str| {
        let (world, mut browser) = (&world, browser.clone());
        async move {
            let path = format!("/portail/effectif?finess={TILLEULS}&{query}");
            let page = world.get(&mut browser, &path).await.is(200);
            names(&page).join(", ")
        }
    };
    assert_eq!(filtered("texte=aubert").await, "Paule Aubert");
    assert_eq!(filtered("texte=Paule+Aub").await, "Paule Aubert");
    assert_eq!(filtered("texte=aubert+inconnu").await, "");
    assert_eq!(filtered("texte=inconnu").await, "");
    assert_eq!(filtered("etat=fin-prevue").await, "Paule Partant");
    assert_eq!(filtered("etat=parti").await, "");
    assert_eq!(
        filtered("etat=en-poste&texte=P").await,
        "Paule Aubert, Paule Ollivault, Paule Vasseur"
    );
}

#[tokio::test]
async fn another_structures_addresses_tell_nothing_and_are_written_down() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let far = world.somebody("Lointain", RIVE_CLAIRE);
    let access = world.local_access(far.rpps, RIVE_CLAIRE);
    let mut browser = world.visitor(manager.rpps).await;
    let token = world.get(&mut browser, "/portail/moi").await.token();
    let there = [
        format!("/portail/effectif?finess={RIVE_CLAIRE}"),
        format!("/portail/situations/{}", far.situation),
        format!("/portail/situations/{}/depart", far.situation),
        format!("/portail/acces-locaux/{access}/depart"),
    ];
    for path in &there {
        let page = world.get(&mut browser, path).await.trouble(404, "page_inconnue");
        assert!(!page.text.contains("Lointain") && !page.text.contains("Rive"), "{}", page.text);
    }
    let form = [("jeton", token.as_str()), ("immediat", "oui")];
    let acts = [
        format!("/portail/situations/{}/depart", far.situation),
        format!("/portail/situations/{}/depart/confirmer", far.situation),
        format!("/portail/situations/{}/rouvrir", far.situation),
        format!("/portail/acces-locaux/{access}/depart/confirmer"),
    ];
    for path in &acts {
        world.post(&mut browser, path, &form).await.trouble(404, "page_inconnue");
    }
    assert_eq!(world.noted("page_refused"), 8);
    assert_eq!(world.one::<u32>("SELECT count(*) FROM departure"), 0);
    // What is not there at all reads the same, and is no event.
    let nowhere = format!("/portail/situations/{}", uuid::Uuid::nil());
    world.get(&mut browser, &nowhere).await.trouble(404, "page_inconnue");
    world.get(&mut browser, "/portail/departs/x").await.trouble(404, "page_inconnue");
    assert_eq!(world.noted("page_refused"), 8);
}

#[tokio::test]
async fn somebody_who_manages_nothing_has_no_staff_page() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    world.habilitation(who.rpps, "gestionnaire", RIVE_CLAIRE);
    let mut browser = world.visitor(who.rpps).await;
    world.get(&mut browser, "/portail/effectif").await.trouble(404, "page_inconnue");
}

#[tokio::test]
async fn a_departure_takes_the_managers_rights_and_its_undoing_gives_them_to_a_new_log_in() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    world.situation(manager.rpps, "Vasseur", RIVE_CLAIRE, "employer");
    let mut browser = world.visitor(manager.rpps).await;
    world.get(&mut browser, "/portail/effectif").await.is(200);
    world.leave(manager.situation).await;
    // The person is still somewhere: their own page opens, the structure's does not.
    world.get(&mut browser, "/portail/moi").await.is(200);
    world.get(&mut browser, "/portail/effectif").await.trouble(404, "page_inconnue");
    world.reopen(manager.situation).await;
    world.get(&mut browser, "/portail/effectif").await.trouble(404, "page_inconnue");
    let mut again = world.visitor(manager.rpps).await;
    world.get(&mut again, "/portail/effectif").await.is(200);
}

#[tokio::test]
async fn a_habilitation_withdrawn_and_given_again_needs_a_new_log_in() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    world.get(&mut browser, "/portail/effectif").await.is(200);
    world.withdraw(manager.rpps).await;
    world.get(&mut browser, "/portail/effectif").await.trouble(404, "page_inconnue");
    world.habilitation(manager.rpps, "gestionnaire", TILLEULS);
    world.get(&mut browser, "/portail/effectif").await.trouble(404, "page_inconnue");
    world.get(&mut browser, "/portail/moi").await.is(200);
    let mut again = world.visitor(manager.rpps).await;
    world.get(&mut again, "/portail/effectif").await.is(200);
}
