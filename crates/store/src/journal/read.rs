//! Reading settlements back from the segment files: for the drain, and beside a running server for the auditor.

use super::JournalError;
use super::disk::{Disk, Folder};
use super::handover::Closes;
use super::log::Shared;
use super::record::{self, Absent, Content, Kind};
use super::segment::{self, Segment};
use domain::generation::Settlement;
use std::path::Path;
use std::sync::Arc;

/// Bytes per read; grows for a record that is larger.
const CHUNK: usize = 256 << 10;

/// A place between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Records before this sequence are passed over.
    wanted: u64,
    /// Sequence of the record that comes next in the file.
    seq: u64,
    /// Segment and offset; none until the segment is looked for.
    place: Option<(Segment, u64)>,
}

impl Cursor {
    /// The place before a sequence.
    pub(super) const fn before(seq: u64) -> Self {
        Self { wanted: seq, seq, place: None }
    }

    /// Sequence of the next record that is wanted.
    const fn next(&self) -> u64 {
        if self.seq > self.wanted { self.seq } else { self.wanted }
    }

    /// Sequence of the last record that was passed.
    pub(super) const fn last_seq(&self) -> u64 {
        self.next() - 1
    }
}

/// Settlements with their sequences, and the place behind them.
pub(super) struct Batch {
    pub(super) closes: Closes,
    pub(super) cursor: Cursor,
}

impl Shared {
    /// Flushed settlements from a place on, at most `limit`, as far as all of them wait in memory.
    pub(super) fn closes_at_hand(&self, cursor: Cursor, limit: usize) -> Option<Batch> {
        let state = self.state.lock();
        let (closes, passed) = state.handover.take(cursor.next(), state.flushed(), limit)?;
        Some(Batch { closes, cursor: Cursor::before(passed + 1) })
    }

    /// Reads flushed settlements from a place on, at most `limit`.
    pub(super) fn read_closes(&self, cursor: Cursor, limit: usize) -> Result<Batch, JournalError> {
        let (segments, flushed) = self.readable();
        if let Some(first) = segments.first().filter(|oldest| oldest.first > cursor.seq.max(cursor.wanted)) {
            return Err(JournalError::Gone { wanted: cursor.wanted, first: first.first });
        }
        let mut batch = Batch { closes: Vec::new(), cursor };
        let reader = Reader { disk: &*self.disk, segments: &segments, last: Some(flushed), limit };
        while reader.advance(&mut batch)? {}
        Ok(batch)
    }
}

struct Reader<'a> {
    disk: &'a dyn Disk,
    segments: &'a [Segment],
    /// The last sequence to read; it must be there. None reads to wherever the records end.
    last: Option<u64>,
    limit: usize,
}

impl Reader<'_> {
    /// Reads one chunk of one segment; whether there may be more.
    fn advance(&self, batch: &mut Batch) -> Result<bool, JournalError> {
        if batch.closes.len() >= self.limit {
            return Ok(false);
        }
        let Some((segment, offset, until)) = self.locate(&mut batch.cursor) else {
            return Ok(false);
        };
        if self.last.is_some_and(|last| batch.cursor.seq > last) {
            return Ok(false);
        }
        let name = segment.file_name();
        let mut bytes = self.disk.read(&name, offset, CHUNK)?;
        if let Err(Absent::Short(size)) = record::read(&bytes)
            && size > CHUNK
        {
            bytes = self.disk.read(&name, offset, size)?;
        }
        let used = self.take(&bytes, until, batch);
        if used > 0 {
            batch.cursor.place = Some((segment, offset + u64::try_from(used).unwrap_or(0)));
            return Ok(true);
        }
        match self.last {
            // Everything up to the flushed sequence was written by this process or checked when it started.
            Some(_) => Err(JournalError::Damaged {
                segment: name,
                offset,
                seq: batch.cursor.seq,
                reason: "the record cannot be read back",
            }),
            None => Ok(false),
        }
    }

    /// The segment and offset of the cursor, and the sequence at which the segment ends.
    fn locate(&self, cursor: &mut Cursor) -> Option<(Segment, u64, Option<u64>)> {
        // The segment may have been replaced since: the place is then looked for again.
        let known = cursor.place.filter(|(segment, _)| self.segments.contains(segment));
        if known.is_none() {
            cursor.wanted = cursor.wanted.max(cursor.seq);
        }
        let wanted = cursor.wanted.max(cursor.seq);
        let (mut segment, mut offset) = match known {
            Some(place) => place,
            None => (*self.segments.iter().rfind(|segment| segment.first <= wanted)?, segment::HEADER as u64),
        };
        if known.is_none() {
            cursor.seq = segment.first;
        }
        let after = |segment: Segment| self.segments.iter().find(|other| other.first > segment.first).copied();
        while let Some(next) = after(segment).filter(|next| next.first <= cursor.seq) {
            (segment, offset) = (next, segment::HEADER as u64);
        }
        cursor.place = Some((segment, offset));
        Some((segment, offset, after(segment).map(|next| next.first)))
    }

    /// Takes the records of a chunk; how many bytes they had.
    fn take(&self, bytes: &[u8], until: Option<u64>, batch: &mut Batch) -> usize {
        let mut used = 0;
        while batch.closes.len() < self.limit
            && until.is_none_or(|until| batch.cursor.seq < until)
            && self.last.is_none_or(|last| batch.cursor.seq <= last)
        {
            let Ok(found) = record::read(bytes.get(used..).unwrap_or_default()) else {
                break;
            };
            if found.seq != batch.cursor.seq {
                break;
            }
            if found.kind == Kind::Close && found.seq >= batch.cursor.wanted {
                let Some(Content::Close(settlement)) = found.content() else {
                    break;
                };
                batch.closes.push((found.seq, Arc::new(*settlement)));
            }
            used += found.len();
            batch.cursor.seq += 1;
        }
        used
    }
}

/// Settlements after a sequence that are in a journal's files, for a reader beside the process that writes them.
///
/// The last record may still be in the making; it ends the list. Files may vanish while they are read, because the drain has
/// posted them; the caller then reads its position again and starts over.
///
/// # Errors
/// [`JournalError::Io`] when a file cannot be read, [`JournalError::Foreign`] for a file that is no segment.
pub fn undrained(folder: &Path, after_seq: u64) -> Result<Vec<Settlement>, JournalError> {
    let disk = Folder::read_only(folder);
    let names = match disk.list() {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let layout = segment::layout(names)?;
    let reader = Reader { disk: &disk, segments: &layout.valid, last: None, limit: usize::MAX };
    let mut batch = Batch { closes: Vec::new(), cursor: Cursor::before(after_seq + 1) };
    while reader.advance(&mut batch)? {}
    Ok(batch.closes.into_iter().map(|(_, settlement)| Arc::unwrap_or_clone(settlement)).collect())
}
