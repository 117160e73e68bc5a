//! Promise 4: nothing revives. Only a new log-in opens.

use serde_json::json;

use super::{
    api::Api,
    browser::Browser,
    demo::Demo,
    party::{Doors, Party},
    scenes::{Phone, code_on, identify, log_in, logged_in, refused_with, silently},
};

#[tokio::test]
async fn undoing_an_end_revives_nothing_and_a_new_log_in_opens() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let code = browser.get(&party.silent()).await.parameter("code").unwrap();
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;

    api.end_now(&situation).await;
    api.reopen(&situation).await;

    assert_eq!(api.card(&person.rpps).await, "active");
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(party.redeem(&code).await.told(), (400, "invalid_grant".into()));
    assert_eq!(refused_with(&browser.get(&party.silent()).await), "login_required");
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let fresh = party.tokens(&page).await;
    assert_eq!(party.doors(&fresh).await, Doors::open());
    assert_eq!(party.doors(&tokens).await, Doors::shut());
}

/// A stamp taken when the proof ends, and not when it starts, would let this one in.
#[tokio::test]
async fn a_challenge_that_waited_through_an_end_and_its_undoing_opens_nothing() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let phone = Phone::of(&demo, &person);
    let challenge = phone.challenge().await;
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;

    api.end_now(&situation).await;
    api.reopen(&situation).await;

    assert_eq!(phone.pending().await.len(), 0);
    let approval = phone.approve(&challenge, &code_on(&page), &person.pin).await;
    assert_eq!(approval.told(), (410, "challenge_gone".into()), "{}", approval.body);
    let page = browser.again(&page).await;
    assert!(page.parameter("code").is_none() && !page.has("#code-a-comparer"));
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

#[tokio::test]
async fn hired_again_she_keeps_number_and_card_and_nothing_old_works() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let finess = demo.world.finess("tilleuls");
    let (mut browser, tokens) = logged_in(&demo, &party, &person).await;
    let situation = api.situation(&person.rpps, &finess).await;
    api.end_now(&situation).await;

    let again = json!({"finess": finess, "profession": "313", "role": "GENR11", "mode": "S",
                       "started_on": "2022-03-14"});
    let path = format!("/professionals/{}/situations", person.rpps);
    let answer = api.post(&path, &again).await;
    assert_eq!(answer.status, 201, "{}", answer.body);

    assert_eq!(api.card(&person.rpps).await, "active");
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert_eq!(refused_with(&browser.get(&party.silent()).await), "login_required");
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    let fresh = party.tokens(&page).await;
    assert_eq!(party.doors(&fresh).await, Doors::open());
    assert_eq!(fresh.claim("SubjectNameID"), tokens.claim("SubjectNameID"));
    assert_eq!(fresh.claim("sub"), tokens.claim("sub"), "a person's sub never changes");
}

#[tokio::test]
async fn an_end_that_was_called_off_never_comes() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, tokens) = logged_in(&demo, &party, &person).await;
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let clock = demo.get(&format!("{}/demo/clock", demo.gateway())).await.success();
    let now: jiff::Timestamp = clock["calendar"].as_str().unwrap().parse().unwrap();
    let at = now + jiff::SignedDuration::from_hours(5);
    let end = json!({"at": at.to_string(), "reason": "erreur de saisie"});
    api.post(&format!("/situations/{situation}/end"), &end).await.success();
    api.reopen(&situation).await;
    demo.advance("PT6H").await;
    assert_eq!(party.doors(&tokens).await, Doors::open());
}

#[tokio::test]
async fn a_client_disabled_and_enabled_again_starts_anew() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let (client, other) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let mut browser = Browser::for_parties(&[&client, &other]);
    let page = log_in(&demo, &mut browser, &client.start(&[]), &person).await;
    let old = client.tokens(&page).await;
    let code = browser.get(&client.silent()).await.parameter("code").unwrap();
    let elsewhere = silently(&mut browser, &other).await;
    let territory = Party::of(&demo, "api-territoire");

    api.put("/clients/dui-tilleuls", &json!({"enabled": false})).await.success();
    let refused = client.refresh(&old.refresh).await;
    assert_eq!(refused.told(), (401, "invalid_client".into()), "{}", refused.body);
    assert_eq!(territory.introspect(&old.access).await, json!({"active": false}));
    assert_eq!(client.userinfo(&old.access).await.status, 401);
    let page = browser.get(&client.silent()).await;
    assert_eq!(page.error(), "client_inconnu", "{}", page.summary());
    assert_eq!(other.doors(&elsewhere).await, Doors::open());

    api.put("/clients/dui-tilleuls", &json!({"enabled": true})).await.success();
    assert_eq!(client.doors(&old).await, Doors::shut());
    assert_eq!(client.redeem(&code).await.told(), (400, "invalid_grant".into()));
    let fresh = silently(&mut browser, &client).await;
    assert_eq!(client.doors(&fresh).await, Doors::open());
    assert_eq!(client.doors(&old).await, Doors::shut());
}
