//! `check-config`: every mistake at once, before anything starts.

use clap::Args;

use serde_json::{Value, json};

use crate::config::{Mistake, Mistakes, Place};

use super::{failure::Failure, print, settings::Settings};

#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    settings: Settings,
    /// Answer in JSON: the list of mistakes
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let loaded = self.settings.load();
        if self.json {
            let mistakes = loaded.as_ref().err().map(|Mistakes(mistakes)| mistakes.as_slice());
            let told: Vec<Value> = mistakes.unwrap_or_default().iter().map(told).collect();
            print(Value::from(told));
        }
        loaded?;
        Ok(())
    }
}

/// One mistake, for programs; `variable` where it stands in the environment.
fn told(mistake: &Mistake) -> Value {
    let (file, line, variable) = match &mistake.place {
        Place::File(path, line) => (Some(path.display().to_string()), *line, None),
        Place::Environment(name) => (None, None, Some(name)),
        Place::CommandLine | Place::Default => (None, None, None),
    };
    json!({
        "file": file,
        "line": line,
        "variable": variable,
        "setting": mistake.setting,
        "message": mistake.problem,
    })
}
