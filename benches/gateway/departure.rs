//! A departure, decided and durable, while 500 writes a second go on beside it.

use std::{sync::Arc, time::Duration};

use passerelle::{
    departure::{Asked, Departures, EndRequest, Mandate, Outbox},
    kernel::{
        Timestamp,
        journal::Actor,
        retry::{Answered, Keep},
    },
    store::sqlite::Sqlite,
};
use tokio::{
    runtime::Runtime,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Measure,
    world::{World, milliseconds, now, percentile},
};

const RUNS: usize = 3;
const DEPARTURES: usize = 200;
const WRITES_A_SECOND: u32 = 500;

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let mut best = (f64::INFINITY, f64::INFINITY);
    let mut floor = f64::INFINITY;
    for _ in 0..RUNS {
        let world = World::with(1000);
        floor = floor.min(world.sync_floor());
        let mut times = runtime.block_on(departures(&world));
        let p50 = percentile(&mut times, 50);
        best = (best.0.min(p50), best.1.min(percentile(&mut times, 99)));
    }
    let measure = |name, value| Measure { name, value, unit: "ms", floor: Some(floor), runs: RUNS };
    vec![measure("departure_p50", best.0), measure("departure_p99", best.1)]
}

async fn departures(world: &World) -> Vec<f64> {
    let noise = tokio::spawn(write_on(world.store.clone(), world.letters.clone()));
    let mut times = Vec::with_capacity(DEPARTURES);
    let mut turn = interval(Duration::from_millis(10));
    for situation in world.situations.iter().take(DEPARTURES) {
        turn.tick().await;
        let request = EndRequest {
            asked: Asked::Immediate,
            reason: None,
            by: Actor::Operator,
            mandate: Mandate { structure: None, for_authority: false },
        };
        let start = now();
        let ended = world.store.end_situation(*situation, request, Keep::nothing()).await;
        assert!(matches!(ended, Ok(Answered::Done(_))));
        times.push(milliseconds(start.elapsed()));
    }
    noise.abort();
    times
}

/// Small durable writes at a steady pace, each on its own, until dropped.
async fn write_on(store: Arc<Sqlite>, letters: Vec<uuid::Uuid>) {
    let mut pace = interval(Duration::from_secs(1) / WRITES_A_SECOND);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    for letter in letters.into_iter().cycle() {
        pace.tick().await;
        let store = store.clone();
        under_way.spawn(async move {
            store.record_letter(letter, Some(Timestamp(1))).await.unwrap();
        });
        while under_way.try_join_next().is_some() {}
    }
}
