//! Promise 11: what matters is written down, and no secret with it.

use serde_json::Value;

use super::{
    api::{Api, all_in},
    browser::Browser,
    demo::Demo,
    party::{Party, Tokens},
    scenes::{journal_lines, log_in},
};

/// Every line, read page by page.
async fn lines(api: &Api) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut path = "/journal?limit=50".to_owned();
    loop {
        let page = api.get(&path).await.success();
        lines.extend(page["items"].as_array().cloned().unwrap());
        let Some(next) = page["next"].as_str() else { return lines };
        path = format!("/journal?limit=50&after={next}");
    }
}

#[tokio::test]
async fn each_step_of_a_log_in_and_of_a_departure_is_there() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let before = lines(&api).await.len();
    let mut browser = Browser::for_parties(&[&party]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let code = page.parameter("code").unwrap();
    let tokens = Tokens::from(party.redeem(&code).await.success());
    let renewed = Tokens::from(party.refresh(&tokens.refresh).await.success());
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let departure = api.end_now(&situation).await;
    api.ledger_until(&departure, all_in("confirmed")).await;
    let lines = lines(&api).await;

    let new: Vec<&Value> = lines.iter().skip(before).map(|line| &line["entry"]).collect();
    let events: Vec<&str> = new.iter().filter_map(|entry| entry["event"].as_str()).collect();
    let expected = [
        "proof_made",
        "grant_opened",
        "code_redeemed",
        "tokens_refreshed",
        "situation_ended",
        "logout_confirmed",
    ];
    let mut rest = events.iter();
    for event in expected {
        assert!(
            rest.any(|found| *found == event),
            "{event} is missing, or out of order: {events:?}"
        );
    }
    assert!(events.contains(&"card_suspended"), "{events:?}");
    let ended = new.iter().find(|entry| entry["event"] == "situation_ended").unwrap();
    assert_eq!(ended["person"], person.rpps.as_str());
    assert_eq!(ended["situation"], situation.as_str());
    assert_eq!(ended["departure"], departure.as_str());
    assert!(ended.to_string().contains("\"api\""), "who did it: {ended}");

    for (place, line) in lines.iter().enumerate() {
        assert_eq!(line["seq"], place + 1, "numbered without gaps");
    }
    let all = serde_json::to_string(&lines).unwrap();
    let (_, program) = demo.world.api();
    let secrets = [&code, &tokens.access, &renewed.refresh, &party.secret, &program, &person.email];
    for secret in secrets {
        assert!(!all.contains(secret.as_str()), "the journal tells {secret}");
    }
    assert_eq!(journal_lines(&demo).await, lines.len() as u64);
}
