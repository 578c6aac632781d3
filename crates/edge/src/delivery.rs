//! [`Delivery`]: how much of an answer the client's connection has really taken.
//!
//! An HTTP library asks a body for more before it has sent what it was given. What a client is charged for after a crash must
//! not rest on that: only what the operating system has accepted can still arrive when the process is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts how often a connection has passed everything that it had been given to the operating system.
///
/// The listener counts and inserts it as a request extension; streams compare.
#[derive(Debug, Clone, Default)]
pub struct Delivery(Arc<AtomicU64>);

impl Delivery {
    /// Everything that the connection had been given is out.
    pub fn flushed(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was so.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
