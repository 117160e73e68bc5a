//! Where somebody asks to work: found, shown by its name, and asked one at a time.

use passerelle::registry::Requests;

use super::world::{HOME, SITUATION, TILLEULS, World, faults, identity, text, value};

const SHOWN: &str = "EHPAD LES GRANDS TILLEULS, BOURG EN BRESSE (FINESS 019999028)";

#[tokio::test]
async fn an_establishment_is_found_by_name_town_or_number() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    for asked in [
        "tilleuls",
        "TILLEULS",
        TILLEULS,
        "01%209999%20028",
        "grands%20Tilleuls",
        "ehpad%20tilleuls",
        "tilleuls%20%20EHPAD%20bourg",
        "T%C3%AElleuls%2001000",
    ] {
        let found = world.get(&ines, &format!("etablissements?q={asked}")).await.is(200).text;
        assert!(found.contains(&format!("situation?finess={TILLEULS}")), "{asked}");
        assert!(!found.contains("finess=019999010"), "nobody works at a legal entity");
    }
    let none = world.get(&ines, "etablissements?q=%3Cb%3Ezzz").await.is(200).text;
    assert!(!text(&none, "aucun").is_empty() && !none.contains("<b>zzz"));
    let other = world.get(&ines, "etablissements?q=ehpad%20zzz").await.is(200).text;
    assert!(!text(&other, "aucun").is_empty());
    let search = [SITUATION, &[("chercher", "oui")]].concat();
    let kept = world.post(&ines, "situation", &search).await.is(303);
    assert_eq!(kept.location(), format!("{HOME}/etablissements"));
    assert_eq!(value(&world.get(&ines, "situation").await.text, "role"), "GENR11");
}

#[tokio::test]
async fn what_was_typed_survives_the_search_and_the_choice_is_shown_by_its_name() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let typed = |finess: &'static str| {
        let rest = SITUATION.iter().filter(|(name, _)| *name != "finess").copied();
        rest.chain([("finess", finess), ("chercher", "oui")]).collect::<Vec<_>>()
    };
    let search = world.post(&ines, "situation", &typed("tilleuls")).await.is(303).location();
    assert_eq!(search, format!("{HOME}/etablissements?q=tilleuls"));
    let step = search.strip_prefix(&format!("{HOME}/")).unwrap();
    assert!(world.get(&ines, step).await.is(200).text.contains(&format!("finess={TILLEULS}")));
    let chosen = world.get(&ines, &format!("situation?finess={TILLEULS}")).await.is(200).text;
    for (name, kept) in SITUATION {
        assert_eq!(value(&chosen, name), *kept, "{name}");
    }
    assert!(text(&chosen, "aide-finess").starts_with(SHOWN), "{}", text(&chosen, "aide-finess"));
    // Typed in blocks, it is the same number.
    let blocks = [&SITUATION[..2], &[("finess", "01 9999 028")], &SITUATION[3..]].concat();
    world.post(&ines, "situation", &blocks).await.is(303);
    let review = world.get(&ines, "recapitulatif").await.is(200).text;
    assert_eq!(text(&review, "vu-finess"), SHOWN);
}

#[tokio::test]
async fn a_fault_speaks_to_who_reads_it() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let wrong = [
        ("finess", "019999010"),
        ("prise_de_fonction", "hier"),
        ("profession", "60"),
        ("role", "GENR11"),
        ("mode", "S"),
    ];
    let refused = world.post(&ines, "situation", &wrong).await.is(422);
    assert_eq!(faults(&refused), ["finess", "prise_de_fonction", "profession"]);
    for (name, words) in [
        ("finess", "où vous travaillez"),
        ("prise_de_fonction", "par exemple 02/11/2026"),
        ("profession", "demandez votre numéro RPPS à votre Ordre"),
    ] {
        let told = text(&refused.text, &format!("faute-{name}"));
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn a_second_request_is_not_sent_and_says_so() {
    let world = World::new().await;
    let one = world.arrives(identity("CARBONNEL", 1)).await;
    let other = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&one, "ines@example.org", "+33639980016").await;
    world.ready(&other, "ines@example.org", "+33639980016").await;
    let token = value(&world.get(&other, "recapitulatif").await.is(200).text, "jeton");
    world.post(&one, "envoyer", &[]).await.is(303);
    let own = world.get(&one, "envoyee").await.is(200).text;
    assert_eq!(text(&own, "non-envoyee"), "");
    let told = world.form(&other, "envoyer", &[("jeton", token)]).await.is(303).location();
    // Whichever way she comes back to it.
    for from in [told, world.get(&other, "recapitulatif").await.is(303).location()] {
        let step = from.strip_prefix(&format!("{HOME}/")).unwrap();
        let page = world.get(&other, step).await.is(200).text;
        let told = text(&page, "non-envoyee");
        assert!(told.contains("n'a pas été envoyée") && told.contains("TILLEULS"), "{told}");
        assert_eq!(text(&page, "etat"), "à traiter");
    }
    assert!(world.store.last_request_of("sub-1").await.unwrap().is_some());
}
