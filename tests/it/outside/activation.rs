//! From registration to an active e-CPS, in the order and at the hours that the rules give.

use serde_json::{Value, json};

use super::{
    api::Api,
    browser::Browser,
    demo::Demo,
    departure::check_digit,
    http::Answer,
    party::{Doors, Party},
    scenes::{Phone, log_in},
    world::{Person, text},
};

/// Registers somebody by the API; `line` tells her from others.
async fn register(demo: &Demo, api: &Api, line: u32, more: Value) -> Answer {
    let mut body = json!({
        "civility": "MME", "birth_name": format!("SOULARD-{}", ["UN", "DEUX", "TROIS"][line as usize]),
        "first_names": ["Maëlle", "Anne"], "sex": "F", "birth_date": "1991-02-03",
        "birth_country": "99100", "birth_commune": "01004",
        "email": format!("maelle.soulard.{line}@example.org"),
        "mobile": format!("+3363998009{line}"),
        "situation": {"finess": demo.world.finess("tilleuls"), "profession": "313",
                      "role": "GENR11", "mode": "S", "started_on": "2025-01-06"},
    });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().cloned().unwrap_or_default());
    api.post("/professionals", &body).await
}

async fn messages(demo: &Demo, to: &str) -> Vec<Value> {
    let mut url = url::Url::parse(&demo.at("phone", "/api/messages")).unwrap();
    url.query_pairs_mut().append_pair("to", to);
    demo.get(url.as_str()).await.success().as_array().cloned().unwrap_or_default()
}

/// The newest mail with a secret, waited for: it leaves from the outbox.
async fn messages_until(demo: &Demo, to: &str, satisfies: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..10_000 {
        let found = messages(demo, to).await;
        if satisfies(&found) {
            return found;
        }
        tokio::task::yield_now().await;
    }
    panic!("the message to {to} never came: {:?}", messages(demo, to).await);
}

fn secret(messages: &[Value], length: usize) -> String {
    let codes = messages.iter().flat_map(|one| one["codes"].as_array().unwrap());
    let mut found = codes.filter_map(Value::as_str).filter(|code| code.len() == length);
    found.next().unwrap_or_else(|| panic!("no secret in {messages:?}")).to_owned()
}

/// An activation that was asked for, and its two secrets.
async fn asked(demo: &Demo, person: &Person) -> (String, String, String) {
    let known = messages(demo, &person.email).await.len();
    let answer = Phone::of(demo, person).call("activation", &json!({})).await.success();
    let mails = messages_until(demo, &person.email, |now| now.len() > known).await;
    let texts = messages(demo, &person.mobile).await;
    (text(&answer["id"]), secret(&mails, 8), secret(&texts, 6))
}

async fn finish(
    demo: &Demo,
    person: &Person,
    id: &str,
    secrets: (&str, &str),
    pin: &str,
) -> Answer {
    let body = json!({"mail_secret": secrets.0, "sms_secret": secrets.1, "pin": pin});
    Phone::of(demo, person).call(&format!("activation/{id}/finish"), &body).await
}

#[tokio::test]
async fn delays_are_kept_and_nothing_is_skipped() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let before = demo.get(&format!("{}/demo/clock", demo.gateway())).await.success();
    let created = register(&demo, &api, 0, json!({})).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(created.body.starts_with("{\"rpps\":"), "rpps comes first: {}", created.body);
    let created = created.json();
    let rpps = text(&created["rpps"]);
    assert_eq!(rpps.len(), 11);
    assert!(rpps.ends_with(&check_digit(&rpps[..10]).to_string()), "check digit of {rpps}");
    let person = Person {
        identifier: format!("8{rpps}"),
        pin: "2468".to_owned(),
        email: "maelle.soulard.0@example.org".to_owned(),
        mobile: "+33639980090".to_owned(),
        rpps: rpps.clone(),
    };
    let mails = messages_until(&demo, &person.email, |mails| !mails.is_empty()).await;
    assert!(mails[0]["text"].as_str().unwrap().contains(&rpps), "{}", mails[0]);

    let phone = Phone::of(&demo, &person);
    let early = phone.call("activation", &json!({})).await;
    assert_eq!(early.told(), (409, "too_early".into()), "{}", early.body);
    let at: jiff::Timestamp = text(&early.json()["activable_at"]).parse().unwrap();
    let asked_at: jiff::Timestamp = text(&before["calendar"]).parse().unwrap();
    let wait = at.duration_since(asked_at).as_secs();
    assert!((48 * 3600..48 * 3600 + 120).contains(&wait), "{wait} s");
    let eleven = phone.call("activation", &json!({ "identifier": rpps })).await;
    assert_eq!(eleven.told(), (404, "unknown_identifier".into()), "{}", eleven.body);
    assert!(text(&eleven.json()["detail"]).contains('8'), "{}", eleven.body);

    let entry = format!("{}/annuaire/{rpps}", demo.gateway());
    assert_eq!(demo.get(&entry).await.status, 404);
    demo.set_calendar(&(at - jiff::SignedDuration::from_hours(24)).to_string()).await.success();
    let visible = demo.get(&entry).await;
    assert_eq!(visible.status, 200, "{}", visible.body);
    for hidden in ["1991", "SOULARD-UN".to_lowercase().as_str(), "example.org", "39980090"] {
        assert!(!visible.body.contains(hidden), "the directory tells {hidden}");
    }
    assert_eq!(phone.call("activation", &json!({})).await.word(), "too_early");
    assert_eq!(api.card(&rpps).await, "waiting");
    demo.set_calendar(&at.to_string()).await.success();
    assert_eq!(api.card(&rpps).await, "activable");
    let (id, mail, sms) = asked(&demo, &person).await;
    finish(&demo, &person, &id, (&mail, &sms), &person.pin).await.success();
    assert_eq!(api.card(&rpps).await, "active");

    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

#[tokio::test]
async fn wrong_secrets_are_counted_and_somebody_elses_are_wrong() {
    let demo = Demo::start().await;
    let (person, other) = (demo.person("recent"), demo.person("aide-soignante"));
    demo.advance("PT48H").await;
    let (id, mail, sms) = asked(&demo, &person).await;
    let (_, others_mail, others_sms) = asked(&demo, &other).await;
    let tries = [
        (others_mail.as_str(), others_sms.as_str()),
        (mail.as_str(), others_sms.as_str()),
        (others_mail.as_str(), sms.as_str()),
        ("", ""),
        ("ABCDEFGH", "000000"),
    ];
    for (left, secrets) in [4, 3, 2, 1, 0].into_iter().zip(tries) {
        let answer = finish(&demo, &person, &id, secrets, "2468").await;
        assert_eq!(answer.told(), (400, "wrong_secret".into()), "{left}: {}", answer.body);
        assert_eq!(answer.json()["attempts_left"], left);
    }
    let late = finish(&demo, &person, &id, (&mail, &sms), "2468").await;
    assert_eq!(late.told(), (410, "expired".into()), "{}", late.body);
    let (id, mail, sms) = asked(&demo, &person).await;
    for pin in ["1111", "1234", "12", "abcd"] {
        let answer = finish(&demo, &person, &id, (&mail, &sms), pin).await;
        assert_eq!(answer.told(), (400, "bad_pin".into()), "{pin}: {}", answer.body);
    }
    finish(&demo, &person, &id, (&mail, &sms), "2468").await.success();
}

#[tokio::test]
async fn a_new_phone_ends_the_old_one_and_its_unfinished_twin() {
    let demo = Demo::start().await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, tokens) = super::scenes::logged_in(&demo, &party, &person).await;
    let otp = Phone::of(&demo, &person).one_time_code(&person.pin).await;
    let first = asked(&demo, &person).await;
    let second = asked(&demo, &person).await;
    finish(&demo, &person, &second.0, (&second.1, &second.2), "1357").await.success();
    let late = finish(&demo, &person, &first.0, (&first.1, &first.2), "9753").await;
    assert!((400..500).contains(&late.status), "{}", late.body);
    assert_eq!(party.doors(&tokens).await, Doors::shut(), "a replaced card cuts the person");
    let mut browser = Browser::for_parties(&[&party]);
    let page = super::log_in::with_one_time_code(&mut browser, &party, &person, &otp).await;
    assert!(page.parameter("code").is_none(), "the old phone's code: {}", page.summary());
    let person = Person { pin: "1357".to_owned(), ..person };
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
}

#[tokio::test]
async fn one_call_makes_somebody_who_can_log_in() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let created = register(&demo, &api, 1, json!({"ready": true})).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let person = Person::from(&created.json());
    // Her phone approves by itself: here she does.
    let mode = demo.at("phone", &format!("/api/phones/{}/mode", person.rpps));
    let off = demo.http.put(mode).json(&json!({"auto": "off"})).send().await;
    assert!(off.unwrap().status().is_success());
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = log_in(&demo, &mut browser, &party.start(&[]), &person).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
    let twin =
        register(&demo, &api, 1, json!({"email": "b@example.org", "mobile": "+33639980077"}));
    let twin = twin.await;
    assert_eq!(twin.status, 409, "one person, one number: {}", twin.body);
}

#[tokio::test]
async fn every_fault_of_a_registration_is_told_at_once() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let faulty = json!({"civility": "DR", "birth_name": "", "first_names": [], "sex": "X",
        "birth_date": "1991-02-30", "email": "nobody", "mobile": "12",
        "situation": {"finess": "000000000", "profession": "999", "role": "GENR99", "mode": "?",
                      "started_on": "hier"}});
    let answer = register(&demo, &api, 2, faulty).await;
    assert!(matches!(answer.status, 400 | 422), "{}", answer.body);
    for field in [
        "civility",
        "birth_name",
        "first_names",
        "sex",
        "birth_date",
        "email",
        "mobile",
        "situation.finess",
        "situation.profession",
        "situation.mode",
        "situation.started_on",
    ] {
        assert!(answer.body.contains(&format!("\"{field}\"")), "{field}: {}", answer.body);
    }
    assert!(messages(&demo, "maelle.soulard.2@example.org").await.is_empty());
}
