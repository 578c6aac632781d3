//! Every command of the binary; `anyhow` at the rim, exit codes for scripts.

mod catalog;
mod credits;
mod ending;
mod key;
mod open;
mod plain;
mod read_document;
mod serve;
mod simulate;
mod upstream;
mod verify;

use crate::cli::{Cli, Command};
use crate::config::ConfigError;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::ReadDocument(limits) = &cli.command {
        // Before there are threads: it starts itself again.
        return read_document::run(limits);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::new(error)),
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let shared = cli.shared;
    match cli.command {
        Command::Serve { listen } => serve::run(&shared, listen).await,
        Command::Check => plain::check(&shared).await,
        Command::Key(command) => key::run(&shared, command).await,
        Command::Credits(command) => credits::run(&shared, command).await,
        Command::Upstream(command) => upstream::run(&shared, command).await,
        Command::Catalog(command) => catalog::run(&shared, command).await,
        Command::Verify => verify::run(&shared).await,
        Command::SetupLink => plain::setup_link(&shared).await,
        Command::Simulate { listen, seed, api_key } => simulate::run(listen, seed, api_key).await,
        Command::Openapi => plain::openapi(),
        Command::ReadDocument(limits) => Ok(read_document::run(&limits)),
        Command::Healthcheck { address } => plain::healthcheck(address).await,
    }
}

/// A command was given something that it cannot use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub String);

/// Says what went wrong, with its whole chain, on standard error. 2 = usage or configuration, 1 = anything else.
#[expect(clippy::print_stderr, reason = "errors of commands go to standard error")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("portolan: {error:#}");
    let is_callers = error.downcast_ref::<ConfigError>().is_some() || error.downcast_ref::<Usage>().is_some();
    ExitCode::from(if is_callers { 2 } else { 1 })
}

/// Writes a command's result to standard output.
pub(crate) fn say(text: &str) {
    // Whoever closed the pipe (`portolan catalog list | head`) has read enough.
    let _closed = writeln!(std::io::stdout().lock(), "{text}");
}
