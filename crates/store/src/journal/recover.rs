//! Reading the journal after a stop: what is valid, what was cut off, and what damage must not be passed over.
//!
//! A hole is a place where the next record should start and none does. Whether it is the torn end of the last write or damage
//! to records that were safe is decided by the markers that follow every flush: when a later one says that the missing
//! sequence was on the disk, something has been lost and the journal refuses to open. Otherwise the records from the hole on
//! were never flushed, and losing them is what a power failure may do.

use super::JournalError;
use super::disk::Disk;
use super::record::{self, Content, Kind};
use super::segment::{self, Layout, Segment};
use domain::generation::Opening;
use domain::id::GenerationId;
use std::collections::HashMap;

/// A generation that was open when the process stopped.
pub(super) struct Opener {
    pub(super) seq: u64,
    pub(super) opening: Opening,
    pub(super) delivered: Option<u64>,
}

/// What a journal holds.
pub(super) struct Scan {
    pub(super) layout: Layout,
    /// Sequence of the next record.
    pub(super) next_seq: u64,
    /// Generations without a CLOSE.
    pub(super) openers: HashMap<GenerationId, Opener>,
}

/// Reads every segment.
///
/// # Errors
/// [`JournalError::Damaged`] with the place of the first damage, [`JournalError::Io`] when a file cannot be read.
pub(super) fn scan(disk: &dyn Disk) -> Result<Scan, JournalError> {
    let layout = segment::layout(disk.list()?)?;
    let mut scan = Scan { next_seq: 1, openers: HashMap::new(), layout: Layout::default() };
    for (place, segment) in layout.valid.iter().enumerate() {
        let until = layout.valid.get(place + 1).map(|next| next.first);
        if place == 0 {
            scan.next_seq = segment.first;
        } else if scan.next_seq != segment.first {
            // The segment before ended early and nothing proves that more was on the disk, or it would have been refused.
            break;
        }
        let bytes = read_all(disk, *segment)?;
        let end = scan.segment(*segment, &bytes, until)?;
        if until.is_some_and(|until| scan.next_seq < until) || end < bytes.len() {
            let later = layout.valid.get(place + 1..).unwrap_or_default();
            if until != Some(scan.next_seq) {
                refuse_known_loss(disk, *segment, &bytes, end, scan.next_seq, later)?;
            }
        }
    }
    scan.layout = layout;
    Ok(scan)
}

fn read_all(disk: &dyn Disk, segment: Segment) -> Result<Vec<u8>, JournalError> {
    let name = segment.file_name();
    let length = usize::try_from(disk.len(&name)?).unwrap_or(usize::MAX);
    Ok(disk.read(&name, 0, length)?)
}

impl Scan {
    /// Reads one segment up to a sequence; the offset behind its last valid record.
    fn segment(&mut self, segment: Segment, bytes: &[u8], until: Option<u64>) -> Result<usize, JournalError> {
        match Segment::of_header(bytes) {
            Some(named) if named == segment => {}
            // A copy under another name would stand in for records that it does not have.
            Some(_) => return Err(JournalError::Foreign { name: segment.file_name() }),
            None => return Ok(0),
        }
        let mut offset = segment::HEADER;
        while until != Some(self.next_seq) {
            let Ok(found) = record::read(bytes.get(offset..).unwrap_or_default()) else {
                break;
            };
            let damaged = |reason| JournalError::Damaged {
                segment: segment.file_name(),
                offset: u64::try_from(offset).unwrap_or(u64::MAX),
                seq: self.next_seq,
                reason,
            };
            if found.seq != self.next_seq {
                return Err(damaged("a record with another sequence stands here"));
            }
            let content = found.content().ok_or_else(|| damaged("the record's content is not understood"))?;
            self.apply(found.seq, content);
            offset += found.len();
            self.next_seq += 1;
        }
        Ok(offset)
    }

    fn apply(&mut self, seq: u64, content: Content) {
        match content {
            Content::Open(opening) => {
                self.openers.insert(opening.id, Opener { seq, opening: *opening, delivered: None });
            }
            Content::Mark(mark) => {
                if let Some(opener) = self.openers.get_mut(&mark.id) {
                    opener.delivered = opener.delivered.max(Some(mark.delivered_tokens));
                }
            }
            Content::Close(settlement) => {
                self.openers.remove(&settlement.opening.id);
            }
            Content::Flushed(_) => {}
        }
    }
}

/// Refuses a hole at `offset` when a later marker says that `seq` had been flushed.
fn refuse_known_loss(
    disk: &dyn Disk,
    segment: Segment,
    bytes: &[u8],
    offset: usize,
    seq: u64,
    later: &[Segment],
) -> Result<(), JournalError> {
    let mut flushed = newest_marker(bytes.get(offset..).unwrap_or_default());
    for segment in later {
        flushed = flushed.max(newest_marker(&read_all(disk, *segment)?));
    }
    if flushed < seq {
        return Ok(());
    }
    Err(JournalError::Damaged {
        segment: segment.file_name(),
        offset: u64::try_from(offset).unwrap_or(u64::MAX),
        seq,
        reason: "the record is missing or changed although it had been flushed",
    })
}

/// The highest sequence that any marker in these bytes calls flushed; markers are looked for at every byte.
fn newest_marker(bytes: &[u8]) -> u64 {
    let mut newest = 0;
    for start in 0..bytes.len().saturating_sub(record::HEADER) {
        // The length and kind of a marker are looked at before the costlier checksum.
        let rest = bytes.get(start..).unwrap_or_default();
        if rest.first() != Some(&8) || rest.get(16) != Some(&4) {
            continue;
        }
        if let Ok(found) = record::read(rest)
            && found.kind == Kind::Flushed
            && let Some(Content::Flushed(seq)) = found.content()
        {
            newest = newest.max(seq);
        }
    }
    newest
}
