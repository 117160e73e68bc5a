//! Under which name and civility somebody asks, and how a fault names its field.

use scraper::{Html, Selector};

use super::world::{PDF, SITUATION, World, faults, identity, text};

const PIECE: Option<(&str, &str, &[u8])> = Some(("piece.pdf", "application/pdf", PDF));

/// The form of the situation, with another value in one of its fields.
fn with<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let changed = |(known, kept): &(&'static str, &'static str)| {
        if *known == name { (*known, value) } else { (*known, *kept) }
    };
    SITUATION.iter().map(changed).collect()
}

#[tokio::test]
async fn a_name_in_practice_is_ones_own() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let names = [("civilite", "MME"), ("nom_usage", "Perrin")];
    world.identity(&ines, &names, PIECE).await.is(303);
    let refused = world.post(&ines, "situation", &with("nom_exercice", "Dupont")).await.is(422);
    assert_eq!(faults(&refused), ["nom_exercice"]);
    assert!(text(&refused.text, "faute-nom_exercice").contains("Perrin, CARBONNEL"));
    for own in ["perrin", "Carbonnel", ""] {
        world.post(&ines, "situation", &with("nom_exercice", own)).await.is(303);
    }
    // Left empty, the name that applies is told.
    let review = world.get(&ines, "recapitulatif").await.is(200);
    assert_eq!(text(&review.text, "vu-nom_exercice"), "Perrin");
}

#[tokio::test]
async fn a_civility_that_is_not_the_usual_one_is_told_and_no_fault() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    for (civility, is_told) in [("M", true), ("MME", false)] {
        world.identity(&ines, &[("civilite", civility)], PIECE).await.is(303);
        let review = world.get(&ines, "recapitulatif").await.is(200);
        assert_eq!(!text(&review.text, "civilite-a-verifier").is_empty(), is_told, "{civility}");
    }
    // What FranceConnect does not tell, the person does.
    let mut untold = identity("MOREL", 2);
    untold.sex = None;
    let other = world.arrives(untold).await;
    world.identity(&other, &[("civilite", "M"), ("sexe", "F")], PIECE).await.is(303);
    let review = world.get(&other, "recapitulatif").await.is(200);
    assert!(!text(&review.text, "civilite-a-verifier").is_empty());
}

#[tokio::test]
async fn each_line_of_the_summary_names_its_field() {
    #[track_caller]
    fn check(page: &str, links: &[(&str, &str)]) {
        let page = Html::parse_document(page);
        let all = Selector::parse("#fautes a").unwrap();
        let all: Vec<(String, String)> = page
            .select(&all)
            .map(|link| (link.attr("href").unwrap().to_owned(), link.text().collect()))
            .collect();
        let all: Vec<_> = all.iter().map(|(to, label)| (to.as_str(), label.as_str())).collect();
        assert_eq!(all, links);
    }
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let refused = world.post(&ines, "situation", &[("mode", "S")]).await.is(422);
    check(
        &refused.text,
        &[
            ("#finess", "Établissement (numéro FINESS)"),
            ("#prise_de_fonction", "Prise de fonction"),
            ("#profession", "Profession"),
            ("#role", "Rôle proposé"),
        ],
    );
    world.post(&ines, "situation", SITUATION).await.is(303);
    let review = world.get(&ines, "recapitulatif").await.is(200);
    let at = |step: &str, field: &str| format!("{}/{step}#{field}", super::world::HOME);
    check(
        &review.text,
        &[
            (&at("identite", "civilite"), "Civilité"),
            (&at("identite", "piece"), "Copie de votre pièce d'identité"),
            (&at("contact", "email"), "Adresse électronique"),
            (&at("contact", "mobile"), "Téléphone mobile"),
        ],
    );
}

#[tokio::test]
async fn a_role_of_which_the_sources_say_nothing_claims_nothing() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let page = Html::parse_document(&world.get(&ines, "situation").await.is(200).text);
    let label = |code: &str| {
        let option = Selector::parse(&format!("#role option[value={code}]")).unwrap();
        page.select(&option).next().unwrap().text().collect::<String>()
    };
    assert!(label("GENR01").ends_with("(documents du DMP : non précisé)"));
    assert!(label("GENR13").ends_with("(aucun document du DMP)"));
    assert!(label("GENR09").ends_with("(5 types de documents du DMP)"));
}
