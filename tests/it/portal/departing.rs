//! A departure from its form to its receipt, and what stays open afterwards: nothing of it.

use passerelle::kernel::time::Span;

use super::world::{Browser, NOW, RIVE_CLAIRE, TILLEULS, World};

/// Presses a form's button: the page's own token, and these fields.
pub(super) async fn press(
    world: &World,
    browser: &mut Browser,
    (from, to): (&str, &str),
    fields: &[(&str, &str)],
) -> super::world::Answer {
    let token = world.get(browser, from).await.is(200).token();
    let mut form: Vec<_> = fields.iter().copied().chain([("jeton", token.as_str())]).collect();
    let mark = if to.ends_with("/depart/confirmer") {
        world.post(browser, from, &form).await.attribute("[name=apercu_vu]", "value")
    } else {
        None
    };
    form.extend(mark.as_deref().map(|mark| ("apercu_vu", mark)));
    world.post(browser, to, &form).await
}

#[tokio::test]
async fn only_what_was_seen_is_confirmed() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    let elsewhere = world.situation(who.rpps, "Aubert", RIVE_CLAIRE, "employer");
    let mut browser = world.visitor(manager.rpps).await;
    let sheet = format!("/portail/situations/{}", who.situation);
    let (form, to) = (format!("{sheet}/depart"), format!("{sheet}/depart/confirmer"));
    let token = world.get(&mut browser, &form).await.is(200).token();
    let now = [("immediat", "oui"), ("confirmer", "oui"), ("jeton", token.as_str())];
    // Without any preview, the preview is what one gets.
    let unseen = world.post(&mut browser, &to, &now).await.is(409);
    assert!(unseen.has("#change") && world.cuts() == 0);
    let seen = unseen.attribute("[name=apercu_vu]", "value").unwrap();
    // The other situation ends meanwhile: much more would close than was shown.
    let change = format!("UPDATE situation SET ended_at = 1 WHERE id = x'{}'", elsewhere.simple());
    world.records().execute(&change, []).unwrap();
    let marked: Vec<_> = now.iter().copied().chain([("apercu_vu", seen.as_str())]).collect();
    let changed = world.post(&mut browser, &to, &marked).await.is(409);
    assert!(changed.says("#ferme").unwrap().contains("e-CPS") && world.cuts() == 0);
    let seen = changed.attribute("[name=apercu_vu]", "value").unwrap();
    let marked: Vec<_> = now.iter().copied().chain([("apercu_vu", seen.as_str())]).collect();
    world.post(&mut browser, &to, &marked).await.is(303);
    // An old form does not end again what was undone.
    press(&world, &mut browser, (&sheet, &format!("{sheet}/rouvrir")), &[]).await.is(303);
    world.post(&mut browser, &to, &marked).await.is(409);
    // A box that says no is not ticked.
    let no = [("immediat", "non"), ("jeton", token.as_str())];
    world.post(&mut browser, &form, &no).await.is(422);
}

#[tokio::test]
async fn a_departure_goes_from_its_form_to_its_receipt() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    let mut software = world.user(who.rpps, "dui-tilleuls").await;
    let mut own = world.visitor(who.rpps).await;
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", who.situation);
    let confirm = format!("{form}/confirmer");

    let empty = press(&world, &mut browser, (&form, &form), &[]).await.is(422);
    assert!(empty.has("#fautes") && empty.has("#faute-dernier_jour"));
    let early = [("dernier_jour", "2026-01-01"), ("motif", "fin de contrat")];
    let early = press(&world, &mut browser, (&form, &form), &early).await.is(422);
    assert!(early.says("#faute-dernier_jour").unwrap().contains("prise de fonction"));
    assert_eq!(early.attribute("#motif", "value").as_deref(), Some("fin de contrat"));

    let now = [("immediat", "oui"), ("motif", "fin de contrat")];
    let preview = press(&world, &mut browser, (&form, &form), &now).await.is(200);
    assert_eq!(preview.says("#quand").as_deref(), Some("immédiatement"));
    let closes = preview.all("#ferme li").join("; ");
    for expected in ["dui-tilleuls", "plateforme", "2 sessions ouvertes", "2 connexions", "e-CPS"] {
        assert!(closes.contains(expected), "{expected}: {closes}");
    }
    assert!(preview.says("#reste").unwrap().contains(&who.rpps.to_string()));
    assert_eq!(world.cuts(), 0, "a preview changes nothing");

    world.post(&mut browser, &confirm, &now).await.trouble(403, "formulaire_perime");
    assert_eq!(world.cuts(), 0);
    let done = press(&world, &mut browser, (&form, &confirm), &now).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert_eq!(receipt.attribute("#accuse", "data-etat").as_deref(), Some("fait"));
    assert!(receipt.says("#portes").unwrap().contains("fermée à 15:00:00"));
    assert!(receipt.all("#logiciels td").contains(&"dû".to_owned()));
    assert!(receipt.has("meta[http-equiv=refresh]"), "somebody is still to be told");
    assert!(receipt.text.contains("fin de contrat"));
    // Twice is once: the second confirmation leads to the same receipt.
    let token = receipt.token();
    let again: Vec<_> = now.iter().copied().chain([("jeton", token.as_str())]).collect();
    let again = world.post(&mut browser, &confirm, &again).await.is(303);
    assert_eq!(again.location(), done.location());

    world.get(&mut own, "/portail/moi").await.trouble(403, "session_terminee");
    let asked = world.ask(&mut software, "dui-tilleuls").await.is(303);
    assert!(asked.location().contains("/auth/connexion"), "a new proof is wanted");
}

#[tokio::test]
async fn a_receipt_tells_what_each_relying_party_answered() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    world.user(who.rpps, "dui-tilleuls").await;
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", who.situation);
    let to = format!("{form}/confirmer");
    let done = press(&world, &mut browser, (&form, &to), &[("immediat", "oui")]).await.is(303);
    world.get(&mut browser, &done.location()).await.is(200);
    for (state, word, waits) in [
        ("sent", "envoyé", true),
        ("confirmed", "confirmé", false),
        ("refused", "refusé", false),
        ("given_up", "abandonné", false),
    ] {
        world.records().execute("UPDATE notice SET state = ?1", [state]).unwrap();
        let receipt = world.get(&mut browser, &done.location()).await.is(200);
        assert!(receipt.says("#logiciels").unwrap().contains(word), "{word}");
        assert_eq!(receipt.has("meta[http-equiv=refresh]"), waits, "{state}");
    }
}

#[tokio::test]
async fn leaving_one_structure_leaves_the_other_alone() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    world.situation(who.rpps, "Aubert", RIVE_CLAIRE, "employer");
    let mut own = world.visitor(who.rpps).await;
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", who.situation);
    let now = [("immediat", "oui")];
    let preview = press(&world, &mut browser, (&form, &form), &now).await.is(200);
    let closes = preview.all("#ferme li").join("; ");
    assert!(closes.contains("dui-tilleuls") && !closes.contains("plateforme"), "{closes}");
    let stays = preview.says("#reste").unwrap();
    assert!(stays.contains(RIVE_CLAIRE) && stays.contains("L'e-CPS"), "{stays}");
    let to = format!("{form}/confirmer");
    let done = press(&world, &mut browser, (&form, &to), &now).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert!(receipt.has("#aucune-session") && !receipt.has("meta[http-equiv=refresh]"));
    world.get(&mut own, "/portail/moi").await.is(200);
    let inside = world.ask(&mut own, "dui-rive-claire").await.is(303);
    assert!(inside.location().contains("code="), "{}", inside.location());
    let outside = world.ask(&mut own, "dui-tilleuls").await;
    assert!(!outside.location().contains("code="), "{}", outside.location());
}

#[tokio::test]
async fn an_end_is_scheduled_seen_and_undone() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let sheet = format!("/portail/situations/{}", who.situation);
    let (form, to) = (format!("{sheet}/depart"), format!("{sheet}/depart/confirmer"));
    let night = [("dernier_jour", "22/11/2026"), ("heure", "07:00")];
    let preview = press(&world, &mut browser, (&form, &form), &night).await.is(200);
    assert_eq!(preview.says("#quand").as_deref(), Some("le 22/11/2026 à 07:00"));
    let done = press(&world, &mut browser, (&form, &to), &night).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert_eq!(receipt.attribute("#accuse", "data-etat").as_deref(), Some("prevu"));
    let undo = receipt.attribute("form[action$=rouvrir]", "action").unwrap();
    world.post(&mut browser, &undo, &[]).await.trouble(403, "formulaire_perime");
    let undone = press(&world, &mut browser, (&done.location(), &undo), &[]).await.is(303);
    assert_eq!(undone.location(), sheet);
    let page = world.get(&mut browser, &sheet).await.is(200);
    assert_eq!(page.says("#fin").as_deref(), Some("aucune"));
    assert!(page.says("#historique").unwrap().contains("annulé"));
    assert_eq!(world.cuts(), 0);

    // A day that has passed means now; undoing it revives nothing.
    let mut own = world.visitor(who.rpps).await;
    let past = [("dernier_jour", "2026-11-20")];
    let done = press(&world, &mut browser, (&form, &to), &past).await.is(303);
    world.get(&mut own.clone(), "/portail/moi").await.trouble(403, "session_terminee");
    let undo = format!("{sheet}/rouvrir");
    press(&world, &mut browser, (&sheet, &undo), &[]).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert_eq!(receipt.attribute("#accuse", "data-etat").as_deref(), Some("annule"));
    world.get(&mut own, "/portail/moi").await.trouble(403, "session_terminee");
    let mut again = world.visitor(who.rpps).await;
    world.get(&mut again, "/portail/moi").await.is(200);
}

#[tokio::test]
async fn what_an_ordre_entered_is_not_ended_here_but_its_local_access_is() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let nurse = world.somebody("Ollivault", RIVE_CLAIRE);
    let entered = world.situation(nurse.rpps, "Ollivault", TILLEULS, "ordre");
    let access = world.local_access(nurse.rpps, TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let now = [("immediat", "oui")];
    let form = format!("/portail/situations/{entered}/depart");
    let to = format!("{form}/confirmer");
    let refused = press(&world, &mut browser, (&form, &to), &now).await.is(422);
    assert!(refused.says("#fautes").unwrap().contains("un Ordre ou une ARS"));
    assert_eq!(world.one::<u32>("SELECT count(*) FROM departure"), 0);
    let form = format!("/portail/acces-locaux/{access}/depart");
    let to = format!("{form}/confirmer");
    let done = press(&world, &mut browser, (&form, &to), &now).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert!(receipt.says("#portes").unwrap().contains("LES GRANDS TILLEULS : jetons"));
    // Taken back by mistake: given back, and what it had closed stays closed.
    let own = world.visitor(nurse.rpps).await;
    let undo = receipt.attribute("form[action$=rouvrir]", "action").unwrap();
    assert_eq!(undo, format!("/portail/acces-locaux/{access}/rouvrir"));
    assert_eq!(receipt.says("#rouvrir").as_deref(), Some("Rouvrir l'accès local"));
    let undone = press(&world, &mut browser, (&done.location(), &undo), &[]).await.is(303);
    let staff = world.get(&mut browser, &undone.location()).await.is(200);
    assert_eq!(staff.all("#acces-locaux tbody tr").len(), 1);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    assert_eq!(receipt.attribute("#accuse", "data-etat").as_deref(), Some("annule"));
    assert!(receipt.text.contains("L'accès local a été rouvert") && !receipt.has("#rouvrir"));
    let inside = world.ask(&mut own.clone(), "dui-tilleuls").await.is(303);
    assert!(inside.location().contains("code="), "{}", inside.location());
    assert_eq!((world.cuts(), world.noted("local_access_reopened")), (1, 1));
    // An end that is only due is called off where it is set.
    let later = [("dernier_jour", "2026-12-24")];
    press(&world, &mut browser, (&form, &to), &later).await.is(303);
    let page = world.get(&mut browser, &form).await.is(200);
    assert_eq!(page.says("#fin").as_deref(), Some("prévue le 24/12/2026 à 24 h"));
    press(&world, &mut browser, (&form, &undo), &[]).await.is(303);
    assert!(!world.get(&mut browser, &form).await.is(200).has("#fin"));
}

#[tokio::test]
async fn a_form_of_another_site_is_written_down_with_the_name_of_who_was_logged_in() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let to = format!("/portail/situations/{}/depart/confirmer", manager.situation);
    let forged = [("immediat", "oui"), ("jeton", "x")];
    world.post(&mut browser, &to, &forged).await.trouble(403, "formulaire_perime");
    assert_eq!((world.noted("page_refused"), world.cuts()), (1, 0));
    let line = "SELECT entry FROM journal WHERE entry ->> '$.event' = 'page_refused'";
    let line: serde_json::Value = serde_json::from_str(&world.one::<String>(line)).unwrap();
    assert_eq!(line["actor"]["person"], manager.rpps.as_str());
    assert_eq!((&line["outcome"], &line["door"]), (&"forged_form".into(), &"console".into()));
    // Who is not logged in is nobody to name.
    world.post(&mut Browser::default(), &to, &forged).await.is(303);
    assert_eq!(world.noted("page_refused"), 1);
}

#[tokio::test]
async fn a_receipt_that_brings_itself_up_to_date_keeps_no_session_open() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    world.user(who.rpps, "dui-tilleuls").await;
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", who.situation);
    let to = format!("{form}/confirmer");
    let done = press(&world, &mut browser, (&form, &to), &[("immediat", "oui")]).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    let refresh = receipt.attribute("meta[http-equiv=refresh]", "content").unwrap();
    let (wait, following) = refresh.split_once(";url=").unwrap();
    assert_eq!((wait, following), ("2", format!("{}?suivi=oui", done.location()).as_str()));
    let mut looked_at = browser.clone();
    world.advance(Span::minutes(20));
    let again = world.get(&mut browser, following).await.is(200);
    assert!(again.has("meta[http-equiv=refresh]"));
    world.get(&mut looked_at, &done.location()).await.is(200);
    world.advance(Span::minutes(15));
    let rested = world.get(&mut browser, following).await.trouble(403, "session_terminee");
    assert!(rested.text.contains("depuis trop longtemps"));
    world.get(&mut looked_at, &done.location()).await.is(200);
}

#[tokio::test]
async fn two_connexions_to_one_service_are_told_apart() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let who = world.somebody("Aubert", TILLEULS);
    world.user(who.rpps, "dui-tilleuls").await;
    world.advance(Span::minutes(7));
    world.user(who.rpps, "dui-tilleuls").await;
    let mut browser = world.visitor(manager.rpps).await;
    let form = format!("/portail/situations/{}/depart", who.situation);
    let to = format!("{form}/confirmer");
    let done = press(&world, &mut browser, (&form, &to), &[("immediat", "oui")]).await.is(303);
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    let mut parties = receipt.all("#logiciels tbody th");
    parties.sort();
    let at = |hour: &str| format!("dui-tilleuls connexion ouverte à {hour}");
    assert_eq!(parties, [at("15:00:00"), at("15:07:00")]);
    // One of another day tells it: software may have kept a page since.
    let yesterday = (NOW - Span::hours(24)).0;
    let change = format!("UPDATE grant_ SET opened_at = {yesterday} WHERE client = 'dui-tilleuls'");
    world.records().execute(&change, []).unwrap();
    let receipt = world.get(&mut browser, &done.location()).await.is(200);
    let told = receipt.says("#logiciels tbody th").unwrap();
    assert_eq!(told, "dui-tilleuls connexion ouverte le 20/11/2026 à 15:00:00");
}
