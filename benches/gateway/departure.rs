//! A departure, decided and durable, while 500 refreshes a second go on beside it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use passerelle::kernel::SituationId;
use tokio::{
    runtime::Runtime,
    sync::Notify,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Measure,
    house::{House, TOGETHER, exchange, refresh, send, send_all},
    log_in::log_in,
    world::{World, milliseconds, now, percentile},
};

const RUNS: usize = 3;
const PEOPLE: u64 = 600;
/// Those of them who leave; the others' software refreshes.
const DEPARTURES: usize = 200;
const WRITES_A_SECOND: u32 = 500;

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let mut best = (f64::INFINITY, f64::INFINITY, 0.0_f64);
    let mut floor = f64::INFINITY;
    for _ in 0..RUNS {
        let world = World::with(PEOPLE);
        floor = floor.min(world.sync_floor());
        let (mut times, writes) = runtime.block_on(departures(&world));
        let p50 = percentile(&mut times, 50);
        best = (best.0.min(p50), best.1.min(percentile(&mut times, 99)), best.2.max(writes));
    }
    let measure = |name, value| Measure { name, value, unit: "ms", floor: Some(floor), runs: RUNS };
    vec![
        measure("departure_p50", best.0),
        measure("departure_p99", best.1),
        // That the noise was as loud as it should be.
        Measure {
            name: "departure_token_writes",
            value: best.2,
            unit: "1/s",
            floor: Some(f64::from(WRITES_A_SECOND)),
            runs: RUNS,
        },
    ]
}

/// Milliseconds of each departure, and how many refreshes a second were answered meanwhile.
async fn departures(world: &World) -> (Vec<f64>, f64) {
    let mut house = House::over(world).await;
    for work in house.background.drain(..) {
        tokio::spawn(work);
    }
    let (codes, _) = log_in(&house, world, &world.people).await;
    let requests = codes.iter().map(|code| exchange(code)).collect();
    let (tokens, _) = send_all(&house.router, requests).await;
    let stay = tokens.iter().skip(DEPARTURES);
    let refreshing = stay.map(|answer| answer.member("refresh_token")).collect();
    let api = house.api_token().await;

    let enough = Arc::new(Notify::new());
    let noise = tokio::spawn(refresh_on(house.router.clone(), refreshing, Arc::clone(&enough)));
    let mut times = Vec::with_capacity(DEPARTURES);
    let mut turn = interval(Duration::from_millis(10));
    for person in world.people.iter().take(DEPARTURES) {
        let request = end(person.situation, &api);
        turn.tick().await;
        let start = now();
        let answer = send(house.router.clone(), request).await;
        times.push(milliseconds(start.elapsed()));
        answer.good();
    }
    enough.notify_one();
    (times, noise.await.unwrap())
}

fn end(situation: SituationId, api: &str) -> Request<Body> {
    Request::post(format!("/api/v1/situations/{}/end", situation.0))
        .header(header::AUTHORIZATION, format!("Bearer {api}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"immediate":true}"#))
        .unwrap()
}

/// Refreshes at a steady pace, each on its own, until told: how many were answered, a second. On a
/// machine that cannot keep the pace they do not pile up.
async fn refresh_on(router: Router, tokens: Vec<String>, enough: Arc<Notify>) -> f64 {
    let mut pace = interval(Duration::from_secs(1) / WRITES_A_SECOND);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut under_way, mut answered) = (JoinSet::new(), 0_u32);
    let start = now();
    let mut tokens = tokens.iter().cycle();
    loop {
        tokio::select! {
            _ = pace.tick(), if under_way.len() < TOGETHER => {
                let token = tokens.next().unwrap();
                under_way.spawn(send(router.clone(), refresh(token)));
            }
            Some(answer) = under_way.join_next() => {
                answer.unwrap().good();
                answered += 1;
            }
            () = enough.notified() => break,
        }
    }
    f64::from(answered) / start.elapsed().as_secs_f64()
}
