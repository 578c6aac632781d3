//! Segment files: their names, and which of them counts for which records.
//!
//! A segment is named after its first sequence and its epoch. The epoch rises with every start and whenever records are
//! written again because a flush failed. A segment replaces every record of an earlier epoch from its first sequence on, so
//! one atomic creation of a name decides what is valid; what it replaces is deleted later.

use super::JournalError;

/// Bytes before the first record: a magic word, first sequence, epoch, and the checksum of the three.
pub(super) const HEADER: usize = 28;

const MAGIC: &[u8; 8] = b"PTLNJRN1";
const SUFFIX: &str = ".journal";
/// A segment that is still being written again and counts for nothing.
pub(super) const UNFINISHED: &str = ".journal.new";

/// A segment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// Sequence of its first record.
    pub(super) first: u64,
    /// When it was made, in starts and rewrites.
    pub(super) epoch: u64,
}

impl Segment {
    pub(super) fn file_name(self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.first, self.epoch)
    }

    pub(super) fn unfinished_name(self) -> String {
        format!("{:020}-{:010}{UNFINISHED}", self.first, self.epoch)
    }

    fn parse(name: &str) -> Option<Self> {
        let (first, epoch) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let segment = Self { first: first.parse().ok()?, epoch: epoch.parse().ok()? };
        (segment.file_name() == name).then_some(segment)
    }

    /// The bytes before the first record.
    pub(super) fn header(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The segment that a file says it is; none when its header is incomplete or damaged.
    pub(super) fn of_header(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let segment = Self { first: word(8)?, epoch: word(16)? };
        (bytes.get(..HEADER)? == segment.header()).then_some(segment)
    }
}

/// The segments that count, and those that are replaced.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// In order; each counts up to the first sequence of the next.
    pub(super) valid: Vec<Segment>,
    /// Files without any record that counts.
    pub(super) replaced: Vec<String>,
    /// Epoch above every existing one.
    pub(super) next_epoch: u64,
}

/// Sorts the files of a folder.
///
/// # Errors
/// [`JournalError::Foreign`] for a file that is no segment, such as a copy under another name.
pub(super) fn layout(names: Vec<String>) -> Result<Layout, JournalError> {
    let mut layout = Layout::default();
    let mut all = Vec::new();
    for name in names {
        if name.ends_with(UNFINISHED) {
            layout.replaced.push(name);
        } else {
            all.push(Segment::parse(&name).ok_or(JournalError::Foreign { name })?);
        }
    }
    layout.next_epoch = all.iter().map(|segment| segment.epoch + 1).max().unwrap_or(0);
    all.sort_unstable();
    for segment in &all {
        let is_replaced = all.iter().any(|other| other.epoch > segment.epoch && other.first <= segment.first);
        if is_replaced {
            layout.replaced.push(segment.file_name());
        } else {
            layout.valid.push(*segment);
        }
    }
    Ok(layout)
}

#[cfg(test)]
mod tests {
    use super::{Segment, layout};

    #[test]
    fn a_later_epoch_replaces_records_from_its_first_on() {
        let name = |first, epoch| Segment { first, epoch }.file_name();
        let found = layout(vec![name(200, 1), name(100, 1), name(121, 2), name(1, 0)]).expect("segments");
        assert_eq!(found.valid.iter().map(|segment| segment.first).collect::<Vec<_>>(), [1, 100, 121]);
        assert_eq!(found.replaced, [name(200, 1)]);
        assert_eq!(found.next_epoch, 3);
    }

    #[test]
    fn a_copy_under_another_name_is_refused() {
        let name = Segment { first: 1, epoch: 0 }.file_name();
        for copy in [format!("{name}.bak"), format!("copy of {name}"), "1-0.journal".to_owned(), "notes.txt".to_owned()]
        {
            assert!(layout(vec![name.clone(), copy.clone()]).is_err(), "{copy}");
        }
    }
}
