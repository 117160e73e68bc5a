//! From the first step to what has become of the request.

use passerelle::{
    kernel::{journal::Actor, retry::Keep, time::Span},
    registry::{
        Nomenclature, Page, Requests,
        request::{Decider, Rejection, RequestQuery, RequestState, Validation},
    },
};

use super::world::{HOME, TILLEULS, World, faults, identity, text, value};

#[tokio::test]
async fn a_request_is_filled_in_step_by_step_and_sent() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let first = world.get(&ines, "identite").await.is(200);
    assert_eq!(text(&first.text, "etape"), "Pré-enregistrement, étape 1 sur 4");
    assert_eq!(faults(&first), Vec::<String>::new());
    world.ready(&ines, "ines@example.org", "+33639980016").await;
    let review = world.get(&ines, "recapitulatif").await.is(200);
    assert_eq!(text(&review.text, "fautes"), "");
    assert_eq!(text(&review.text, "civilite-a-verifier"), "");
    for (id, expected) in [
        ("vu-finess", "EHPAD LES GRANDS TILLEULS, BOURG EN BRESSE (FINESS 019999028)"),
        ("vu-email", "ines@example.org"),
        ("vu-profession", "Aide-soignant"),
        ("vu-prenom_exercice", "Jeanne"),
        ("vu-piece", "jointe"),
    ] {
        assert_eq!(text(&review.text, id), expected, "{id}");
    }
    let sent = world.post(&ines, "envoyer", &[]).await.is(303);
    assert_eq!(sent.location(), format!("{HOME}/envoyee"));
    let state = world.get(&ines, "envoyee").await.is(200);
    assert_eq!(text(&state.text, "etat"), "à traiter");
    assert!(state.text.contains("Prévenez votre établissement"));
    assert_eq!(text(&state.text, "caduque-le"), "21/12/2026 à 15:00");

    let page = Page { after: None, limit: 10 };
    let requests = world.store.requests(RequestQuery::default(), page).await.unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!((request.finess().as_str(), request.mobile.as_str()), (TILLEULS, "+33639980016"));
    assert_eq!(request.placing.started_on.to_string(), "2026-11-02");
    assert_eq!(request.identity.birth_commune.as_deref(), Some("21231"));
    // The form has gone; every step leads to what has become of the request.
    for step in ["identite", "contact", "situation", "recapitulatif"] {
        let answer = world.get(&ines, step).await.is(303);
        assert_eq!(answer.location(), format!("{HOME}/envoyee"), "{step}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_and_what_was_typed_is_kept() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let refused = world.identity(&ines, &[("nom_usage", "4x4")], None).await.is(422);
    assert_eq!(faults(&refused), ["civilite", "nom_usage", "piece"]);
    assert_eq!(value(&refused.text, "nom_usage"), "4x4");
    let situation = [
        ("nom_exercice", "Carbonnel"),
        ("prenom_exercice", "Paul"),
        ("finess", "019999029"),
        ("prise_de_fonction", "hier"),
        ("fin_prevue", "2026-01-01"),
        ("role", "GENR99"),
        ("mode", "S"),
    ];
    let refused = world.post(&ines, "situation", &situation).await.is(422);
    assert_eq!(faults(&refused), ["finess", "prise_de_fonction", "fin_prevue", "profession"]);
    for (name, typed) in
        [("finess", "019999029"), ("role", "GENR99"), ("prise_de_fonction", "hier")]
    {
        assert_eq!(value(&refused.text, name), typed);
    }
    let review = world.get(&ines, "recapitulatif").await.is(200);
    for words in ["Champ obligatoire", "Joignez une copie", "FINESS incorrect"] {
        assert!(text(&review.text, "fautes").contains(words), "{words}");
    }
}

#[tokio::test]
async fn the_form_asks_only_what_france_connect_left_open() {
    let world = World::new().await;
    let mut born_abroad = identity("CARBONNEL", 1);
    born_abroad.birth_commune = None;
    born_abroad.birth_country = "99999".to_owned();
    born_abroad.sex = None;
    born_abroad.usage_name = Some("Perrin".to_owned());
    let ines = world.arrives(born_abroad).await;
    let form = world.get(&ines, "identite").await.is(200).text;
    assert!(form.contains("name=\"ville_naissance\"") && form.contains("name=\"sexe\""));
    assert_eq!(value(&form, "nom_usage"), "Perrin");
    let refused = world.identity(&ines, &[("civilite", "MME")], None).await.is(422);
    assert_eq!(faults(&refused), ["sexe", "ville_naissance", "piece"]);
    // What it gave is nobody's to post.
    let other = world.arrives(identity("MOREL", 2)).await;
    let form = world.get(&other, "identite").await.is(200).text;
    assert!(!form.contains("name=\"ville_naissance\"") && !form.contains("name=\"sexe\""));
    let forced = [("civilite", "M"), ("sexe", "M"), ("ville_naissance", "Tunis")];
    let pdf = Some(("p.pdf", "application/pdf", super::world::PDF));
    world.identity(&other, &forced, pdf).await.is(303);
}

#[tokio::test]
async fn who_has_a_number_is_told_to_ask_for_an_attachment() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&ines, "ines@example.org", "+33639980016").await;
    world.post(&ines, "envoyer", &[]).await.is(303);
    let request = world.store.last_request_of("sub-1").await.unwrap().unwrap();
    let validation = Validation {
        id: request.id,
        attested: true,
        decider: Decider { by: Actor::Operator, structure: None },
        nomenclature: Nomenclature::shipped().unwrap().into(),
    };
    world.store.validate_request(validation, Keep::nothing()).await.unwrap();
    let state = world.get(&ines, "identite").await.is(303);
    assert_eq!(state.location(), format!("{HOME}/envoyee"));
    let state = world.get(&ines, "envoyee").await.is(200).text;
    assert_eq!(text(&state, "etat"), "validée");
    assert!(text(&state, "rpps").starts_with("999"));
    // The same person under another account of FranceConnect.
    let twin = world.arrives(identity("Carbonnel", 9)).await;
    let pdf = Some(("p.pdf", "application/pdf", super::world::PDF));
    let told = world.identity(&twin, &[("civilite", "MME")], pdf).await.is(409);
    assert!(told.text.contains("data-code=\"deja_enregistre\""));
    assert!(told.text.contains("demandez un rattachement"));
}

#[tokio::test]
async fn after_a_rejection_or_a_lapse_somebody_begins_anew() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&ines, "ines@example.org", "+33639980016").await;
    world.post(&ines, "envoyer", &[]).await.is(303);
    let request = world.store.last_request_of("sub-1").await.unwrap().unwrap();
    let decider = Decider { by: Actor::Operator, structure: None };
    let rejection = Rejection::read(request.id, "Contrat <non> signé", decider).unwrap();
    world.store.reject_request(rejection, Keep::nothing()).await.unwrap();
    world.get(&ines, "identite").await.is(303);
    let state = world.get(&ines, "envoyee").await.is(200).text;
    assert_eq!(text(&state, "etat"), "rejetée");
    assert_eq!(text(&state, "motif"), "Contrat <non> signé");
    assert!(state.contains(&format!("{HOME}/identite?nouvelle=oui")));
    world.ready(&ines, "ines@example.org", "+33639980016").await;
    world.post(&ines, "envoyer", &[]).await.is(303);

    world.advance(Span::hours(720));
    let again = world.arrives(identity("CARBONNEL", 1)).await;
    let state = world.get(&again, "envoyee").await.is(200).text;
    assert_eq!(text(&state, "etat"), RequestState::Lapsed.label());
    world.get(&again, "identite?nouvelle=oui").await.is(200);
}

#[tokio::test]
async fn a_form_without_its_token_or_its_session_changes_nothing() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    let other = world.arrives(identity("MOREL", 2)).await;
    let theirs = value(&world.get(&other, "situation").await.text, "jeton");
    for token in [String::new(), "x".to_owned(), theirs] {
        for step in ["contact", "situation", "envoyer"] {
            world.form(&ines, step, &[("jeton", token.clone())]).await.is(403);
        }
    }
    assert_eq!(world.sent(), 0);
    world.advance(Span::minutes(30));
    let gone = world.get(&ines, "situation").await.is(403);
    assert!(gone.text.contains("data-code=\"requete_expiree\""));
}

#[tokio::test]
async fn of_two_sendings_at_once_one_is_a_request() {
    let world = World::new().await;
    let ines = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&ines, "ines@example.org", "+33639980016").await;
    let token = value(&world.get(&ines, "recapitulatif").await.text, "jeton");
    let form = [("jeton", token)];
    let send = || world.form(&ines, "envoyer", &form);
    let (one, two, three) = tokio::join!(send(), send(), send());
    for answer in [one, two, three] {
        let to = answer.is(303).location();
        let state = to.starts_with(&format!("{HOME}/envoyee"));
        assert!(state || to == format!("{HOME}/contact"), "{to}");
    }
    let page = Page { after: None, limit: 10 };
    let requests = world.store.requests(RequestQuery::default(), page).await.unwrap();
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn who_has_the_same_identity_under_another_account_is_told_so() {
    let world = World::new().await;
    let first = world.arrives(identity("CARBONNEL", 1)).await;
    world.ready(&first, "ines@example.org", "+33639980016").await;
    let token = value(&world.get(&first, "recapitulatif").await.text, "jeton");
    world.form(&first, "envoyer", &[("jeton", token)]).await.is(303);

    let second = world.arrives(identity("CARBONNEL", 2)).await;
    let answer = world.identity(&second, &[("civilite", "MME")], None).await;
    let to = answer.is(303).location();
    let step = to.strip_prefix(&format!("{HOME}/")).unwrap();
    let told = world.get(&second, step).await.is(409).text;
    assert!(told.contains("data-code=\"demande_en_cours\""), "{to}");
    let own = world.get(&first, "envoyee").await.is(200).text;
    assert!(own.contains("to_process"));
}
