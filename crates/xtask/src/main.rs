//! House tools. `cargo xtask tidy` proves what the compiler cannot: where things may stand and what must be written down.

mod bench;
mod chaos;
mod fuzz;
mod tidy;

use anyhow::{Context as _, bail};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("tidy") => run_tidy(),
        Some("chaos") => chaos::run(arguments),
        Some("fuzz") => fuzz::run(arguments),
        Some("bench") => bench::run(arguments),
        Some("bench-floor") => bench::run_floor(arguments),
        Some(other) => bail!("no such tool: {other}; there are: tidy, fuzz, bench, chaos"),
        None => bail!("usage: cargo xtask tidy|fuzz|bench|chaos"),
    }
}

fn run_tidy() -> anyhow::Result<ExitCode> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().context("cannot find the workspace")?;
    let tree = tidy::Tree::load(&root)?;
    let findings = tidy::tidy(&tree);
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(out, "tidy: {} files, {} checks, {} findings", tree.files.len(), tidy::CHECKS.len(), findings.len())?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
