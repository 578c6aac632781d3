//! Runs a simulator until interrupted and prints its address: `cargo run -p simulator --example simulate [address]`.

use std::io::Write as _;

use simulator::{Options, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned()).parse()?;
    let api_key = std::env::var("SIMULATOR_KEY").ok();
    let simulator = Simulator::start(Options { listen, api_key, ..Options::default() }).await?;
    writeln!(std::io::stdout(), "http://{}", simulator.address())?;
    tokio::signal::ctrl_c().await?;
    simulator.shutdown().await;
    Ok(())
}
