//! `serve`: the gateway alone.

use std::sync::Arc;

use clap::Args;

use crate::{
    app::{self, Machine},
    kernel::{random::SystemRandom, time::SystemClock},
    portal::operations,
};

use super::{failure::Failure, listen, logging, records, settings::Settings};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.settings.load()?;
        logging::start(&config.log);
        let listeners = listen::bind(&config.server.listen).await?;
        let store = records::open(&config.records)?;
        let app = app::build(&config, store, machine(), None).await?;
        let stop = listen::stop_at_signal()?;
        for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
            tracing::info!(%address, base_url = %config.server.base_url, "listening");
        }
        let patience = config.server.patience;
        listen::serve(listeners, app.router, app.background, patience, stop).await
    }
}

/// The real clock and generator.
pub(super) fn machine() -> Machine {
    Machine {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        metrics: operations::start_counting(),
    }
}
