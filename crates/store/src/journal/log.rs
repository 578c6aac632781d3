//! The log behind a journal: appending, flushing, beginning segments, and writing again after a failed flush.

use super::disk::{Disk, DiskFile};
use super::handover::Handover;
use super::record::{self, Draft};
use super::segment::{self, Segment};
use super::unflushed::Unflushed;
use super::{Interrupted, JournalError, JournalOptions, Recovered, recover};
use domain::generation::Settlement;
use domain::id::GenerationId;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, watch};

/// What a record changes in memory once it is written.
pub(super) enum Effect {
    Open(GenerationId),
    Close(Arc<Settlement>),
    None,
}

/// The segment that is written.
struct Active {
    segment: Segment,
    file: Arc<dyn DiskFile>,
    length: u64,
    /// Nothing may be appended any more: a failed write left a part of a record behind, or a newer segment was begun.
    is_ended: bool,
}

/// Everything that changes, under one lock that is never held while waiting for a flush (but for writing again).
pub(super) struct State {
    active: Active,
    segments: VecDeque<Segment>,
    /// Files that a later epoch replaces. They must be gone before the segment that replaces them is deleted.
    replaced: Vec<String>,
    epoch: u64,
    next_seq: u64,
    flushed: u64,
    /// Records since the last flush, to be written again if it fails.
    unflushed: Unflushed,
    /// Whether there is anything but a marker to flush.
    pub(super) is_dirty: bool,
    /// Earlier segments with records that are not flushed.
    unsynced: Vec<Arc<dyn DiskFile>>,
    are_names_dirty: bool,
    openers: HashMap<GenerationId, u64>,
    /// Settlements that the drain need not read from the files.
    pub(super) handover: Handover,
    write_failed: bool,
    is_refused: bool,
    /// Someone waits for a flush now.
    pub(super) is_urgent: bool,
    pub(super) is_stopping: bool,
}

/// A log shared between writers, the flusher and the drain.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) options: JournalOptions,
    pub(super) state: Mutex<State>,
    /// One flush at a time.
    flushing: Mutex<()>,
    pub(super) wake: Condvar,
    /// Sequence up to which records are flushed.
    progress: watch::Sender<u64>,
    pub(super) dirty: Notify,
    closes: AtomicU64,
    last_close: AtomicU64,
    flushes: AtomicU64,
    is_writable: AtomicBool,
}

/// Recovers a log and begins a new segment in it.
///
/// The new segment's name alone makes the end of the old one count no more, torn tail included.
pub(super) fn open(disk: Arc<dyn Disk>, options: JournalOptions) -> Result<(Shared, Recovered), JournalError> {
    let scan = recover::scan(&*disk)?;
    let epoch = scan.layout.next_epoch;
    let segment = Segment { first: scan.next_seq, epoch };
    let file = begin(&*disk, segment)?;
    let mut segments: VecDeque<Segment> =
        scan.layout.valid.iter().copied().filter(|old| old.first < segment.first).collect();
    let needless = scan.layout.valid.iter().filter(|old| old.first >= segment.first).map(|old| old.file_name());
    let needless: Vec<String> = needless.chain(scan.layout.replaced).collect();
    // Everything that recovery relied on must be as safe as it is about to be called.
    for old in &segments {
        disk.open(&old.file_name())?.sync()?;
    }
    file.sync()?;
    disk.sync_names()?;
    for name in needless {
        disk.remove(&name)?;
    }
    disk.sync_names()?;
    segments.push_back(segment);
    let last_seq = scan.next_seq - 1;
    let mut openers: Vec<_> = scan.openers.into_values().collect();
    openers.sort_by_key(|opener| opener.seq);
    let state = State {
        active: Active { segment, file, length: segment::HEADER as u64, is_ended: false },
        segments,
        replaced: Vec::new(),
        epoch,
        next_seq: scan.next_seq,
        flushed: last_seq,
        unflushed: Unflushed::default(),
        is_dirty: false,
        unsynced: Vec::new(),
        are_names_dirty: false,
        openers: openers.iter().map(|opener| (opener.opening.id, opener.seq)).collect(),
        handover: Handover::new(scan.next_seq, options.handover_max),
        write_failed: false,
        is_refused: false,
        is_urgent: false,
        is_stopping: false,
    };
    let interrupted = openers
        .into_iter()
        .map(|opener| Interrupted { opening: opener.opening, delivered_tokens: opener.delivered })
        .collect();
    let shared = Shared {
        disk,
        options,
        state: Mutex::new(state),
        flushing: Mutex::new(()),
        wake: Condvar::new(),
        progress: watch::channel(last_seq).0,
        dirty: Notify::new(),
        closes: AtomicU64::new(0),
        last_close: AtomicU64::new(0),
        flushes: AtomicU64::new(0),
        is_writable: AtomicBool::new(true),
    };
    Ok((shared, Recovered { interrupted, last_seq }))
}

fn begin(disk: &dyn Disk, segment: Segment) -> Result<Arc<dyn DiskFile>, JournalError> {
    let file = disk.create(&segment.file_name())?;
    file.append(&segment.header())?;
    Ok(file)
}

impl Shared {
    /// Writes one record; its sequence.
    pub(super) fn append(&self, draft: Draft, effect: Effect) -> Result<u64, JournalError> {
        let size = draft.len();
        if size > record::PAYLOAD_MAX {
            return Err(JournalError::TooLarge { bytes: size });
        }
        let is_close = matches!(effect, Effect::Close(_));
        let mut state = self.state.lock();
        let written = self.write(&mut state, draft);
        self.publish(&state);
        let seq = written?;
        match effect {
            Effect::Open(id) => {
                state.openers.insert(id, seq);
            }
            Effect::Close(settlement) => {
                state.openers.remove(&settlement.opening.id);
                state.handover.push(seq, settlement);
                self.last_close.store(seq, Ordering::Relaxed);
            }
            Effect::None => {}
        }
        if !state.is_dirty {
            state.is_dirty = true;
            self.wake.notify_one();
        }
        drop(state);
        if is_close {
            self.closes.fetch_add(1, Ordering::Relaxed);
            self.dirty.notify_one();
        }
        Ok(seq)
    }

    fn write(&self, state: &mut State, draft: Draft) -> Result<u64, JournalError> {
        if state.is_refused {
            return Err(JournalError::Unwritable);
        }
        let size = draft.len();
        let waiting = state.unflushed.bytes().len();
        if waiting + size > self.options.unflushed_bytes_max {
            return Err(JournalError::Backlog { bytes: waiting });
        }
        let done = self.write_now(state, draft);
        state.write_failed = done.is_err();
        done
    }

    fn write_now(&self, state: &mut State, draft: Draft) -> Result<u64, JournalError> {
        let size = draft.len() as u64;
        let is_full =
            state.active.length > segment::HEADER as u64 && state.active.length + size > self.options.segment_bytes;
        if is_full || state.active.is_ended {
            self.roll(state)?;
        }
        let seq = state.next_seq;
        let bytes = draft.seal(seq);
        if let Err(error) = state.active.file.append(&bytes) {
            // A part of the record may be in the file; later records must not stand behind it.
            state.active.is_ended = state.active.file.truncate(state.active.length).is_err();
            return Err(JournalError::Write(error));
        }
        state.active.length += size;
        state.next_seq += 1;
        state.unflushed.push(seq, &bytes);
        Ok(seq)
    }

    /// Begins a new segment. The old one is flushed by the flusher, before it calls any later record safe.
    fn roll(&self, state: &mut State) -> Result<(), JournalError> {
        // A spoilt end must not be mistaken for records: a new epoch replaces it, and so does it a half-made segment.
        if state.active.is_ended {
            state.epoch += 1;
        }
        let segment = Segment { first: state.next_seq, epoch: state.epoch };
        let file = match begin(&*self.disk, segment) {
            Ok(file) => file,
            Err(error) => {
                // The file may exist, so no later record may go anywhere but behind its name.
                state.active.is_ended = true;
                state.replaced.push(segment.file_name());
                return Err(match error {
                    JournalError::Io(source) => JournalError::Write(source),
                    other => other,
                });
            }
        };
        let length = segment::HEADER as u64;
        let old = std::mem::replace(&mut state.active, Active { segment, file, length, is_ended: false });
        if old.segment.first == segment.first {
            state.segments.pop_back();
            state.replaced.push(old.segment.file_name());
        } else {
            state.unsynced.push(old.file);
        }
        state.segments.push_back(segment);
        state.are_names_dirty = true;
        Ok(())
    }

    /// Flushes everything that is written when it begins; writes it again elsewhere when that fails.
    pub(super) fn flush(&self) -> Result<(), JournalError> {
        let _one_at_a_time = self.flushing.lock();
        let mut state = self.state.lock();
        state.is_urgent = false;
        if state.is_refused {
            return self.rewrite(&mut state);
        }
        if !state.is_dirty {
            return Ok(());
        }
        state.is_dirty = false;
        let upto = state.next_seq - 1;
        let old_files = state.unsynced.clone();
        let active = Arc::clone(&state.active.file);
        let are_names_dirty = std::mem::take(&mut state.are_names_dirty);
        drop(state);
        let synced = self.sync(&old_files, &active, are_names_dirty);
        let mut state = self.state.lock();
        #[cfg(any(test, feature = "seeded-bugs"))]
        let synced = if self.options.ignore_flush_result { Ok(()) } else { synced };
        match synced {
            Ok(()) => {
                state.unsynced.drain(..old_files.len());
                self.flushed(&mut state, upto);
                Ok(())
            }
            Err(error) => {
                tracing::error!(error = %error, "flushing the journal failed; what was not safe is written again");
                self.rewrite(&mut state)
            }
        }
    }

    fn sync(&self, old: &[Arc<dyn DiskFile>], active: &Arc<dyn DiskFile>, names: bool) -> std::io::Result<()> {
        for file in old {
            file.sync()?;
        }
        active.sync()?;
        if names { self.disk.sync_names() } else { Ok(()) }
    }

    fn flushed(&self, state: &mut State, upto: u64) {
        state.flushed = upto;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        state.unflushed.forget(upto);
        // The marker tells recovery what must be there. Failing to write it is noticed like any failed write.
        if let Err(error) = self.write(state, Draft::flushed(upto)) {
            tracing::warn!(error = %error, "the journal's flush marker could not be written");
        }
        self.publish(state);
    }

    /// Writes every record since the last good flush into a new segment that replaces them; refuses when that fails too.
    ///
    /// After a failed flush the kernel may have dropped the pages, so the old file is never flushed again.
    fn rewrite(&self, state: &mut State) -> Result<(), JournalError> {
        let segment = Segment { first: state.flushed + 1, epoch: state.epoch + 1 };
        let done = self.write_again(state, segment);
        match done {
            Ok((file, length)) => {
                state.epoch = segment.epoch;
                state.active = Active { segment, file, length, is_ended: false };
                let replaced: Vec<Segment> =
                    state.segments.iter().copied().filter(|old| old.first >= segment.first).collect();
                state.segments.retain(|old| old.first < segment.first);
                state.segments.push_back(segment);
                state.unsynced.clear();
                state.are_names_dirty = false;
                state.is_dirty = false;
                state.is_refused = false;
                state.replaced.extend(replaced.into_iter().map(Segment::file_name));
                let upto = state.next_seq - 1;
                self.flushed(state, upto);
                Ok(())
            }
            Err(error) => {
                tracing::error!(error = %error, "the journal's disk failed twice; paid work is refused until it works");
                state.is_refused = true;
                self.publish(state);
                Err(JournalError::Unwritable)
            }
        }
    }

    fn write_again(&self, state: &State, segment: Segment) -> std::io::Result<(Arc<dyn DiskFile>, u64)> {
        // Records before the first unflushed one are safe in the segments that stay, so those must end there.
        let mut bytes = segment.header();
        bytes.extend_from_slice(state.unflushed.bytes());
        let file = self.disk.create(&segment.unfinished_name())?;
        file.append(&bytes)?;
        file.sync()?;
        self.disk.rename(&segment.unfinished_name(), &segment.file_name())?;
        self.disk.sync_names()?;
        Ok((file, bytes.len() as u64))
    }

    /// Tries to write again after a failure; called by the flusher from time to time.
    pub(super) fn probe(&self) {
        let is_refused = self.state.lock().is_refused;
        if is_refused {
            if self.flush().is_ok() {
                tracing::info!("the journal's disk works again");
            }
            return;
        }
        let mut state = self.state.lock();
        let flushed = state.flushed;
        if state.write_failed && self.write(&mut state, Draft::flushed(flushed)).is_ok() {
            tracing::info!("the journal can be written again");
        }
        self.publish(&state);
    }

    fn publish(&self, state: &State) {
        self.is_writable.store(!state.write_failed && !state.is_refused, Ordering::Release);
        self.progress.send_if_modified(|flushed| {
            let is_new = *flushed != state.flushed;
            *flushed = state.flushed;
            is_new
        });
    }

    /// Waits until a record is flushed, hurrying the flusher; as long as that takes on a disk that refuses. Whether it is.
    pub(super) async fn wait_flushed(&self, seq: u64) -> bool {
        let mut progress = self.progress.subscribe();
        self.state.lock().is_urgent = true;
        self.wake.notify_one();
        progress.wait_for(|flushed| *flushed >= seq).await.is_ok()
    }

    /// Sequence of the last settlement that was recorded since the log was opened; 0 before the first.
    pub(super) fn last_close(&self) -> u64 {
        self.last_close.load(Ordering::Relaxed)
    }

    pub(super) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }

    /// Lets go of settlements that are posted.
    pub(super) fn forget(&self, drained: u64) {
        self.state.lock().handover.forget(drained);
    }

    /// Deletes segments whose records are all posted (up to `drained`) and hold no open generation; how many.
    ///
    /// Only from the oldest on, so that what remains has no gap.
    pub(super) fn release(&self, drained: u64) -> Result<usize, JournalError> {
        if self.releasable(drained).is_none() {
            return Ok(0);
        }
        self.remove_replaced()?;
        let mut released = 0;
        while let Some(segment) = self.releasable(drained) {
            self.disk.remove(&segment.file_name())?;
            // In this order over a power loss too: a later segment must not vanish before an earlier one.
            self.disk.sync_names()?;
            self.state.lock().segments.pop_front();
            released += 1;
        }
        Ok(released)
    }

    /// Deletes files that count no more. One that came back after its successor was deleted would count again.
    fn remove_replaced(&self) -> Result<(), JournalError> {
        let replaced = self.state.lock().replaced.clone();
        if replaced.is_empty() {
            return Ok(());
        }
        for name in &replaced {
            match self.disk.remove(name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        self.disk.sync_names()?;
        self.state.lock().replaced.retain(|name| !replaced.contains(name));
        Ok(())
    }

    /// The oldest segment, when it is needed no more.
    pub(super) fn releasable(&self, drained: u64) -> Option<Segment> {
        let state = self.state.lock();
        let first_open = state.openers.values().copied().min().unwrap_or(u64::MAX);
        let needed = first_open.min(drained.min(state.flushed) + 1);
        let (oldest, next) = (state.segments.front()?, state.segments.get(1)?);
        (next.first <= needed).then_some(*oldest)
    }

    /// Segments in order and the last sequence that may be read.
    pub(super) fn readable(&self) -> (Vec<Segment>, u64) {
        let state = self.state.lock();
        (state.segments.iter().copied().collect(), state.flushed)
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.state.lock().next_seq - 1
    }

    pub(super) fn is_writable(&self) -> bool {
        self.is_writable.load(Ordering::Acquire)
    }

    pub(super) fn closes(&self) -> u64 {
        self.closes.load(Ordering::Relaxed)
    }

    pub(super) fn flushed_seq(&self) -> u64 {
        self.state.lock().flushed
    }

    pub(super) fn segment_count(&self) -> usize {
        self.state.lock().segments.len()
    }

    pub(super) fn stop(&self) {
        self.state.lock().is_stopping = true;
        self.wake.notify_one();
    }
}

impl State {
    /// Sequence up to which records survive a power loss.
    pub(super) const fn flushed(&self) -> u64 {
        self.flushed
    }

    pub(super) fn needs_probe(guard: &MutexGuard<'_, Self>) -> bool {
        guard.write_failed || guard.is_refused
    }
}
