//! What the provider's doors cost: code exchange and refresh beside the signatures that they make,
//! introspection and userinfo beside a handler that only verifies such a token.
//!
//! Calls go through the gateway's router, without a socket: what HTTP costs helps neither side. The
//! gateway knows the tokens that it signed or checked lately again without another check, as
//! `introspection` and `userinfo` show; after a start it checks each once, as `introspection_first`
//! shows.

use axum::{Router, body::Body, http::Request};
use jsonwebtoken::{Algorithm, decode_header};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    Measure,
    floor::verifier,
    house::{Answer, House, exchange, introspection, key_set, refresh, send, send_all, userinfo},
    log_in::log_in,
    signing,
    world::World,
};

const RUNS: usize = 3;
const PEOPLE: u64 = 2_000;
/// Each token is asked about that often: a question is short beside the tick of the CPU clock.
const ROUNDS: usize = 15;

/// Each a second of CPU.
#[derive(Clone, Copy, Default)]
struct Rates {
    log_in: f64,
    exchange: f64,
    signing_exchange: f64,
    refresh: f64,
    signing_refresh: f64,
    introspection: f64,
    introspection_first: f64,
    verifying: f64,
    userinfo: f64,
    reading: f64,
}

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let runs: Vec<Rates> = (0..RUNS).map(|_| runtime.block_on(rates())).collect();
    let best = |rate: fn(&Rates) -> f64| runs.iter().map(rate).fold(0.0, f64::max);
    let told = |name, value, floor| Measure { name, value, unit: "1/cpu-s", floor, runs: RUNS };
    vec![
        told("log_in", best(|r| r.log_in), None),
        told("code_exchange", best(|r| r.exchange), Some(best(|r| r.signing_exchange))),
        told("refresh", best(|r| r.refresh), Some(best(|r| r.signing_refresh))),
        told("introspection", best(|r| r.introspection), Some(best(|r| r.verifying))),
        told("introspection_first", best(|r| r.introspection_first), Some(best(|r| r.verifying))),
        told("userinfo", best(|r| r.userinfo), Some(best(|r| r.reading))),
    ]
}

async fn rates() -> Rates {
    let world = World::with(PEOPLE);
    let house = House::over(&world).await;
    let signatures = signing::signatures_per_cpu_second().await;

    let (codes, spent) = log_in(&house, &world, &world.people).await;
    let log_in = rate(codes.len(), spent);

    let requests = codes.iter().map(|code| exchange(code)).collect();
    let (first, spent) = send_all(&house.router, requests).await;
    let exchange = rate(first.len(), spent);

    let requests = first.iter().map(|answer| refresh(&answer.member("refresh_token"))).collect();
    let (next, spent) = send_all(&house.router, requests).await;
    let refresh = rate(next.len(), spent);

    let tokens: Vec<String> = next.iter().map(|answer| answer.member("access_token")).collect();
    let keys = send(house.router.clone(), key_set()).await.good();
    let asked = async |router: &Router, rounds: usize, ask: fn(&str) -> Request<Body>| {
        let again = std::iter::repeat_n(&tokens, rounds).flatten();
        let (answers, spent) = send_all(router, again.map(|token| ask(token)).collect()).await;
        assert!(answers.iter().all(|answer| !answer.text().contains("\"active\":false")));
        rate(answers.len(), spent)
    };
    let started_anew = House::over(&world).await;
    let (plain, reading) = (verifier(&keys, None), verifier(&keys, Some(world.records())));
    Rates {
        log_in,
        exchange,
        signing_exchange: signatures / signatures_of(&first),
        refresh,
        signing_refresh: signatures / signatures_of(&next),
        verifying: asked(&plain, ROUNDS, introspection).await,
        introspection: asked(&house.router, ROUNDS, introspection).await,
        introspection_first: asked(&started_anew.router, 1, introspection).await,
        reading: asked(&reading, ROUNDS, userinfo).await,
        userinfo: asked(&house.router, ROUNDS, userinfo).await,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn rate(count: usize, spent: f64) -> f64 {
    count as f64 / spent
}

/// How many RS256 signatures each of these answers carries, counted: ID token and access token. The
/// refresh token, which only we read, has a MAC.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn signatures_of(answers: &[Answer]) -> f64 {
    let rs256 = |text: &str| decode_header(text).is_ok_and(|header| header.alg == Algorithm::RS256);
    let signed = |answer: &Answer| {
        let members = answer.json();
        let texts = members.as_object().unwrap().values().filter_map(Value::as_str);
        texts.filter(|text| rs256(text)).count()
    };
    answers.iter().map(signed).sum::<usize>() as f64 / answers.len() as f64
}
