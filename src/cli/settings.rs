//! Which settings a command works with: files, or the folder of a demo.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{self, Config, Mistakes, Sources};

/// The store's name in a demo's folder.
pub(super) const STORE: &str = "passerelle.db";

/// `--config FILE…` or `--data DIR`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Settings {
    /// A file of settings; given several times, later ones win
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The folder of a demo
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Settings {
    /// Reads them, and the environment on top.
    pub(super) fn load(&self) -> Result<Config, Mistakes> {
        config::load(&Sources {
            demo: self.data.is_some(),
            computed: self.data.as_deref().map(records_in).into_iter().collect(),
            files: self.config.clone(),
            environment: config::environment(),
            command_line: Vec::new(),
        })
    }
}

/// The setting that places the store in a demo's folder.
pub(super) fn records_in(folder: &Path) -> (&'static str, String) {
    ("records.url", format!("sqlite:{}", folder.join(STORE).display()))
}
