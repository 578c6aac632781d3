//! The built binary as a test sees it. Only ever a dev-dependency.
//!
//! [`TestApp`] starts simulated providers in the test's own process, writes a configuration, starts the binary that the
//! test names and waits until it is ready. [`Ask`] and [`Wire`] speak HTTP down to the byte, so that a test can send what
//! no client library would, and can leave at any moment. [`TestApp::finish`] ends the server in order and has the books
//! checked: a test that leaves a hold or a wrong balance behind fails.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, in its harness too"
)]

mod answer;
mod app;
mod ask;
mod builder;
mod clock;
mod log;
mod money;
mod wire;

pub use answer::{Answer, Ended};
pub use app::{CliOutput, TestApp};
pub use ask::Ask;
pub use builder::{AppBuilder, Model};
pub use clock::FrozenClock;
pub use log::Log;
pub use money::{nanos, nanos_at};
pub use wire::{Wire, exchange, send};

use std::time::Duration;

/// Longest wait for anything that must happen, however busy the machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Polls `probe` until it gives something, at most for `limit`.
///
/// # Panics
/// When the limit passes; the panic names `what`.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> F,
) -> T {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
