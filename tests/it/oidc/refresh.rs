//! What a refresh does, in each mode of a client.

use passerelle::kernel::time::Span;
use serde_json::json;

use super::{
    browser::{Browser, said},
    world::World,
};

#[tokio::test]
async fn reissued_tokens_slide_and_the_old_ones_live_to_their_own_end() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let first = world.tokens(&mut Browser::default(), "dui").await;
    assert_eq!(first.json()["refresh_expires_in"], 1800);
    assert_eq!(first.json()["expires_in"], 120);
    let old = first.at("refresh_token");
    world.advance(Span::minutes(20));
    let second = world.refresh("dui", &old).await.is(200);
    assert_eq!(said(&second.at("id_token"))["auth_time"], said(&first.at("id_token"))["auth_time"]);
    let third = world.refresh("dui", &old).await.is(200);
    assert_eq!(third.json()["refresh_expires_in"], 1800);
    world.advance(Span::minutes(20));
    world.refresh("dui", &old).await.refused_with(400, "invalid_grant");
    world.refresh("dui", &second.at("refresh_token")).await.is(200);
}

#[tokio::test]
async fn a_rotated_token_gets_one_successor_and_a_replay_kills_the_grant() {
    let world = World::new().await;
    world.client("dui", json!({"refresh_token_mode": "rotate"})).await;
    let first = world.tokens(&mut Browser::default(), "dui").await;
    let zero = first.at("refresh_token");
    let one = world.refresh("dui", &zero).await.is(200);
    world.advance(Span::seconds(5));
    let again = world.refresh("dui", &zero).await.is(200);
    assert_eq!(one.at("refresh_token"), again.at("refresh_token"), "the same successor");
    let two = world.refresh("dui", &one.at("refresh_token")).await.is(200);
    assert!(world.is_active("dui", &two.at("access_token")).await);

    world.refresh("dui", &zero).await.refused_with(400, "invalid_grant");
    assert!(!world.is_active("dui", &two.at("access_token")).await);
    world.refresh("dui", &two.at("refresh_token")).await.refused_with(400, "invalid_grant");
    let causes: String = world.one("SELECT cause FROM cut");
    assert_eq!(causes, "\"refresh_replayed\"");
}

#[tokio::test]
async fn of_fifty_rotations_at_once_all_get_the_same_successor() {
    let world = World::new().await;
    world.client("dui", json!({"refresh_token_mode": "rotate"})).await;
    let first = world.tokens(&mut Browser::default(), "dui").await;
    let zero = first.at("refresh_token");
    let answers =
        futures_util::future::join_all((0..50).map(|_| world.refresh("dui", &zero))).await;
    let mut successors: Vec<String> =
        answers.into_iter().map(|answer| answer.is(200).at("refresh_token")).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_stable_token_stays_until_its_session_ends_or_rests() {
    let world = World::new().await;
    world.client("dui", json!({"refresh_token_mode": "stable"})).await;
    let first = world.tokens(&mut Browser::default(), "dui").await;
    let token = first.at("refresh_token");
    for _ in 0..11 {
        world.advance(Span::minutes(20));
        let next = world.refresh("dui", &token).await.is(200);
        assert_eq!(next.at("refresh_token"), token);
    }
    world.advance(Span::minutes(20));
    world.refresh("dui", &token).await.refused_with(400, "invalid_grant");

    let rested = world.tokens(&mut Browser::default(), "dui").await.at("refresh_token");
    world.advance(Span::minutes(31));
    world.refresh("dui", &rested).await.refused_with(400, "invalid_grant");
}

#[tokio::test]
async fn no_token_outlives_the_session() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut token = world.tokens(&mut Browser::default(), "dui").await.at("refresh_token");
    for _ in 0..9 {
        world.advance(Span::minutes(26));
        token = world.refresh("dui", &token).await.is(200).at("refresh_token");
    }
    world.advance(Span(Span::minutes(5).0 + Span::seconds(30).0));
    let last = world.refresh("dui", &token).await.is(200);
    assert_eq!(last.json()["expires_in"], 30);
    assert_eq!(last.json()["refresh_expires_in"], 30);
    world.advance(Span::seconds(30));
    assert!(!world.is_active("dui", &last.at("access_token")).await);
    world.refresh("dui", &last.at("refresh_token")).await.refused_with(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("autre", json!({})).await;
    let first = world.tokens(&mut Browser::default(), "dui").await;
    let token = first.at("refresh_token");
    let ask = async |scope: &str| {
        let grant = ("grant_type", "refresh_token");
        world.call("dui", "token", &[grant, ("refresh_token", &token), ("scope", scope)]).await
    };
    let less = ask("scope_all").await.is(200);
    assert_eq!(less.at("scope"), "scope_all");
    assert!(less.json().get("id_token").is_none());
    ask("openid profile").await.refused_with(400, "invalid_scope");
    world.refresh("autre", &token).await.refused_with(400, "invalid_grant");
    world.refresh("dui", &first.at("access_token")).await.refused_with(400, "invalid_grant");
}

#[tokio::test]
async fn rights_are_read_again_at_each_refresh() {
    let world = World::new().await;
    world.client("dui", json!({"structure": super::world::TILLEULS})).await;
    let token = world.tokens(&mut Browser::default(), "dui").await.at("refresh_token");
    // A change that no cut announces: the registry alone says no.
    world.records().execute("UPDATE card SET blocked = 1", []).unwrap();
    world.refresh("dui", &token).await.refused_with(400, "invalid_grant");
    world.records().execute("UPDATE card SET blocked = 0", []).unwrap();
    world.refresh("dui", &token).await.is(200);
    world.leave(1).await;
    world.refresh("dui", &token).await.refused_with(400, "invalid_grant");
}
