//! The node's journal: settlements between the moment an answer ends and the moment the database has them.
//!
//! A record is written before the last bytes of an answer leave, with one plain `write`, so it survives a kill of the process
//! without waiting for the disk. A thread of the journal flushes every few milliseconds; a power loss can take what was
//! written since, in the customer's favour. Strict mode makes an answer's last byte wait for that flush. The drain posts
//! flushed records to the store at any later time and deletes segments that are no longer needed.
//!
//! Nothing here blocks on the disk's flush except the flusher, [`Journal::flush`] and recovery.

pub mod disk;
mod drain;
mod error;
mod flusher;
mod handover;
mod log;
mod pack;
mod read;
mod record;
mod recover;
mod segment;
mod unflushed;
#[cfg(test)]
mod tests;

pub use drain::{BATCH_MAX, DrainError, Drainer, Sink};
pub use error::JournalError;
pub use pack::PackError;
pub use read::undrained;

use disk::{Disk, Folder};
use domain::generation::{Opening, Settlement};
use domain::id::GenerationId;
use log::Shared;
use record::{Draft, Kind, Mark};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How a journal works.
#[derive(Debug, Clone, Copy)]
pub struct JournalOptions {
    /// Size from which a new segment is begun.
    pub segment_bytes: u64,
    /// Longest time between a write and its flush; none leaves flushing to the caller.
    pub flush_interval: Option<Duration>,
    /// Whether [`Journal::secure`] waits for the flush.
    pub strict: bool,
    /// Longest such wait.
    pub strict_wait: Duration,
    /// Most bytes of written records that wait for a flush; further ones are refused.
    pub unflushed_bytes_max: usize,
    /// Time between two attempts to write again after a failure.
    pub retry_interval: Duration,
    /// Most settlements that wait in memory for the drain; it reads older ones from the files.
    pub handover_max: usize,
    /// Defects that tests switch on to see that their checks notice.
    #[cfg(any(test, feature = "seeded-bugs"))]
    pub ignore_flush_result: bool,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            flush_interval: Some(Duration::from_millis(10)),
            strict: false,
            strict_wait: Duration::from_secs(2),
            unflushed_bytes_max: 64 << 20,
            retry_interval: Duration::from_millis(500),
            handover_max: 16_384,
            #[cfg(any(test, feature = "seeded-bugs"))]
            ignore_flush_result: false,
        }
    }
}

/// A generation that a stop of the process cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// What was known when its first content left.
    pub opening: Opening,
    /// Answer tokens that had been delivered; none when nothing is known to have been.
    pub delivered_tokens: Option<u64>,
}

/// What opening a journal found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Generations without a settlement, in order of their opening. [`Drainer::recover`] settles them.
    pub interrupted: Vec<Interrupted>,
    /// Sequence of the last record; 0 for a new journal.
    pub last_seq: u64,
}

/// An open journal. One per data directory; share it in an [`Arc`]. Dropping it flushes.
pub struct Journal {
    shared: Arc<Shared>,
    flusher: Option<std::thread::JoinHandle<()>>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Journal").field("is_writable", &self.is_writable()).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal in a folder, which is locked until the journal is dropped.
    ///
    /// # Errors
    /// [`JournalError::Locked`] when another process has it, [`JournalError::Damaged`] or [`JournalError::Foreign`] when
    /// records are missing that had been safe, [`JournalError::Io`] when files cannot be read or made.
    pub fn open(folder: &Path, options: JournalOptions) -> Result<(Self, Recovered), JournalError> {
        match Folder::lock(folder)? {
            Some(disk) => Self::open_on(Arc::new(disk), options),
            None => Err(JournalError::Locked { pid: Folder::owner(folder) }),
        }
    }

    /// Opens the journal on any disk; for tests and simulations.
    ///
    /// # Errors
    /// As [`Journal::open`], without the lock.
    pub fn open_on(disk: Arc<dyn Disk>, options: JournalOptions) -> Result<(Self, Recovered), JournalError> {
        let (shared, recovered) = log::open(disk, options)?;
        let shared = Arc::new(shared);
        let flusher = match shared.options.flush_interval {
            Some(interval) => Some(flusher::start(Arc::clone(&shared), interval)?),
            None => None,
        };
        Ok((Self { shared, flusher }, recovered))
    }

    /// Records that the first content of a generation is about to leave; the record's sequence.
    ///
    /// # Errors
    /// [`JournalError`] when it could not be written; the content must not leave then.
    pub fn open_record(&self, opening: &Opening) -> Result<u64, JournalError> {
        let draft = Draft::of(Kind::Open, opening).map_err(JournalError::Encode)?;
        self.shared.append(draft, log::Effect::Open(opening.id))
    }

    /// Records how many answer tokens the client's socket has accepted. Call it after sending, never before.
    ///
    /// # Errors
    /// [`JournalError`] when it could not be written; an interrupted generation is then billed for less.
    pub fn mark(&self, id: GenerationId, delivered_tokens: u64) -> Result<u64, JournalError> {
        let draft = Draft::of(Kind::Mark, &Mark { id, delivered_tokens }).map_err(JournalError::Encode)?;
        self.shared.append(draft, log::Effect::None)
    }

    /// Records a settlement; it survives a kill of the process from here on. Call it before the last bytes leave.
    ///
    /// # Errors
    /// [`JournalError`] when it could not be written; nothing is recorded then and the call may be repeated.
    pub fn close(&self, settlement: &Settlement) -> Result<u64, JournalError> {
        self.close_shared(&Arc::new(settlement.clone()))
    }

    /// As [`Journal::close`], for a settlement that is shared already: the drain is given the same.
    ///
    /// # Errors
    /// As [`Journal::close`].
    pub fn close_shared(&self, settlement: &Arc<Settlement>) -> Result<u64, JournalError> {
        let draft = Draft::of(Kind::Close, &**settlement).map_err(JournalError::Encode)?;
        self.shared.append(draft, log::Effect::Close(Arc::clone(settlement)))
    }

    /// In strict mode, waits until every settlement that was recorded so far survives a power loss, but not longer than the
    /// options say; otherwise not at all. Whether the wait was long enough. Everyone who waits shares one flush.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; what was recorded is flushed all the same.
    pub async fn secure(&self) -> bool {
        let JournalOptions { strict, strict_wait, .. } = self.shared.options;
        let flushed = self.shared.wait_flushed(self.shared.last_close());
        !strict || matches!(tokio::time::timeout(strict_wait, flushed).await, Ok(true))
    }

    /// Whether [`Journal::secure`] waits.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.shared.options.strict
    }

    /// How often the disk was told to keep what was written, and did.
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.shared.flushes()
    }

    /// Flushes what was written; blocks on the disk.
    ///
    /// # Errors
    /// [`JournalError::Unwritable`] when neither the flush nor writing everything again succeeded.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.shared.flush()
    }

    /// Whether records can be written now. Paid work is refused while this is false.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.shared.is_writable()
    }

    /// Settlements that were recorded since the journal was opened.
    #[must_use]
    pub fn closes(&self) -> u64 {
        self.shared.closes()
    }

    /// Sequence up to which records survive a power loss; the drain reads no further.
    #[must_use]
    pub fn flushed_seq(&self) -> u64 {
        self.shared.flushed_seq()
    }

    /// Waits until a settlement was recorded since the last call.
    ///
    /// # Cancel safety
    /// Dropping the future loses no notice.
    pub async fn dirty(&self) {
        self.shared.dirty.notified().await;
    }

    /// How many segments are kept.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.shared.segment_count()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(flusher) = self.flusher.take()
            && flusher.join().is_err()
        {
            tracing::error!("the journal's flusher had stopped early");
        }
    }
}
