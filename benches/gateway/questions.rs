//! How many questions the barrier answers, 64 at once; the floor is one after the other.

use std::sync::Arc;

use passerelle::{access::Doors, kernel::time::SystemClock};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    Measure,
    world::{World, cpu_seconds},
};

const RUNS: usize = 3;
const QUESTIONS: u32 = 64_000;

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let world = World::with(10);
    let doors = Doors::new(world.store.clone(), Arc::new(SystemClock));
    let best =
        |together| (0..RUNS).map(|_| runtime.block_on(rate(&doors, together))).fold(0.0, f64::max);
    let (value, alone) = (best(64), best(1));
    vec![Measure { name: "barrier", value, unit: "1/cpu-s", floor: Some(alone), runs: RUNS }]
}

async fn rate(doors: &Doors, together: u32) -> f64 {
    let start = cpu_seconds();
    let mut askers = JoinSet::new();
    for _ in 0..together {
        let doors = doors.clone();
        askers.spawn(async move {
            for _ in 0..QUESTIONS / together {
                doors.barrier().await.unwrap();
            }
        });
    }
    while let Some(asked) = askers.join_next().await {
        asked.unwrap();
    }
    f64::from(QUESTIONS) / (cpu_seconds() - start)
}
