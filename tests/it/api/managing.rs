//! Habilitations, as programs give them and take them back.

use serde_json::json;

use super::world::{RIVE_CLAIRE, TILLEULS, World};

#[tokio::test]
async fn a_habilitation_is_given_once_to_somebody_who_was_trained() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    let naming = |more: serde_json::Value| {
        let mut body = json!({"rpps": rpps, "as": "gestionnaire", "finess": TILLEULS,
                              "trained_on": "2026-03-02"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let give = "POST /habilitations";
    for (more, field, code) in [
        (json!({"trained_on": null}), "trained_on", "training_missing"),
        (json!({"trained_on": "2026-11-22"}), "trained_on", "in_the_future"),
        (json!({"as": "chef"}), "as", "unknown_code"),
        (json!({"as": "securite", "finess": null}), "as", "operator_only"),
        (json!({"finess": null}), "finess", "required"),
        (json!({"finess": "019999029"}), "finess", "bad_finess"),
        (json!({"rpps": "99900000011"}), "rpps", "unknown_person"),
        (json!({"role": "x"}), "role", "unknown_field"),
    ] {
        let refused = world.call("all", give, Some(&naming(more.clone()))).await;
        let refused = refused.problem(422, "invalid_fields");
        let told = (refused.at("/fields/0/field"), refused.at("/fields/0/code"));
        assert_eq!(told, (field.to_owned(), code.to_owned()), "{more}");
    }
    let body = naming(json!({}));
    let first = world.keyed("all", give, Some(&body), Some("k1")).await.is(201);
    let again = world.keyed("all", give, Some(&body), Some("k1")).await.is(201);
    assert_eq!(first.text, again.text);
    assert_eq!((first.at("/as"), first.at("/state")), ("gestionnaire".into(), "active".into()));
    world.call("all", give, Some(&body)).await.problem(409, "already_given");
    let elsewhere = format!("at:{RIVE_CLAIRE}");
    world.call(&elsewhere, give, Some(&body)).await.problem(403, "forbidden");
    let list = format!("GET /habilitations?rpps={rpps}");
    world.call("registry:read", &list, None).await.problem(403, "insufficient_scope");
    let listed = world.call("registry:write", &list, None).await;
    assert_eq!(listed.is(200).at("/items/0/id"), first.at("/id"));
    let none = world.call(&elsewhere, "GET /habilitations", None).await.is(200);
    assert_eq!(none.text, "{\"items\":[],\"next\":null}");
}

#[tokio::test]
async fn the_last_manager_is_taken_back_only_knowingly() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (name, line) in [("Vasseur", 1), ("Morel", 2)] {
        let (rpps, _) = world.person(name, line).await;
        let body = json!({"rpps": rpps, "as": "mandataire", "finess": TILLEULS});
        ids.push(world.call("all", "POST /habilitations", Some(&body)).await.is(201).at("/id"));
    }
    let delete = |id: &str| format!("DELETE /habilitations/{id}");
    let elsewhere = format!("at:{RIVE_CLAIRE}");
    world.call(&elsewhere, &delete(&ids[0]), None).await.problem(404, "not_found");
    world.call("registry:read", &delete(&ids[0]), None).await.problem(403, "insufficient_scope");
    let gone = world.keyed("all", &delete(&ids[0]), None, Some("k1")).await.is(200);
    assert_eq!(gone.at("/state"), "withdrawn");
    let again = world.keyed("all", &delete(&ids[0]), None, Some("k1")).await.is(200);
    assert_eq!(gone.text, again.text);
    world.call("all", &delete(&ids[0]), None).await.problem(409, "already_withdrawn");
    world.call("all", &delete(&ids[1]), None).await.problem(409, "last_manager");
    let knowingly = format!("{}?last=true", delete(&ids[1]));
    world.call("all", &knowingly, None).await.is(200);
    world.call("all", &delete("x"), None).await.problem(404, "not_found");
    let journal = world.call("all", "GET /journal?limit=200", None).await.is(200);
    assert!(journal.text.contains("habilitation_withdrawn"));
}
