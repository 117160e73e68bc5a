//! The command line: one file a command.
//!
//! Messages go to standard error, data to standard output. Exit codes: 0 done; 1 ran, and found
//! something wrong; 2 wrong usage or configuration.

mod check_config;
mod connections;
#[cfg(feature = "demo")]
mod demo;
mod failure;
mod habilitate;
mod journal;
mod listen;
mod logging;
mod records;
mod serve;
mod settings;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use failure::Failure;

/// Identity gateway for French health and social care.
#[derive(Debug, Parser)]
#[command(name = "passerelle", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway and its whole mock world, seeded, on this machine
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Run the gateway alone
    Serve(serve::Serve),
    /// Tell every mistake of a configuration at once
    CheckConfig(check_config::CheckConfig),
    /// Name a first manager, security officer or authority, from the operator's shell
    Habilitate(habilitate::Habilitate),
    /// The journal of what matters
    #[command(subcommand)]
    Journal(journal::Journal),
}

/// Parses the command line and runs it.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // One TLS stack with one cryptographic provider; a second call would only find the same.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let outcome = match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo(demo) => wait(demo.run()),
        Command::Serve(serve) => wait(serve.run()),
        Command::CheckConfig(check) => check.run(),
        Command::Habilitate(habilitate) => wait(habilitate.run()),
        Command::Journal(journal) => wait(journal.run()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody reads standard error any more: the exit code still tells.
            drop(writeln!(io::stderr(), "{failure}"));
            failure.exit_code()
        }
    }
}

fn wait(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::Wrong(error.to_string()))?;
    runtime.block_on(work)
}

/// Prints a line of data. A reader that has gone away is not a failure of ours.
fn print(line: impl std::fmt::Display) {
    drop(writeln!(io::stdout(), "{line}"));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_the_contract_names_is_understood() {
        #[track_caller]
        fn check(line: &str, right: bool) {
            let words = ["passerelle"].into_iter().chain(line.split_whitespace());
            let parsed = Cli::try_parse_from(words);
            assert_eq!(parsed.is_ok(), right, "{line}: {:?}", parsed.err());
        }
        if cfg!(feature = "demo") {
            check("demo", true);
            check("demo --port 9000 --data d --fresh --tour --config a --config b", true);
            check("demo --base-url http://a.localhost:1 --wallet-url http://b.localhost:1", true);
            check("demo --port 65536", false);
        }
        check("serve --config a --config b", true);
        check("serve", false);
        check("check-config --config a", true);
        check("check-config --config a --json", true);
        check("check-config", false);
        check("check-config --config a --data d", false);
        check("habilitate --config a --rpps 99900000037 --as securite", true);
        check("habilitate --data d --rpps 99900000037 --as gestionnaire --finess 019999028", true);
        check("habilitate --data d --rpps 99900000037 --as gestionnaire", false);
        check("habilitate --data d --rpps 99900000038 --as securite", false);
        check("habilitate --data d --rpps 99900000037 --as chef", false);
        check("journal verify --data d --json", true);
        check("journal", false);
        check("", false);
    }
}
