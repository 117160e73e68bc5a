//! People, situations, structures and local accesses come in.

use serde_json::{Value, json};

use super::world::{RIVE_CLAIRE, TILLEULS, World, hiring, person};
use passerelle::kernel::time::Span;

#[tokio::test]
async fn a_registration_answers_the_person_with_the_number_first() {
    let world = World::new().await;
    let made = world.call("all", "POST /professionals", Some(&person("Vasseur", 1))).await.is(201);
    assert!(made.text.starts_with("{\"rpps\":\"999"), "{}", made.text);
    for (pointer, expected) in [
        ("/birth_name", "Vasseur"),
        ("/first_names/1", "Marie"),
        ("/mobile", "+33639980001"),
        ("/card", "waiting"),
        ("/validated_at", "2026-11-21T14:00:00.000Z"),
        ("/visible_at", "2026-11-22T14:00:00.000Z"),
        ("/activable_at", "2026-11-23T14:00:00.000Z"),
        ("/situations/0/state", "open"),
        ("/situations/0/authority", "employer"),
        ("/situations/0/structure_name", "EHPAD LES GRANDS TILLEULS"),
        ("/situations/0/profession_label", "Aide-soignant"),
        ("/situations/0/last_day", "null"),
        ("/identifier", "null"),
        ("/pin", "null"),
    ] {
        assert_eq!(made.at(pointer), expected, "{pointer}");
    }
    let one = format!("GET /professionals/{}", made.at("/rpps"));
    assert_eq!(world.call("all", &one, None).await.is(200).text, made.text);
    world.advance(Span::hours(48));
    assert_eq!(world.call("all", &one, None).await.is(200).at("/card"), "activable");
}

#[tokio::test]
async fn the_same_person_and_the_same_address_are_refused() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    let again = world.call("all", "POST /professionals", Some(&person("VASSEUR", 2))).await;
    assert_eq!(again.problem(409, "already_registered").at("/rpps"), rpps);
    let other = world.call("all", "POST /professionals", Some(&person("Morel", 1))).await;
    let other = other.problem(422, "invalid_fields");
    assert_eq!(other.at("/fields/0/code"), "email_taken");
    assert_eq!(other.at("/fields/1/field"), "mobile");
}

#[tokio::test]
async fn a_key_is_answered_byte_for_byte_and_for_one_request_only() {
    let world = World::new().await;
    let ask = |body: Value, key: &'static str| {
        let world = &world;
        async move { world.keyed("all", "POST /professionals", Some(&body), Some(key)).await }
    };
    let first = ask(person("Vasseur", 1), "k1").await.is(201);
    world.advance(Span::hours(1));
    let second = ask(person("Vasseur", 1), "k1").await.is(201);
    assert_eq!(first.text, second.text);
    ask(person("Morel", 2), "k1").await.problem(422, "idempotency_key_reused");
    ask(person("Morel", 2), "k 2").await.problem(400, "invalid_parameter");

    let end = format!("POST /situations/{}/end", first.at("/situations/0/id"));
    let now = json!({"immediate": true});
    let done = world.keyed("all", &end, Some(&now), Some("k3")).await.is(200);
    let again = world.keyed("all", &end, Some(&now), Some("k3")).await.is(200);
    assert_eq!(done.text, again.text);
    world.call("all", &end, Some(&now)).await.problem(409, "already_ended");

    let delete = format!("DELETE /professionals/{}", first.at("/rpps"));
    for _ in 0..2 {
        let gone = world.keyed("all", &delete, None, Some("k4")).await.is(204);
        assert!(gone.text.is_empty());
    }
    world.call("all", &delete, None).await.problem(410, "retired");
}

#[tokio::test]
async fn people_are_made_ready_in_the_demo_only() {
    let ready = |name: &str, value: Value| {
        let mut body = person(name, 1);
        body["ready"] = value;
        body
    };
    let serve = World::new().await;
    let body = ready("Vasseur", json!(true));
    let refused = serve.call("all", "POST /professionals", Some(&body)).await;
    refused.problem(400, "not_in_demo");
    let demo = World::demo().await;
    let body = ready("Vasseur", json!("yes"));
    let wrong = demo.call("all", "POST /professionals", Some(&body)).await;
    assert_eq!(wrong.problem(422, "invalid_fields").at("/fields/0/field"), "ready");
    let body = ready("Vasseur", json!(true));
    let made = demo.keyed("all", "POST /professionals", Some(&body), Some("k")).await.is(201);
    let rpps = made.at("/rpps");
    assert_eq!(made.at("/identifier"), format!("8{rpps}"));
    assert_eq!((made.at("/pin"), made.at("/card")), ("2468".into(), "active".into()));
    assert_eq!(made.at("/validated_at"), "2026-11-18T14:00:00.000Z");
    assert_eq!(demo.phones.0.lock().unwrap().len(), 1);
    // The first answer was lost before the phone had done its part: it is asked again.
    demo.keyed("all", "POST /professionals", Some(&body), Some("k")).await.is(201);
    assert_eq!(demo.phones.0.lock().unwrap().len(), 2);
    demo.records()
        .execute("INSERT INTO card (rpps, device) VALUES (?1, zeroblob(16))", [&rpps])
        .unwrap();
    demo.keyed("all", "POST /professionals", Some(&body), Some("k")).await.is(201);
    assert_eq!(demo.phones.0.lock().unwrap().len(), 2);
    let plain = demo.call("all", "POST /professionals", Some(&person("Morel", 2))).await.is(201);
    assert_eq!((plain.at("/card"), plain.at("/pin")), ("waiting".into(), "null".into()));
}

#[tokio::test]
async fn an_employer_hires_and_an_authority_registers() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    let hire = format!("POST /professionals/{rpps}/situations");
    let made = world.call("all", &hire, Some(&hiring(RIVE_CLAIRE))).await.is(201);
    assert_eq!(made.at("/finess"), RIVE_CLAIRE);
    let again = world.call("all", &hire, Some(&hiring(RIVE_CLAIRE))).await;
    assert_eq!(again.problem(409, "already_open").at("/situation"), made.at("/id"));
    let entity = world.call("all", &hire, Some(&hiring("019999010"))).await;
    let entity = entity.problem(422, "invalid_fields");
    assert_eq!(entity.at("/fields/0/field"), "finess");
    assert_eq!(entity.at("/fields/0/code"), "not_an_establishment");

    let mut nurse = hiring(RIVE_CLAIRE);
    nurse["profession"] = json!("60");
    nurse["role"] = json!("GENR01");
    let refused = world.call("registry:write", &hire, Some(&nurse)).await;
    let refused = refused.problem(422, "invalid_fields");
    assert_eq!(refused.at("/fields/0/code"), "other_authority");
    let made = world.call("all", &hire, Some(&nurse)).await.is(201);
    assert_eq!(made.at("/authority"), "ordre");
    let end = format!("POST /situations/{}/end", made.at("/id"));
    let now = json!({"immediate": true});
    let refused = world.call("registry:write", &end, Some(&now)).await;
    refused.problem(403, "other_authority");
    world.call("all", &end, Some(&now)).await.is(200);
}

#[tokio::test]
async fn a_structure_is_entered_once() {
    let world = World::new().await;
    let body = json!({"finess": "690034376", "name": "Foyer", "sector": "SA16",
                      "legal_entity": "019999010"});
    let made = world.call("all", "POST /structures", Some(&body)).await.is(201);
    assert_eq!(
        (made.at("/kind"), made.at("/sector_label")),
        ("EG".to_owned(), "Etablissement pour personnes handicapées".to_owned(),)
    );
    world.call("all", "POST /structures", Some(&body)).await.problem(409, "already_entered");
    let orphan = json!({"finess": "010785483", "name": "Foyer", "legal_entity": TILLEULS});
    let orphan = world.call("all", "POST /structures", Some(&orphan)).await;
    let orphan = orphan.problem(422, "invalid_fields");
    assert_eq!(orphan.at("/fields/0/field"), "legal_entity");
}
