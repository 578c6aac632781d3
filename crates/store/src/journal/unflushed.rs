//! Records that were written and not yet flushed, kept in case they must be written again.

use std::collections::VecDeque;

/// Room that is kept for later records once nothing waits any more.
const ROOM_KEPT: usize = 1 << 20;

/// Whole records, one behind the other: copied into one place, so that each record's own memory is let go of where it was made.
#[derive(Default)]
pub(super) struct Unflushed {
    bytes: Vec<u8>,
    /// Sequence and length of each.
    records: VecDeque<(u64, usize)>,
}

impl Unflushed {
    /// Keeps a record; sequences rise.
    pub(super) fn push(&mut self, seq: u64, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.records.push_back((seq, record.len()));
    }

    /// Lets go of records up to a sequence.
    pub(super) fn forget(&mut self, upto: u64) {
        let mut passed = 0;
        while let Some((_, length)) = self.records.pop_front_if(|(seq, _)| *seq <= upto) {
            passed += length;
        }
        self.bytes.drain(..passed);
        if self.bytes.is_empty() && self.bytes.capacity() > ROOM_KEPT {
            self.bytes = Vec::new();
        }
    }

    /// The records.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Unflushed;

    #[test]
    fn what_is_flushed_is_forgotten_and_nothing_else() {
        let mut kept = Unflushed::default();
        for (seq, record) in [(4, "four"), (5, "five"), (7, "seven")] {
            kept.push(seq, record.as_bytes());
        }
        for (upto, rest) in [(3, "fourfiveseven"), (4, "fiveseven"), (6, "seven"), (6, "seven"), (9, "")] {
            kept.forget(upto);
            assert_eq!(kept.bytes(), rest.as_bytes(), "after {upto}");
        }
        kept.push(10, b"ten");
        assert_eq!(kept.bytes(), b"ten");
    }
}
