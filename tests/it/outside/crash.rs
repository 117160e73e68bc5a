//! Promise 2: what was answered survives the death of the process.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    api::{Api, all_in},
    demo::Demo,
    http::try_send,
    party::{Doors, Party, Tokens},
    scenes::{journal_lines, log_in, logged_in, refused_with},
};

#[tokio::test]
async fn killed_right_after_the_answer_everything_is_still_shut_and_the_notice_leaves() {
    let mut demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let code = browser.get(&party.silent()).await.parameter("code").unwrap();
    let fault = demo.at("dui-tilleuls", "/api/panne");
    demo.post_json(&fault, &json!({"mode": "down"})).await.success();
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;

    let departure = api.end_now(&situation).await;
    demo.kill_9();
    demo.restart().await;

    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(party.redeem(&code).await.told(), (400, "invalid_grant".into()));
    assert_eq!(refused_with(&browser.get(&party.silent()).await), "login_required");
    // The program's own token outlives the crash: nothing cut it.
    assert_eq!(api.card(&person.rpps).await, "suspended");
    let ledger = api.ledger_until(&departure, all_in("confirmed")).await;
    assert_eq!(ledger.len(), 2, "one line for each grant: {ledger:?}");
    assert!(journal_lines(&demo).await > 0);
    api.reopen(&situation).await;
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

#[tokio::test]
async fn what_was_open_stays_open_across_a_crash() {
    let mut demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let code = browser.get(&party.silent()).await.parameter("code").unwrap();
    let keys = demo.get(&party.endpoint("certs")).await.success();
    demo.kill_9();
    demo.restart().await;
    assert_eq!(demo.get(&party.endpoint("certs")).await.success(), keys, "keys are kept");
    assert_eq!(party.doors(&tokens).await, Doors::open());
    let redeemed = Tokens::from(party.redeem(&code).await.success());
    assert_eq!(party.doors(&redeemed).await, Doors::open());
    assert_eq!(party.redeem(&code).await.told(), (400, "invalid_grant".into()));
    assert_eq!(party.doors(&redeemed).await, Doors::shut());
}

/// Whatever was under way when the process died: each end was done whole, or not at all.
#[tokio::test]
async fn killed_in_the_middle_of_many_ends_nothing_is_half_done() {
    let mut demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let party = Party::of(&demo, "plateforme");
    let keys = ["directrice", "gestionnaire", "aide-soignante", "rssi"];
    let mut held = Vec::new();
    for key in keys {
        let person = demo.person(key);
        let (_, tokens) = logged_in(&demo, &party, &person).await;
        let path = format!("/professionals/{}", person.rpps);
        let situation = api.get(&path).await.success()["situations"][0]["id"].clone();
        held.push((person, tokens, super::world::text(&situation)));
    }
    let (url, token) = (format!("{}/api/v1", demo.gateway()), api.token().to_owned());
    let http = demo.http.clone();
    let ends: Vec<_> = held
        .iter()
        .map(|(_, _, situation)| {
            let request = http.post(format!("{url}/situations/{situation}/end"));
            try_send(request.bearer_auth(&token).json(&json!({"immediate": true})))
        })
        .collect();
    let mut ends = Box::pin(join_all(ends));
    // Under way, not answered: one look at each is enough to send them all.
    let answered = futures_util::future::poll_immediate(&mut ends).await;
    assert!(answered.is_none());
    demo.get(&format!("{}/health/live", demo.gateway())).await;
    demo.kill_9();
    let answers = ends.await;
    demo.restart().await;

    for ((person, tokens, _), answer) in held.iter().zip(answers) {
        let now = api.person(&person.rpps).await;
        let ended = now["situations"][0]["state"] == "ended";
        if answer.is_ok_and(|answer| answer.status == 200) {
            assert!(ended, "an end that was answered is lost: {now}");
        }
        let expected = if ended { Doors::shut() } else { Doors::open() };
        assert_eq!(party.doors(tokens).await, expected, "{now}");
        let departures = api.get(&format!("/departures?rpps={}", person.rpps)).await.success();
        let done = departures["items"].as_array().map_or(0, Vec::len);
        assert_eq!(done, usize::from(ended), "{departures}");
        let card = if ended { "suspended" } else { "active" };
        assert_eq!(now["card"], Value::from(card));
    }
    assert!(journal_lines(&demo).await > 0);
}

#[tokio::test]
async fn asked_to_stop_it_stops_well_and_starts_again_in_the_same_world() {
    let mut demo = Demo::start().await;
    let before = demo.person("educateur");
    assert_eq!(demo.stop(), Some(0));
    demo.restart().await;
    let after = demo.person("educateur");
    assert_eq!((before.rpps, before.pin), (after.rpps.clone(), after.pin.clone()));
    let party = Party::of(&demo, "dui-rive-claire");
    let (_, tokens) = logged_in(&demo, &party, &after).await;
    assert_eq!(party.doors(&tokens).await, Doors::open());
}
