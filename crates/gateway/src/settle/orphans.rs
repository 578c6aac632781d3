//! Settlements that the journal refused: kept in memory until somebody can post them.

use domain::generation::Settlement;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Settlements kept at most; beyond it the oldest is dropped and reported, because memory must have an end.
const KEPT_MAX: usize = 100_000;

/// The settlements of a time in which the journal could not be written.
#[derive(Debug, Default)]
pub struct Orphans {
    kept: Mutex<VecDeque<Arc<Settlement>>>,
}

impl Orphans {
    /// Keeps a settlement.
    pub fn push(&self, settlement: Arc<Settlement>) {
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX
            && let Some(lost) = kept.pop_front()
        {
            tracing::error!(generation_id = %lost.opening.id, charge = %lost.charge, "settlement lost: too many wait in memory");
        }
        kept.push_back(settlement);
    }

    /// Takes the oldest settlement, to be journaled or posted by the caller, who pushes it back on failure.
    pub fn pop(&self) -> Option<Arc<Settlement>> {
        self.kept.lock().pop_front()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.kept.lock().len()
    }
}
