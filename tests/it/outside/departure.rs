//! Promises 2 and 5: when the end has been answered, every door is shut; and only what should close.

use serde_json::json;

use super::{
    api::{Api, all_in},
    browser::Browser,
    demo::Demo,
    party::{Doors, Party, Tokens},
    scenes::{Phone, code_on, identify, journal_lines, log_in, logged_in, refused_with, silently},
    world::Person,
};

/// Everything that somebody may hold or wait for when her situation ends.
struct Held {
    browser: Browser,
    tokens: Tokens,
    elsewhere: Tokens,
    code: String,
}

async fn held(demo: &Demo, person: &Person, bound: &Party, national: &Party) -> Held {
    let mut browser = Browser::for_parties(&[bound, national]);
    let page = log_in(demo, &mut browser, &bound.start(&[]), person).await;
    let tokens = bound.tokens(&page).await;
    let elsewhere = silently(&mut browser, national).await;
    assert_eq!(bound.doors(&tokens).await, Doors::open());
    assert_eq!(national.doors(&elsewhere).await, Doors::open());
    let code = browser.get(&bound.silent()).await.parameter("code").unwrap();
    Held { browser, tokens, elsewhere, code }
}

#[tokio::test]
async fn once_the_end_is_answered_no_door_opens() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let (bound, national) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let other = Party::of(&demo, "api-territoire");
    let mut held = held(&demo, &person, &bound, &national).await;
    let mut waiting = Browser::for_parties(&[&bound]);
    let page = identify(&mut waiting, &bound.start(&[]), &person).await;
    let phone = Phone::of(&demo, &person);
    let challenge = phone.challenge().await;

    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    api.end_now(&situation).await;

    assert_eq!(bound.doors(&held.tokens).await, Doors::shut());
    assert_eq!(national.doors(&held.elsewhere).await, Doors::shut());
    for token in [&held.tokens.access, &held.tokens.refresh, &held.elsewhere.access] {
        assert_eq!(other.introspect(token).await, json!({"active": false}));
    }
    let userinfo = bound.userinfo(&held.tokens.access).await;
    let told = userinfo.header("www-authenticate");
    assert!(told.starts_with("Bearer") && told.contains("invalid_token"), "{told}");
    assert_eq!(bound.redeem(&held.code).await.told(), (400, "invalid_grant".into()));
    let silent = held.browser.get(&bound.silent()).await;
    assert_eq!(refused_with(&silent), "login_required");
    let silent = held.browser.get(&national.silent()).await;
    assert_eq!(refused_with(&silent), "login_required");

    let approval = phone.approve(&challenge, &code_on(&page), &person.pin).await;
    assert!(matches!(approval.status, 403 | 410), "{}", approval.body);
    let page = waiting.again(&page).await;
    assert!(page.parameter("code").is_none() && !page.error().is_empty(), "{}", page.summary());
    assert_eq!(api.card(&person.rpps).await, "suspended");
    assert!(journal_lines(&demo).await > 0);
}

#[tokio::test]
async fn the_software_is_told_and_its_cookie_opens_nothing() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let mut browser = Browser::new();
    let software = |path: &str| demo.at("dui-tilleuls", path);
    let page = log_in(&demo, &mut browser, &software("/connexion"), &person).await;
    assert_eq!(page.text("#rpps").as_ref(), Some(&person.rpps), "{}", page.summary());
    let session = browser.get(&software("/api/session")).await.answer.success();
    assert_eq!(session["dmp"].as_array().map(Vec::len), Some(26), "{session}");
    let national = demo.at("dui-tilleuls", "/plateforme");
    let page = browser.get(&format!("{national}/connexion?silencieux=oui")).await;
    assert_eq!(page.text("#rpps").as_ref(), Some(&person.rpps), "{}", page.summary());

    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let departure = api.end_now(&situation).await;
    let ledger = api.ledger_until(&departure, all_in("confirmed")).await;

    let mut told: Vec<_> = ledger.iter().map(|line| line["client_id"].as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["dui-tilleuls", "plateforme"]);
    for address in [software("/api/session"), format!("{national}/api/session")] {
        let closed = browser.get(&address).await.answer;
        assert_eq!((closed.status, &closed.json()["closed_by"]), (401, &json!("departure")));
    }
    let page = browser.get(&software("/dossier")).await;
    assert_eq!((page.answer.status, page.error().as_str()), (401, "acces_termine"));
    let renewal = browser.post(&software("/api/rafraichir"), &[]).await.answer;
    assert_eq!(renewal.status, 401, "{}", renewal.body);
}

#[tokio::test]
async fn why_the_door_is_shut_is_told_after_a_proof_and_not_before() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    api.end_now(&situation).await;

    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let code = code_on(&page);
    let mut stranger = Browser::for_parties(&[&party]);
    let nobody = Person { identifier: unknown_identifier(&demo), ..person.clone() };
    let theirs = identify(&mut stranger, &party.start(&[]), &nobody).await;
    // The code and the request's identifier differ, and have one length each.
    let shown = |page: &super::browser::Page| {
        let code = format!("<strong id=\"code-a-comparer\">{}</strong>", code_on(page));
        assert!(page.answer.body.contains(&code), "{}", page.summary());
        (page.answer.status, page.answer.body.len())
    };
    assert_eq!(shown(&page), shown(&theirs), "the pages differ before any proof");

    let phone = Phone::of(&demo, &person);
    let challenge = phone.challenge().await;
    let refused = phone.approve(&challenge, &code, &person.pin).await;
    assert_eq!(refused.told(), (403, "card_inactive".into()), "{}", refused.body);
    let page = browser.again(&page).await;
    assert_eq!(page.error(), "carte_inactive", "{}", page.summary());
    assert!(page.text("#erreur").unwrap_or_default().contains("situation"), "in plain French");
}

/// A number with a right check digit that nobody holds here.
fn unknown_identifier(demo: &Demo) -> String {
    let held: Vec<String> = ["directrice", "gestionnaire", "aide-soignante", "educateur"]
        .into_iter()
        .chain(["infirmiere", "recent", "rssi"])
        .map(|key| demo.person(key).rpps)
        .collect();
    let candidate = |number: &u64| {
        let stem = format!("99{:08}", 10_000_000 - number);
        format!("{stem}{}", check_digit(&stem))
    };
    let free = (1..100).map(|number| candidate(&number)).find(|rpps| !held.contains(rpps));
    format!("8{}", free.unwrap())
}

/// Luhn's digit, as the RPPS number has it.
pub(super) fn check_digit(stem: &str) -> u32 {
    let digits = stem.chars().rev().filter_map(|c| c.to_digit(10)).enumerate();
    let sum: u32 = digits
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) if digit >= 5 => digit * 2 - 9,
            (0, digit) => digit * 2,
            (_, digit) => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

#[tokio::test]
async fn leaving_one_employer_leaves_the_other_alone() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("educateur");
    let [left, stays, national] =
        ["dui-tilleuls", "dui-rive-claire", "plateforme"].map(|key| Party::of(&demo, key));
    let mut browser = Browser::for_parties(&[&left, &stays, &national]);
    let page = log_in(&demo, &mut browser, &left.start(&[]), &person).await;
    let lost = left.tokens(&page).await;
    let kept = silently(&mut browser, &stays).await;
    let seen = silently(&mut browser, &national).await;
    assert_eq!(workplaces(&national, &seen).await.len(), 2);

    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    api.end_now(&situation).await;

    assert_eq!(left.doors(&lost).await, Doors::shut());
    assert_eq!(stays.doors(&kept).await, Doors::open());
    assert_eq!(national.doors(&seen).await, Doors::open());
    let rive_claire = demo.world.finess("rive-claire");
    assert_eq!(workplaces(&national, &seen).await, [rive_claire]);
    assert_ne!(refused_with(&browser.get(&left.silent()).await), "");
    assert_eq!(stays.doors(&silently(&mut browser, &stays).await).await, Doors::open());
    assert_eq!(api.card(&person.rpps).await, "active");
}

#[tokio::test]
async fn a_local_access_taken_back_closes_its_structure_and_nothing_else() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("infirmiere");
    let (bound, national) = (Party::of(&demo, "dui-tilleuls"), Party::of(&demo, "plateforme"));
    let mut browser = Browser::for_parties(&[&bound, &national]);
    let page = log_in(&demo, &mut browser, &bound.start(&[]), &person).await;
    let lost = bound.tokens(&page).await;
    let kept = silently(&mut browser, &national).await;

    let path = format!("/local-accesses?rpps={}", person.rpps);
    let accesses = api.get(&path).await.success();
    let access = accesses["items"][0]["id"].as_str().unwrap().to_owned();
    api.delete(&format!("/local-accesses/{access}")).await.success();

    assert_eq!(bound.doors(&lost).await, Doors::shut());
    assert_eq!(national.doors(&kept).await, Doors::open());
    // Her situation at the same place was entered by her Ordre: that opens no bound client.
    let mut again = Browser::for_parties(&[&bound]);
    let page = identify(&mut again, &bound.start(&[]), &person).await;
    let phone = Phone::of(&demo, &person);
    phone.approve(&phone.challenge().await, &code_on(&page), &person.pin).await;
    let page = again.again(&page).await;
    assert_eq!(page.error(), "acces_refuse", "{}", page.summary());
}

#[tokio::test]
async fn an_ordres_situation_is_not_the_employers_to_end() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("infirmiere");
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let client = json!({"client_name": "Paie", "grant_types": ["client_credentials"],
                        "scope": "registry:read registry:write",
                        "structure": demo.world.finess("tilleuls")});
    let payroll = api.post("/clients", &client).await.success();
    let party = Party::registered(&demo, &payroll);
    let token = party.call("token", &[("grant_type", "client_credentials")]).await.success();
    let bearer = token["access_token"].as_str().unwrap();
    let url = format!("{}/api/v1/situations/{situation}/end", demo.gateway());
    let request = demo.http.post(url).bearer_auth(bearer).json(&json!({"immediate": true}));
    let answer = super::http::send(request).await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
    assert_eq!(api.card(&person.rpps).await, "active");
}

#[tokio::test]
async fn the_last_day_ends_at_midnight_in_paris() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, tokens) = logged_in(&demo, &party, &person).await;
    let clock = demo.get(&format!("{}/demo/clock", demo.gateway())).await.success();
    let now: jiff::Timestamp = clock["calendar"].as_str().unwrap().parse().unwrap();
    let today = now.in_tz("Europe/Paris").unwrap().date();
    let last_day = today.tomorrow().unwrap();
    let midnight = last_day.tomorrow().unwrap().in_tz("Europe/Paris").unwrap().timestamp();

    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let end = json!({"last_day": last_day.to_string()});
    api.post(&format!("/situations/{situation}/end"), &end).await.success();
    assert_eq!(party.doors(&tokens).await, Doors::open());

    let before = midnight - jiff::SignedDuration::from_mins(10);
    demo.set_calendar(&before.to_string()).await.success();
    assert_eq!(party.doors(&tokens).await, Doors::open());
    demo.set_calendar(&midnight.to_string()).await.success();
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    let back = demo.set_calendar(&before.to_string()).await;
    assert_eq!(back.status, 409, "{}", back.body);
    assert_eq!(party.doors(&tokens).await, Doors::shut());
}

/// The structures that userinfo names, one for each activity.
async fn workplaces(party: &Party, tokens: &Tokens) -> Vec<String> {
    let userinfo = party.userinfo(&tokens.access).await.success();
    let exercises = userinfo["SubjectRefPro"]["exercices"].as_array().cloned().unwrap_or_default();
    let of_exercise = |exercise: &serde_json::Value| {
        exercise["activities"].as_array().cloned().unwrap_or_default()
    };
    let finess = |activity: &serde_json::Value| super::world::text(&activity["numeroFinessSite"]);
    exercises.iter().flat_map(of_exercise).map(|activity| finess(&activity)).collect()
}
