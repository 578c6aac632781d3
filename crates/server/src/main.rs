//! The portolan binary: commands, configuration, wiring, listeners, telemetry, shutdown.
//!
//! Nobody imports this crate, and it holds no business rules: it reads the configuration, puts the parts together and
//! keeps them running.

mod assets;
mod banner;
mod cli;
mod commands;
mod config;
mod head;
mod framing;
mod health;
mod listen;
mod tasks;
mod telemetry;
mod wiring;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Two TLS implementations in one process panic at first use; ours is named before anything can ask.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return ExitCode::from(1);
    }
    commands::run()
}
