//! The thread that flushes a journal every few milliseconds while there is something to flush.

use super::JournalError;
use super::log::{Shared, State};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Starts the thread; it ends, after a last flush, when the journal is dropped.
pub(super) fn start(shared: Arc<Shared>, interval: Duration) -> Result<JoinHandle<()>, JournalError> {
    let thread = std::thread::Builder::new().name("journal-flush".to_owned());
    Ok(thread.spawn(move || run(&shared, interval))?)
}

fn run(shared: &Shared, interval: Duration) {
    loop {
        let mut state = shared.state.lock();
        if State::needs_probe(&state) && !state.is_stopping {
            shared.wake.wait_for(&mut state, shared.options.retry_interval);
            drop(state);
            shared.probe();
            flush(shared);
            continue;
        }
        if !state.is_dirty && !state.is_stopping {
            shared.wake.wait(&mut state);
        }
        // Records that arrive within the interval share the flush, unless somebody waits for it.
        if !state.is_urgent && !state.is_stopping && state.is_dirty {
            shared.wake.wait_for(&mut state, interval);
        }
        let is_stopping = state.is_stopping;
        drop(state);
        flush(shared);
        if is_stopping {
            return;
        }
    }
}

fn flush(shared: &Shared) {
    if let Err(error) = shared.flush() {
        // Its cause was logged where it happened; the next probe tries again.
        tracing::debug!(error = %error, "the journal is not flushed");
    }
}
