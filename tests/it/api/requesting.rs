//! Requests of people whom FranceConnect identified, as programs decide them.

use std::sync::Arc;

use passerelle::{
    kernel::time::Span,
    registry::{
        Nomenclature, Requests, VerifiedIdentity, document::Document, fault::Faults,
        request::RequestDraft, verified::Presumed,
    },
};
use serde_json::json;
use zeroize::Zeroizing;

use super::world::{NOW, RIVE_CLAIRE, TILLEULS, World, hiring, person};

fn verified(name: &str, line: u32) -> VerifiedIdentity {
    VerifiedIdentity {
        sub: format!("sub-of-nobody-else-{line}"),
        birth_name: name.to_owned(),
        first_names: vec!["Paul".to_owned(), "Marie".to_owned()],
        usage_name: None,
        sex: Some("M".to_owned()),
        birth_date: "1990-01-02".parse().unwrap(),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("69266".to_owned()),
        email: None,
        acr: "eidas1".to_owned(),
        authenticated_at: NOW,
    }
}

impl World {
    /// Somebody asks to be registered; the name of their request.
    async fn request(&self, name: &str, line: u32, finess: &str) -> String {
        let body = json!({
            "civility": "M", "email": format!("paul.{line}@example.org"),
            "mobile": format!("+3363998{line:04}"), "situation": hiring(finess)
        });
        let bytes = Zeroizing::new(include_bytes!("../../pieces/piece.pdf").to_vec());
        let document = Document::look(bytes, "document", &mut Faults::default());
        let nomenclature = Arc::new(Nomenclature::shipped().unwrap());
        let body = body.as_object().unwrap().clone();
        let verified = verified(name, line);
        let draft = RequestDraft::read(verified, body, document, nomenclature, NOW.date());
        self.store.send_request(draft, NOW).await.unwrap().unwrap().id.to_string()
    }
}

#[tokio::test]
async fn a_validation_answers_the_person_with_the_number_first() {
    let world = World::new().await;
    let id = world.request("Vasseur", 1, TILLEULS).await;
    let listed = world.call("registry:write", "GET /requests", None).await.is(200);
    for (pointer, expected) in [
        ("/items/0/id", id.as_str()),
        ("/items/0/state", "to_process"),
        ("/items/0/state_label", "à traiter"),
        ("/items/0/birth_name", "Vasseur"),
        ("/items/0/situation/finess", TILLEULS),
        ("/items/0/document", "application/pdf"),
        ("/items/0/sent_at", "2026-11-21T14:00:00.000Z"),
        ("/items/0/lapses_at", "2026-12-21T14:00:00.000Z"),
        ("/next", "null"),
    ] {
        assert_eq!(listed.at(pointer), expected, "{pointer}");
    }
    assert!(!listed.text.contains("sub-of-nobody-else"));
    let validate = format!("POST /requests/{id}/validate");
    let nobody = world.call("all", &validate, Some(&json!({}))).await;
    let nobody = nobody.problem(422, "invalid_fields");
    assert_eq!(nobody.at("/fields/0/field"), "attestation");
    let attested = json!({"attestation": true});
    let first = world.keyed("all", &validate, Some(&attested), Some("k1")).await.is(200);
    assert!(first.text.starts_with("{\"rpps\":\"999"), "{}", first.text);
    assert_eq!(first.at("/request/state"), "validated");
    assert_eq!(
        (first.at("/request/rpps"), first.at("/card")),
        (first.at("/rpps"), "waiting".into())
    );
    let again = world.keyed("all", &validate, Some(&attested), Some("k1")).await.is(200);
    assert_eq!(first.text, again.text);
    let late = world.call("all", &validate, Some(&attested)).await.problem(409, "already_decided");
    assert_eq!(late.at("/request/decided_by/client"), "api");
    let one = format!("GET /professionals/{}", first.at("/rpps"));
    assert_eq!(world.call("all", &one, None).await.is(200).at("/situations/0/finess"), TILLEULS);
    let none = world.call("all", "GET /requests?state=to_process", None).await.is(200);
    assert_eq!(none.text, "{\"items\":[],\"next\":null}");
    world.call("all", "GET /requests?state=x", None).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_rejection_wants_a_reason_and_a_lapsed_request_is_over() {
    let world = World::new().await;
    let reject = format!("POST /requests/{}/reject", world.request("Vasseur", 1, TILLEULS).await);
    for body in [json!({}), json!({"reason": " "}), json!({"reason": 7})] {
        let refused = world.call("all", &reject, Some(&body)).await;
        assert_eq!(refused.problem(422, "invalid_fields").at("/fields/0/field"), "reason");
    }
    let why = json!({"reason": "Contrat non signé"});
    let done = world.call("all", &reject, Some(&why)).await.is(200);
    assert_eq!(
        (done.at("/state"), done.at("/reason")),
        ("rejected".into(), "Contrat non signé".into())
    );
    world.call("all", &reject, Some(&why)).await.problem(409, "already_decided");
    let lapsing = format!("POST /requests/{}/reject", world.request("Morel", 2, TILLEULS).await);
    world.advance(Span::hours(720));
    let over = world.call("all", &lapsing, Some(&why)).await.problem(409, "already_decided");
    assert_eq!(over.at("/request/state"), "lapsed");
    world.call("all", "POST /requests/x/reject", Some(&why)).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_program_of_one_structure_decides_there_only() {
    let world = World::new().await;
    let id = world.request("Vasseur", 1, TILLEULS).await;
    let elsewhere = format!("at:{RIVE_CLAIRE}");
    let none = world.call(&elsewhere, "GET /requests", None).await.is(200);
    assert_eq!(none.text, "{\"items\":[],\"next\":null}");
    let named = format!("GET /requests?finess={TILLEULS}");
    world.call(&elsewhere, &named, None).await.problem(403, "forbidden");
    for (what, body) in [
        ("validate", json!({"attestation": true})),
        ("reject", json!({"reason": "Contrat non signé"})),
    ] {
        let what = format!("POST /requests/{id}/{what}");
        world.call(&elsewhere, &what, Some(&body)).await.problem(404, "not_found");
        world.call("registry:read", &what, Some(&body)).await.problem(403, "insufficient_scope");
    }
    let validate = format!("POST /requests/{id}/validate");
    let attested = json!({"attestation": true});
    world.call(&format!("at:{TILLEULS}"), &validate, Some(&attested)).await.is(200);
}

#[tokio::test]
async fn a_number_given_in_the_meantime_is_told() {
    let world = World::new().await;
    let id = world.request("Vasseur", 1, TILLEULS).await;
    let mut same = person("VASSEUR", 2);
    same["first_names"] = json!(["Paul", "Marie"]);
    let rpps = world.call("all", "POST /professionals", Some(&same)).await.is(201).at("/rpps");
    let validate = format!("POST /requests/{id}/validate");
    let refused = world.call("all", &validate, Some(&json!({"attestation": true}))).await;
    assert_eq!(refused.problem(409, "already_registered").at("/rpps"), rpps);
}
