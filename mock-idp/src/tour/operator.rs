//! Who runs the gateway: has its program and its folder, and asks it from a shell.

use std::path::PathBuf;
use std::process::Command;

use super::story::{Story, Told, ensure};

/// What an operator has.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The gateway's program.
    pub program: PathBuf,
    /// The folder of this demo.
    pub data: PathBuf,
}

impl Operator {
    /// Nobody has touched the journal: its chain is whole, while the gateway runs.
    pub(super) async fn verifies(&self, story: &mut Story<'_>, number: &str) {
        let what = format!("{number} `journal verify` : le journal est entier");
        story.step(&what, self.journal_is_whole()).await;
    }

    async fn journal_is_whole(&self) -> Told<()> {
        let mut command = Command::new(&self.program);
        command.args(["journal", "verify", "--data"]).arg(&self.data);
        let ran = tokio::task::spawn_blocking(move || command.output()).await;
        let output = ran.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let said = [output.stdout, output.stderr].concat();
        ensure(output.status.success(), || String::from_utf8_lossy(&said).trim().to_owned())
    }
}
