//! `check-config`: every mistake at once, before anything starts.

use clap::Args;

use super::{failure::Failure, settings::Settings};

#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    settings: Settings,
}

impl CheckConfig {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.settings.load()?;
        Ok(())
    }
}
