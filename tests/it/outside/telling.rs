//! Promise 10: the outside is told until it confirms, and the ledger says how far that has come.

use serde_json::{Value, json};

use super::{
    api::{Api, all_in},
    browser::Browser,
    demo::Demo,
    scenes::log_in,
};

/// The software of Les Grands Tilleuls, somebody logged in to it, and how it hears of ends.
async fn told_while(fault: &str) -> (Demo, Api, Browser, String) {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let mut browser = Browser::new();
    let start = demo.at("dui-tilleuls", "/connexion");
    let page = log_in(&demo, &mut browser, &start, &person).await;
    assert_eq!(page.text("#rpps"), Some(person.rpps.clone()), "{}", page.summary());
    set_fault(&demo, fault).await;
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let departure = api.end_now(&situation).await;
    (demo, api, browser, departure)
}

async fn set_fault(demo: &Demo, mode: &str) {
    demo.post_json(&demo.at("dui-tilleuls", "/api/panne"), &json!({ "mode": mode }))
        .await
        .success();
}

async fn session(demo: &Demo, browser: &mut Browser) -> u16 {
    browser.get(&demo.at("dui-tilleuls", "/api/session")).await.answer.status
}

fn tried(ledger: &[Value]) -> bool {
    all_in("sent")(ledger) && ledger.iter().all(|line| line["tries"].as_u64() >= Some(1))
}

#[tokio::test]
async fn software_that_is_down_is_told_again_until_it_confirms() {
    let (demo, api, mut browser, departure) = told_while("down").await;
    let ledger = api.ledger_until(&departure, tried).await;
    assert_eq!(ledger[0]["client_id"], "dui-tilleuls");
    assert!(ledger[0]["problem"].as_str().unwrap().contains("503"), "{}", ledger[0]);
    assert!(ledger[0]["confirmed_at"].is_null());
    // Its own session knows nothing yet, but whoever asks the gateway does.
    assert_eq!(session(&demo, &mut browser).await, 200);
    let verify = demo.at("dui-tilleuls", "/api/verifier");
    assert_eq!(browser.post(&verify, &[]).await.answer.json()["active"], false);

    set_fault(&demo, "ok").await;
    let ledger = api.ledger_until(&departure, all_in("confirmed")).await;
    assert!(ledger[0]["tries"].as_u64() >= Some(2) && ledger[0]["confirmed_at"].is_string());
    assert_eq!(session(&demo, &mut browser).await, 401);
}

#[tokio::test]
async fn slow_software_holds_nobody_else_up() {
    let (demo, api, mut browser, departure) = told_while("slow").await;
    // Another departure, at a structure whose software is well, is told at once.
    let person = demo.person("gestionnaire");
    let mut other = Browser::new();
    let start = demo.at("dui-rive-claire", "/connexion");
    log_in(&demo, &mut other, &start, &person).await;
    let situation = api.situation(&person.rpps, &demo.world.finess("rive-claire")).await;
    let theirs = api.end_now(&situation).await;
    api.ledger_until(&theirs, all_in("confirmed")).await;
    let ledger = api.ledger(&departure).await;
    assert!(!all_in("confirmed")(&ledger), "{ledger:?}");
    assert_eq!(session(&demo, &mut browser).await, 200);
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_no_line() {
    let (mut demo, api, _, departure) = told_while("down").await;
    api.ledger_until(&departure, tried).await;
    demo.kill_9();
    demo.restart().await;
    set_fault(&demo, "ok").await;
    let ledger = api.ledger_until(&departure, all_in("confirmed")).await;
    assert_eq!(ledger.len(), 1);
}
