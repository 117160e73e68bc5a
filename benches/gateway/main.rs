//! What the gateway costs, beside what the same machine could do at best, in one run.
//!
//! `value` is the best of `runs`; `floor` is the bare minimum measured beside it (a disk's own
//! commit, a library's own signature), and `ratio` is value / floor. Rates are per second of this
//! process's own CPU time, latencies in milliseconds of real time, memory in megabytes that belong to
//! no file.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measure stops where it fails, and its output is its purpose"
)]

mod departure;
mod floor;
mod house;
mod log_in;
mod memory;
mod provider;
mod questions;
mod signing;
mod world;

use serde_json::json;
use tokio::runtime::Runtime;

/// One measure.
struct Measure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    floor: Option<f64>,
    runs: usize,
}

type Work = fn(&Runtime) -> Vec<Measure>;

/// Memory comes first, before the others have left their traces in it.
const ALL: [(&str, Work); 5] = [
    ("memory", memory::measure),
    ("signing", signing::measure),
    ("barrier", questions::measure),
    ("provider", provider::measure),
    ("departure", departure::measure),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().unwrap();
    for (name, work) in ALL {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted.as_str())) {
            for measure in work(&runtime) {
                println!("{}", line(&measure));
            }
        }
    }
}

fn line(measure: &Measure) -> serde_json::Value {
    let round = |number: f64| (number * 1000.0).round() / 1000.0;
    json!({
        "name": measure.name,
        "value": round(measure.value),
        "unit": measure.unit,
        "floor": measure.floor.map(round),
        "ratio": measure.floor.map(|floor| round(measure.value / floor)),
        "runs": measure.runs,
    })
}
