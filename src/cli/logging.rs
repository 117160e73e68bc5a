//! Logs: JSON lines for machines, readable ones on a terminal.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Log;

/// Starts logging on standard error. A second call changes nothing.
pub(super) fn start(log: &Log) {
    let lines = fmt::layer().with_writer(io::stderr);
    // The level was checked when the configuration was read.
    let filter = EnvFilter::builder().parse_lossy(&log.level);
    let registry = tracing_subscriber::registry().with(filter);
    let started = if io::stderr().is_terminal() {
        registry.with(lines.compact()).try_init()
    } else {
        registry.with(lines.json().flatten_event(true)).try_init()
    };
    drop(started);
}
