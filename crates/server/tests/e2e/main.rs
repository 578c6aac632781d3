//! The built binary from outside: its promises about money, limits, faults, bad input, secrets and commands.
//!
//! Simulated providers run in this process and are the oracle; the server is a process of its own. Nothing here sleeps to
//! wait for something: waits poll until a deadline.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, in its helpers too"
)]

mod authorization;
mod bad_input;
mod cli;
mod content;
mod faults;
mod limits;
mod mixed;
mod money;
mod parity;
mod presets;
mod routing;
mod secrets;
mod statements;
mod streams;
mod troubleshooting;
mod validate;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
