//! `journal verify`: is the chain whole?

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    kernel::{Outage, journal::Verifier},
    store::sqlite::Sqlite,
};

use super::{failure::Failure, print, records, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Check that no line was changed, removed or moved
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    settings: Settings,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Lines read at once.
const PAGE: u32 = 1000;

impl Journal {
    #[expect(clippy::unused_async, reason = "every command of the store is awaited alike")]
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Verify(verify) => verify.run(),
        }
    }
}

impl Verify {
    fn run(&self) -> Result<(), Failure> {
        let config = self.settings.load()?;
        let store = records::open_existing(&config.records)?;
        let (verifier, broken) = verify(&store)?;
        let (lines, tip) = verifier.tip();
        if self.json {
            print(json!({
                "whole": broken.is_none(), "lines": lines, "tip": tip, "problem": broken,
            }));
        }
        if let Some(broken) = broken {
            return Err(Failure::Wrong(format!("the journal is not whole: {broken}")));
        }
        if !self.json {
            print(format_args!("the journal is whole: {lines} lines, tip {tip}"));
        }
        Ok(())
    }
}

/// Takes every line up to the first at fault, then asks the records for what should be there. Lines written meanwhile are taken as well.
fn verify(store: &Sqlite) -> Result<(Verifier, Option<String>), Outage> {
    let mut verifier = Verifier::default();
    loop {
        let lines = store.journal_after(verifier.tip().0, PAGE)?;
        if lines.is_empty() {
            break;
        }
        for line in &lines {
            if let Err(broken) = verifier.take(line) {
                return Ok((verifier, Some(broken.to_string())));
            }
        }
    }
    // A chain says nothing of a tail that was cut off: the records do, as far as they go.
    let lost = store.journal_gaps()?;
    Ok((verifier, lost.into_iter().next()))
}
