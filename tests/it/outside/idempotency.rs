//! An answer lost on the way: asking again is safe.

use futures_util::future::join_all;
use serde_json::json;

use super::{
    api::{Api, departure_in},
    demo::Demo,
    scenes::journal_lines,
};

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_acts_once() {
    let mut demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let path = format!("/situations/{situation}/end");
    let end = json!({"immediate": true});

    let answers = join_all((0..20).map(|_| api.post_once("k-1", &path, &end))).await;
    let first = answers[0].success();
    for answer in &answers {
        assert_eq!(answer.success(), first);
    }
    let lines = journal_lines(&demo).await;
    demo.kill_9();
    demo.restart().await;
    let api = Api::of(&demo).await;
    let again = api.post_once("k-1", &path, &end).await.success();
    assert_eq!(departure_in(&again), departure_in(&first), "after a crash as well");
    let departures = api.get(&format!("/departures?rpps={}", person.rpps)).await.success();
    assert_eq!(departures["items"].as_array().map(Vec::len), Some(1));
    assert!(journal_lines(&demo).await >= lines);

    let other = api.post_once("k-1", &path, &json!({"immediate": true, "reason": "x"})).await;
    assert_eq!(other.told(), (422, "idempotency_key_reused".into()), "{}", other.body);
    let late = api.post_once("k-2", &path, &end).await;
    assert_eq!(late.status, 409, "{}", late.body);
}

#[tokio::test]
async fn a_person_asked_for_twice_is_made_once() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let body = json!({
        "civility": "M", "birth_name": "TESSONNEAU", "first_names": ["Rémi"], "sex": "M",
        "birth_date": "1988-10-10", "birth_country": "99100", "birth_commune": "69266",
        "email": "remi.tessonneau@example.org", "mobile": "+33639980070",
        "situation": {"finess": demo.world.finess("rive-claire"), "profession": "326",
                      "role": "GENR10", "mode": "S", "started_on": "2025-01-06"},
    });
    at_once(&api, "/professionals", &body).await;
    for key in ["", "é", &"k".repeat(300)] {
        let answer = api.post_once(key, "/professionals", &body).await;
        assert_eq!(answer.status, 400, "{key}: {}", answer.body);
    }
}

/// Ten times the same write under one key: ten times the one answer.
async fn at_once(api: &Api, path: &str, body: &serde_json::Value) {
    for round in 0..3 {
        let key = format!("once-{path}");
        let answers = join_all((0..10).map(|_| api.post_once(&key, path, body))).await;
        for answer in &answers {
            let expected = (201, answers[0].json());
            assert_eq!((answer.status, answer.json()), expected, "{round}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn whoever_is_hired_or_let_in_twice_at_once_is_so_once() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let there = demo.world.finess("rive-claire");
    let hired = json!({"finess": there, "profession": "313", "role": "GENR11", "mode": "S",
                       "started_on": "2025-03-14"});
    at_once(&api, &format!("/professionals/{}/situations", person.rpps), &hired).await;
    let access = json!({"rpps": demo.person("infirmiere").rpps, "finess": there});
    at_once(&api, "/local-accesses", &access).await;
    let client = json!({"client_id": "une-fois", "client_name": "Une fois",
                        "redirect_uris": ["http://127.0.0.1:9/"]});
    at_once(&api, "/clients", &client).await;
    let person = api.person(&person.rpps).await;
    assert_eq!(person["situations"].as_array().map(Vec::len), Some(2), "{person}");
}
