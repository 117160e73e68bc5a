//! Requests to be registered: seen by the managers of their structure, decided once.

use std::sync::Arc;

use passerelle::{
    kernel::time::Span,
    registry::{
        Nomenclature, VerifiedIdentity,
        document::Document,
        request::{RequestDraft, Requests},
        verified::Presumed,
    },
};
use serde_json::{Map, Value, json};

use super::world::{Answer, Browser, NOW, RIVE_CLAIRE, TILLEULS, World};

/// A request of somebody whom FranceConnect identified.
async fn request(world: &World, name: &str, line: u32, finess: &str) -> String {
    send(world, verified(name, line), written(line, finess)).await
}

fn verified(name: &str, line: u32) -> VerifiedIdentity {
    VerifiedIdentity {
        sub: format!("sub-{line}"),
        birth_name: name.to_owned(),
        first_names: vec!["Inès".to_owned(), "Jeanne".to_owned()],
        usage_name: None,
        sex: Some("F".to_owned()),
        birth_date: "1998-08-08".parse().unwrap(),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("69266".to_owned()),
        email: None,
        acr: "eidas1".to_owned(),
        authenticated_at: NOW,
    }
}

fn written(line: u32, finess: &str) -> Map<String, Value> {
    let body = json!({
        "civility": "MME", "email": format!("ines.{line}@example.org"),
        "mobile": format!("+3363997{line:04}"),
        "situation": {"finess": finess, "profession": "313", "role": "GENR11", "mode": "S",
                      "started_on": "2026-11-02"},
    });
    let Value::Object(body) = body else { unreachable!() };
    body
}

async fn send(world: &World, verified: VerifiedIdentity, body: Map<String, Value>) -> String {
    let bytes = include_bytes!("../../pieces/piece.png").to_vec().into();
    let document = Some(Document { media: "image/png", bytes });
    let nomenclature = Arc::new(Nomenclature::shipped().unwrap());
    let draft = RequestDraft::read(verified, body, document, nomenclature, NOW.date());
    let sent = world.store.send_request(draft, NOW).await.unwrap();
    sent.unwrap_or_else(|refused| panic!("{refused:?}")).id.to_string()
}

async fn decide(
    world: &World,
    browser: &mut Browser,
    (id, verb): (&str, &str),
    fields: &[(&str, &str)],
) -> Answer {
    let token = world.get(browser, "/portail/moi").await.is(200).token();
    let form: Vec<_> = fields.iter().copied().chain([("jeton", token.as_str())]).collect();
    world.post(browser, &format!("/portail/demandes/{id}/{verb}"), &form).await
}

#[tokio::test]
async fn a_manager_examines_and_validates_with_an_attestation() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let id = request(&world, "Carbonnel", 1, TILLEULS).await;
    let mut browser = world.visitor(manager.rpps).await;
    let list = world.get(&mut browser, "/portail/demandes").await.is(200);
    assert_eq!(list.says("#a-traiter").as_deref(), Some("1 à traiter"));
    assert!(list.says("#demandes tbody").unwrap().contains("Carbonnel"));
    let page = world.get(&mut browser, &format!("/portail/demandes/{id}")).await.is(200);
    assert_eq!(page.says("#etat").as_deref(), Some("à traiter"));
    let piece = page.attribute("#piece img", "src").unwrap();
    let piece = world.get(&mut browser, &piece).await.is(200);
    assert_eq!(piece.headers["content-type"], "image/png");
    assert_eq!(piece.headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(piece.headers["cache-control"], "no-store");

    let unattested = decide(&world, &mut browser, (&id, "valider"), &[]).await.is(422);
    assert!(unattested.says("#faute-attestation").unwrap().starts_with("Cochez l'attestation"));
    let attested = [("attestation", "oui")];
    let path = format!("/portail/demandes/{id}/valider");
    world.post(&mut browser, &path, &attested).await.trouble(403, "formulaire_perime");
    let done = decide(&world, &mut browser, (&id, "valider"), &attested).await.is(303);
    let page = world.get(&mut browser, &done.location()).await.is(200);
    assert_eq!(page.says("#etat").as_deref(), Some("validée"));
    assert!(page.has("#numero") && !page.has("#valider"));
    assert!(!page.has("#a-traiter"));
}

#[tokio::test]
async fn of_two_managers_one_decides_and_the_other_reads_who() {
    let world = World::new().await;
    let (first, second) = (world.manager("Vasseur", TILLEULS), world.manager("Aubert", TILLEULS));
    let id = request(&world, "Carbonnel", 1, TILLEULS).await;
    let mut one = world.visitor(first.rpps).await;
    let mut other = world.visitor(second.rpps).await;
    let empty = decide(&world, &mut one, (&id, "rejeter"), &[]).await.is(422);
    assert!(empty.says("#faute-motif").unwrap().starts_with("Motif obligatoire"));
    let why = [("motif", "La pièce est illisible.")];
    decide(&world, &mut one, (&id, "rejeter"), &why).await.is(303);
    let late =
        decide(&world, &mut other, (&id, "valider"), &[("attestation", "oui")]).await.is(409);
    let told = late.says("#deja-traitee p").unwrap();
    let who =
        "Cette demande a déjà été traitée par Paule Vasseur, le 21/11/2026 à 15:00 : rejetée.";
    assert!(told.starts_with(who), "{told}");
    let onward = late.attribute("#deja-traitee a", "href");
    assert_eq!(onward.as_deref(), Some("/portail/demandes"));
    assert!(late.text.contains("La pièce est illisible.") && !late.has("#fautes"));
    assert_eq!(late.says("#etat").as_deref(), Some("rejetée"));
    let rejected = world.get(&mut other, "/portail/demandes?etat=rejected").await.is(200);
    assert_eq!(rejected.all("#demandes tbody tr").len(), 1);
    let open = world.get(&mut other, "/portail/demandes").await.is(200);
    assert!(open.has("#aucune"));
}

#[tokio::test]
async fn a_request_to_another_structure_does_not_exist_here() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let far = request(&world, "Carbonnel", 1, RIVE_CLAIRE).await;
    let mut browser = world.visitor(manager.rpps).await;
    for path in [format!("/portail/demandes/{far}"), format!("/portail/demandes/{far}/piece")] {
        let page = world.get(&mut browser, &path).await.trouble(404, "page_inconnue");
        assert!(!page.text.contains("Carbonnel"));
    }
    for verb in ["valider", "rejeter"] {
        let fields = [("attestation", "oui"), ("motif", "non")];
        let refused = decide(&world, &mut browser, (&far, verb), &fields).await;
        refused.trouble(404, "page_inconnue");
    }
    assert_eq!(world.noted("page_refused"), 4);
    assert!(world.get(&mut browser, "/portail/demandes").await.is(200).has("#aucune"));
    let nobody = world.somebody("Aubert", TILLEULS);
    let mut browser = world.visitor(nobody.rpps).await;
    world.get(&mut browser, "/portail/demandes").await.trouble(404, "page_inconnue");
}

#[tokio::test]
async fn what_was_verified_stands_apart_from_what_was_declared() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let mut browser = world.visitor(manager.rpps).await;
    let mut abroad = verified("Carbonnel", 1);
    abroad.sex = None;
    abroad.birth_country = "99999".to_owned();
    abroad.birth_commune = None;
    abroad.presumed = Presumed::Day;
    let mut body = written(1, TILLEULS);
    for (name, value) in
        [("civility", "M"), ("sex", "F"), ("birth_town", "Sfax"), ("usage_name", "Perrin")]
    {
        body.insert(name.to_owned(), value.into());
    }
    let first = send(&world, abroad, body).await;
    let page = world.get(&mut browser, &format!("/portail/demandes/{first}")).await.is(200);
    let (given, declared) = (page.says("#verifie").unwrap(), page.says("#declare").unwrap());
    assert!(given.contains("Carbonnel") && given.contains("le jour n'est pas connu"), "{given}");
    for words in ["Sfax", "Perrin", "Féminin", "Monsieur"] {
        assert!(declared.contains(words) && !given.contains(words), "{words}: {declared}");
    }
    let checks = page.says("#a-comparer").unwrap();
    for words in ["en cours de validité", "ville de naissance, nom d'usage", "présumée", "civilité"]
    {
        assert!(checks.contains(words), "{words}: {checks}");
    }
    assert!(checks.contains("d'ordinaire avec le sexe"));

    let mut usual = verified("Morel", 2);
    usual.usage_name = Some("Perrin".to_owned());
    let mut body = written(2, TILLEULS);
    body.insert("usage_name".to_owned(), "Perrin".into());
    let second = send(&world, usual, body).await;
    let page = world.get(&mut browser, &format!("/portail/demandes/{second}")).await.is(200);
    let (given, declared) = (page.says("#verifie").unwrap(), page.says("#declare").unwrap());
    for words in ["Perrin", "Féminin", "08/08/1998"] {
        assert!(given.contains(words) && !declared.contains(words), "{words}: {given}");
    }
    assert!(declared.contains("Madame") && !given.contains("présumée"));
    let checks = page.says("#a-comparer").unwrap();
    assert!(!checks.contains("présumée") && !checks.contains("d'ordinaire avec le sexe"));
}

#[tokio::test]
async fn a_decided_request_says_when_its_document_was_erased() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let id = request(&world, "Carbonnel", 1, TILLEULS).await;
    let path = format!("/portail/demandes/{id}");
    let mut browser = world.visitor(manager.rpps).await;
    let open = world.get(&mut browser, &path).await.is(200);
    assert!(open.text.contains("se corrige par un rejet") && open.has("#a-comparer"));
    decide(&world, &mut browser, (&id, "valider"), &[("attestation", "oui")]).await.is(303);
    let kept = world.get(&mut browser, &path).await.is(200);
    assert!(!kept.text.contains("se corrige par un rejet") && !kept.has("#a-comparer"));
    assert!(kept.has("#piece") && !kept.has("#piece-effacee"));
    world.advance(Span::hours(30 * 24));
    let mut browser = world.visitor(manager.rpps).await;
    let erased = world.get(&mut browser, &path).await.is(200);
    assert!(!erased.has("#piece"));
    let told = erased.says("#piece-effacee").unwrap();
    assert!(told.contains("le 21/12/2026"), "{told}");
}
