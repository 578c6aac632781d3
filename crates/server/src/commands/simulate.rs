//! `portolan simulate`: the provider simulator alone, until it is interrupted.

use super::say;
use simulator::{Options, Simulator};
use std::net::SocketAddr;
use std::process::ExitCode;

/// Runs the simulator; prints its address as the first line.
pub async fn run(listen: SocketAddr, seed: u64, api_key: Option<String>) -> anyhow::Result<ExitCode> {
    let simulator = Simulator::start(Options { listen, seed, api_key, strict: true }).await?;
    say(&format!("http://{}", simulator.address()));
    super::ending::Interrupts::new()?.next().await;
    simulator.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
