//! How a server ends when it is asked to.

use crate::health::Readiness;
use crate::listen::End;
use gateway::Gateway;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ends the node in two steps: in order at the first signal, at once at the second or when the drain time is over.
pub async fn hear(
    mut interrupts: Interrupts,
    end: End,
    readiness: Arc<Readiness>,
    gateway: Arc<Gateway>,
    drain_timeout: Duration,
) {
    interrupts.next().await;
    readiness.drain();
    tracing::info!("ending: running answers are finished, no new connections are taken");
    end.stop.cancel();
    tokio::select! {
        () = interrupts.next() => tracing::warn!("asked to end once more: answers that still run are cut off"),
        () = tokio::time::sleep(drain_timeout) => {
            tracing::warn!("the drain time is over: answers that still run are cut off");
        }
    }
    gateway.end_streams();
    end.cut.cancel();
}

/// SIGINT and SIGTERM, from its making on.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Hears them in place of the default, which is to die.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
