//! Log-ins, silent ones, and codes, as the clock moves.

use passerelle::{kernel::time::Span, oidc::LoginError};
use serde_json::json;

use super::{
    browser::{Answer, Browser},
    world::{RIVE_CLAIRE, TILLEULS, World},
};

/// Where a request leads: a code, an error for the client, the log-in page, or a page of ours.
fn road(answer: &Answer) -> String {
    if answer.sent("code").is_some() {
        return "code".to_owned();
    }
    if answer.sent("demande").is_some() {
        return "log-in".to_owned();
    }
    answer.sent("error").unwrap_or_else(|| format!("page {}", answer.status.as_u16()))
}

#[tokio::test]
async fn a_live_session_answers_until_it_rests_or_ends() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("autre", json!({})).await;
    let mut browser = Browser::default();
    assert_eq!(road(&world.authorize(&mut browser, "dui", "&prompt=none").await), "login_required");
    world.log_in(&mut browser, "dui").await;
    let mut ask = async |minutes: i64, more: &str, expected: &str| {
        world.advance(Span::minutes(minutes));
        let answer = world.authorize(&mut browser, "autre", more).await;
        assert_eq!(road(&answer), expected, "after {minutes} more minutes, {more}");
    };
    ask(29, "", "code").await;
    ask(29, "&prompt=none", "code").await;
    ask(1, "&prompt=login", "log-in").await;
    ask(0, "&max_age=3540", "log-in").await;
    ask(0, "&max_age=3541", "code").await;
    ask(30, "&prompt=none", "login_required").await;
    ask(0, "", "log-in").await;
}

/// OpenID Connect Core 1.0, section 3.1.2.1: on a shared workstation, a hint keeps a colleague's
/// session from answering.
#[tokio::test]
async fn nobody_but_the_person_of_the_hint_is_answered_for() {
    let world = World::new().await;
    for form in ["federated", "uuid"] {
        world.client(form, json!({"sub_form": form})).await;
    }
    let mut browser = Browser::default();
    let mut hints = Vec::new();
    for client in ["federated", "uuid"] {
        hints.push((client, world.tokens(&mut browser, client).await.at("id_token")));
    }
    let mut ask = async |client: &str, hint: &str, expected: [&str; 2]| {
        for (more, expected) in ["", "&prompt=none"].into_iter().zip(expected) {
            let more = format!("&id_token_hint={hint}{more}");
            let road = road(&world.authorize(&mut browser, client, &more).await);
            assert_eq!(road, expected, "{client} {more}");
        }
    };
    const ASKED: [&str; 2] = ["log-in", "login_required"];
    for (client, hint) in &hints {
        ask(client, hint, ["code", "code"]).await;
        ask(client, &format!("{hint}A"), ASKED).await;
        ask(client, "x", ASKED).await;
    }
    ask("uuid", &hints[0].1, ASKED).await;
    // Other forms are not forgotten when a client changes its own.
    world.change("uuid", json!({"sub_form": "federated"})).await;
    ask("uuid", &hints[1].1, ["code", "code"]).await;
    let other = uuid::Uuid::from_u128(77);
    world.records().execute("UPDATE professional SET subject = ?1", [other]).unwrap();
    ask("uuid", &hints[1].1, ASKED).await;

    let more = format!("&id_token_hint={}", hints[1].1);
    let begun = world.authorize(&mut browser, "uuid", &more).await;
    let pending = world.pending(&browser, &begun).await.unwrap();
    let proven = world.provider.conclude(&pending, &world.session().await).await;
    assert!(matches!(proven, Err(LoginError::OtherPerson)));
    let begun = world.authorize(&mut browser, "uuid", "&id_token_hint=x").await;
    let pending = world.pending(&browser, &begun).await.unwrap();
    assert!(world.provider.conclude(&pending, &world.session().await).await.is_ok());
}

#[tokio::test]
async fn a_session_lives_four_hours_and_no_longer() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "dui").await;
    for _ in 0..11 {
        world.advance(Span::minutes(21));
        assert_eq!(road(&world.authorize(&mut browser, "dui", "").await), "code");
    }
    world.advance(Span::minutes(9));
    assert_eq!(road(&world.authorize(&mut browser, "dui", "").await), "log-in");
}

#[tokio::test]
async fn who_left_is_told_and_what_stays_open_stays_open() {
    let world = World::new().await;
    world.client("tilleuls", json!({"structure": TILLEULS})).await;
    world.client("rive-claire", json!({"structure": RIVE_CLAIRE})).await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "tilleuls").await;
    world.leave(1).await;
    // The cut covers this structure only; the session stays, and says no without a new proof.
    let told = world.authorize(&mut browser, "tilleuls", "").await;
    assert_eq!(road(&told), "log-in", "the person at this structure was cut");
    assert_eq!(road(&world.authorize(&mut browser, "rive-claire", "").await), "code");
    let silent = world.authorize(&mut browser, "tilleuls", "&prompt=none").await;
    assert_eq!(road(&silent), "login_required");
}

#[tokio::test]
async fn a_session_without_a_right_to_this_client_is_told_so_on_our_page() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("ailleurs", json!({"structure": "759999220"})).await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "dui").await;
    let told = world.authorize(&mut browser, "ailleurs", "").await.is(403);
    assert!(told.text.contains("data-code=\"acces_refuse\""), "{}", told.text);
    assert!(told.text.contains("error=access_denied"), "{}", told.text);
    assert!(told.text.contains("état") || told.text.contains("établissement"), "{}", told.text);
    let silent = world.authorize(&mut browser, "ailleurs", "&prompt=none").await;
    assert_eq!(road(&silent), "access_denied");
}

#[tokio::test]
async fn a_code_lives_a_minute_and_is_taken_once() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("autre", json!({})).await;
    let mut browser = Browser::default();
    let code = world.log_in(&mut browser, "dui").await;
    world.advance(Span::seconds(60));
    world.redeem("dui", &code).await.refused_with(400, "invalid_grant");

    let code = world.log_in(&mut browser, "dui").await;
    world.redeem("autre", &code).await.refused_with(400, "invalid_grant");
    let tokens = world.redeem("dui", &code).await.is(200);
    world.redeem("autre", &code).await.refused_with(400, "invalid_grant");
    assert!(world.is_active("dui", &tokens.at("access_token")).await, "a stranger kills nothing");
    for _ in 0..3 {
        world.redeem("dui", &code).await.refused_with(400, "invalid_grant");
    }
    assert!(!world.is_active("dui", &tokens.at("access_token")).await);
    let cuts: u32 = world.one("SELECT count(*) FROM cut");
    assert_eq!(cuts, 1, "many replays are one cut");
}

#[tokio::test]
async fn of_fifty_redemptions_at_once_exactly_one_wins() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    for _ in 0..4 {
        let code = world.log_in(&mut Browser::default(), "dui").await;
        let answers =
            futures_util::future::join_all((0..50).map(|_| world.redeem("dui", &code))).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status.is_success());
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|answer| answer.at("error") == "invalid_grant"));
        assert!(!world.is_active("dui", &won[0].at("access_token")).await);
    }
}

#[tokio::test]
async fn a_log_in_ends_once_in_its_own_browser_within_ten_minutes() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut browser = Browser::default();
    let begun = world.authorize(&mut browser, "dui", "&login_hint=899900000037").await;
    let pending = world.pending(&browser, &begun).await.unwrap();
    assert_eq!(pending.login_hint.as_deref(), Some("899900000037"));
    let elsewhere = world.pending(&Browser::default(), &begun).await;
    assert!(matches!(elsewhere, Err(LoginError::Gone)));

    let session = world.session().await;
    let both = (0..20).map(|_| world.provider.conclude(&pending, &session));
    let ended = futures_util::future::join_all(both).await;
    assert_eq!(ended.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(ended.iter().all(|o| matches!(o, Ok(_) | Err(LoginError::Gone))));
    assert!(matches!(world.pending(&browser, &begun).await, Err(LoginError::Gone)));

    let late = world.authorize(&mut browser, "dui", "&prompt=login").await;
    world.advance(Span::minutes(10));
    assert!(matches!(world.pending(&browser, &late).await, Err(LoginError::Gone)));
}

#[tokio::test]
async fn a_proof_that_a_departure_overtook_opens_nothing() {
    let world = World::new().await;
    world.client("dui", json!({"structure": TILLEULS})).await;
    let mut browser = Browser::default();
    let begun = world.authorize(&mut browser, "dui", "").await;
    let pending = world.pending(&browser, &begun).await.unwrap();
    let session = world.session().await;
    world.leave(1).await;
    let refused = world.provider.conclude(&pending, &session).await;
    assert!(matches!(refused, Err(LoginError::Refused(_))), "{:?}", refused.err());
    // A new proof passes the gate, and the registry says no.
    let session = world.session().await;
    let refused = world.provider.conclude(&pending, &session).await;
    assert!(matches!(refused, Err(LoginError::NoRight(_))), "{:?}", refused.err());
}
