//! The chaos runner: kills the built binary at random moments under load and checks that the books still say what
//! clients and providers saw. `docs/chaos.md` describes it.

mod arguments;
mod books;
mod client;
mod judge;
mod load;
mod node;
mod report;
mod self_test;
mod sight;
mod strike;
mod supervisor;
mod wish;
mod world;

use arguments::Arguments;
use std::process::ExitCode;

/// Runs `cargo xtask chaos …` with the arguments after that word.
///
/// # Errors
/// For arguments that are not understood, and when the run itself cannot be made; a failed check is an exit code.
pub fn run(words: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse(words)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let is_good = if arguments.is_self_test {
        runtime.block_on(self_test::run(&arguments))?
    } else {
        let outcome = runtime.block_on(supervisor::run(&arguments.plan()))?;
        report::print(&outcome, &arguments.replay())?;
        outcome.is_good()
    };
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
