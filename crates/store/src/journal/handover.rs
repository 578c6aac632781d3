//! Settlements that wait in memory for the drain, so that the files need only be read after a restart or a long outage.

use domain::generation::Settlement;
use std::collections::VecDeque;
use std::sync::Arc;

/// Settlements with their sequences.
pub(super) type Closes = Vec<(u64, Arc<Settlement>)>;

/// The newest settlements without a gap: every one from a sequence on.
pub(super) struct Handover {
    waiting: VecDeque<(u64, Arc<Settlement>)>,
    /// Settlements before this sequence are only in the files.
    from: u64,
    most: usize,
}

impl Handover {
    /// Everything from `from` on will pass through here; at most `most` settlements wait.
    pub(super) const fn new(from: u64, most: usize) -> Self {
        Self { waiting: VecDeque::new(), from, most }
    }

    /// Adds the settlement of a record; sequences rise. The oldest makes room and stays in the files.
    pub(super) fn push(&mut self, seq: u64, settlement: Arc<Settlement>) {
        self.waiting.push_back((seq, settlement));
        while self.waiting.len() > self.most {
            if let Some((seq, _)) = self.waiting.pop_front() {
                self.from = seq + 1;
            }
        }
    }

    /// Forgets what is posted, up to `drained`.
    pub(super) fn forget(&mut self, drained: u64) {
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= drained) {
            self.waiting.pop_front();
        }
        self.from = self.from.max(drained + 1);
    }

    /// Settlements from `wanted` up to `last`, at most `limit`, and the sequence that is passed with them; `None` when some
    /// of them are only in the files.
    pub(super) fn take(&self, wanted: u64, last: u64, limit: usize) -> Option<(Closes, u64)> {
        if wanted < self.from {
            return None;
        }
        let start = self.waiting.partition_point(|(seq, _)| *seq < wanted);
        let closes: Closes =
            self.waiting.range(start..).take_while(|(seq, _)| *seq <= last).take(limit).cloned().collect();
        let passed = match closes.last() {
            Some((seq, _)) if closes.len() == limit => *seq,
            _ => last.max(wanted.saturating_sub(1)),
        };
        Some((closes, passed))
    }
}
