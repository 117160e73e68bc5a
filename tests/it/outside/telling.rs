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
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let mut situations = Vec::new();
    for (key, software, at) in [
        ("aide-soignante", "dui-tilleuls", "tilleuls"),
        ("gestionnaire", "dui-rive-claire", "rive-claire"),
    ] {
        let person = demo.person(key);
        let start = demo.at(software, "/connexion");
        log_in(&demo, &mut Browser::new(), &start, &person).await;
        situations.push(api.situation(&person.rpps, &demo.world.finess(at)).await);
    }
    set_fault(&demo, "slow").await;
    let slow = api.end_now(&situations[0]).await;
    let theirs = api.end_now(&situations[1]).await;
    api.ledger_until(&theirs, all_in("confirmed")).await;
    let ledger = api.ledger(&slow).await;
    assert!(ledger.iter().all(|line| line["tries"] == 0), "the first try still waits: {ledger:?}");
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_holds_no_software_up() {
    let mut demo = Demo::start().await;
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = mute.local_addr().unwrap().port().to_string();
    demo.stop();
    demo.restart_with(&[("PASSERELLE_SMTP__PORT", &port)]).await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let start = demo.at("dui-tilleuls", "/connexion");
    log_in(&demo, &mut Browser::new(), &start, &person).await;
    let hired = serde_json::json!({
        "civility": "MME", "birth_name": "Mutin", "first_names": ["Aline"], "sex": "F",
        "birth_date": "1990-02-03", "birth_country": "99100", "birth_commune": "21231",
        "email": "aline.mutin@example.org", "mobile": "+33639980977",
        "situation": {"finess": demo.world.finess("tilleuls"), "profession": "313",
                      "role": "GENR11", "mode": "S", "started_on": "2026-01-05"},
    });
    api.post("/professionals", &hired).await.success();
    // Its mail is on the way, and stays there.
    let (_held, _) = mute.accept().await.unwrap();
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let departure = api.end_now(&situation).await;
    api.ledger_until(&departure, all_in("confirmed")).await;
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
