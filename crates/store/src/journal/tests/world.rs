//! A simulated machine: a disk that keeps a log of every operation, and a database that posts settlements.
//!
//! One history is run once and its events are kept in order; a crash "at event k" is then the fold of the first k events,
//! plus a part of the next one. So every write boundary can be tried without running the history again.

use crate::contract::fixture::{NODE, noon};
use crate::durable::{NodeId, Settled, StoreError, Stretch};
use crate::journal::disk::{Disk, DiskFile};
use crate::journal::{Drainer, Interrupted, Journal, JournalError, JournalOptions, Sink};
use domain::generation::Settlement;
use domain::id::GenerationId;
use domain::ledger::EntryKind;
use domain::money::Amount;
use domain::time::Timestamp;
use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// What happened, in order.
#[derive(Clone)]
pub(super) enum Event {
    Create {
        name: String,
        node: u64,
    },
    Append {
        node: u64,
        bytes: Arc<[u8]>,
    },
    Truncate {
        node: u64,
        length: usize,
    },
    Sync {
        node: u64,
    },
    /// A flush failed: what it should have written stays readable until the power goes, and never reaches the disk.
    FailedSync {
        node: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    SyncNames,
    /// The database committed a batch.
    Post {
        rows: Vec<Posted>,
        up_to: u64,
    },
    /// The database would keep everything so far over a power loss.
    Checkpoint,
    /// The workload is about to do something.
    Trying(Step),
    /// The workload was told that it is done.
    Done(Step),
    /// A flush succeeded up to this sequence.
    Flushed(u64),
}

impl std::fmt::Debug for Event {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create { name, node } => write!(formatter, "create {name} as {node}"),
            Self::Append { node, bytes } => write!(formatter, "append {} bytes to {node}", bytes.len()),
            Self::Truncate { node, length } => write!(formatter, "truncate {node} to {length}"),
            Self::Sync { node } => write!(formatter, "sync {node}"),
            Self::FailedSync { node } => write!(formatter, "failed sync {node}"),
            Self::Rename { from, to } => write!(formatter, "rename {from} to {to}"),
            Self::Remove { name } => write!(formatter, "remove {name}"),
            Self::SyncNames => write!(formatter, "sync names"),
            Self::Post { rows, up_to } => write!(formatter, "post {} rows up to {up_to}", rows.len()),
            Self::Checkpoint => write!(formatter, "checkpoint"),
            Self::Trying(step) => write!(formatter, "trying {step:?}"),
            Self::Done(step) => write!(formatter, "done {step:?}"),
            Self::Flushed(seq) => write!(formatter, "flushed {seq}"),
        }
    }
}

/// A step of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Open(GenerationId),
    Mark(GenerationId, u64),
    Close(GenerationId, Amount, u64),
}

/// A row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posted {
    pub(super) id: GenerationId,
    pub(super) kind: EntryKind,
    pub(super) charge: Amount,
    pub(super) delivered: u64,
}

#[derive(Debug, Clone, Default)]
struct Node {
    bytes: Vec<u8>,
    safe: usize,
    /// Bytes that the kernel believes written, but that are not: from and up to.
    lost: Option<(usize, usize)>,
}

/// Everything that outlives a process.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    names: BTreeMap<String, u64>,
    safe_names: BTreeMap<String, u64>,
    nodes: BTreeMap<u64, Node>,
    /// Rows of the ledger; a second row of a generation is a double charge.
    pub(super) ledger: Vec<Posted>,
    position: u64,
    /// The ledger's length and position at the last checkpoint.
    checkpoint: (usize, u64),
}

impl Image {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { name, node } => {
                self.nodes.insert(*node, Node::default());
                self.names.insert(name.clone(), *node);
            }
            Event::Append { node, bytes } => self.node(*node).bytes.extend_from_slice(bytes),
            Event::Truncate { node, length } => {
                let node = self.node(*node);
                node.bytes.truncate(*length);
                node.safe = node.safe.min(*length);
                node.lost = node.lost.filter(|(from, _)| from < length);
            }
            Event::Sync { node } => {
                let node = self.node(*node);
                node.safe = node.bytes.len();
            }
            Event::FailedSync { node } => {
                let node = self.node(*node);
                let from = node.lost.map_or(node.safe, |(from, _)| from);
                node.lost = Some((from, node.bytes.len()));
            }
            Event::Rename { from, to } => {
                let node = self.names.remove(from).expect("renames what exists");
                self.names.insert(to.clone(), node);
            }
            Event::Remove { name } => {
                self.names.remove(name);
            }
            Event::SyncNames => self.safe_names = self.names.clone(),
            Event::Post { rows, up_to } => {
                self.ledger.extend(rows.iter().copied());
                self.position = self.position.max(*up_to);
            }
            Event::Checkpoint => self.checkpoint = (self.ledger.len(), self.position),
            Event::Trying(_) | Event::Done(_) | Event::Flushed(_) => {}
        }
    }

    fn node(&mut self, node: u64) -> &mut Node {
        self.nodes.get_mut(&node).expect("node exists")
    }

    /// Leaves a part of an append behind.
    pub(super) fn apply_part(&mut self, event: &Event, tail: Tail, random: &mut SmallRng) {
        if let Event::Append { node, bytes } = event {
            let mut part = bytes.to_vec();
            mutilate(&mut part, tail, random);
            self.node(*node).bytes.extend_from_slice(&part);
        }
    }

    /// What a power loss leaves: flushed bytes, and the rest in some sorry state. The database loses what was after its
    /// last checkpoint.
    pub(super) fn lose_power(&mut self, tail: Tail, random: &mut SmallRng) {
        for node in self.nodes.values_mut() {
            let mut rest = node.bytes.split_off(node.safe);
            mutilate(&mut rest, tail, random);
            node.bytes.extend_from_slice(&rest);
            if let Some((from, to)) = node.lost.take() {
                let to = to.min(node.bytes.len());
                node.bytes[from.min(to)..to].fill(0);
            }
        }
        if random.random() {
            self.names = self.safe_names.clone();
        }
        if random.random() {
            self.ledger.truncate(self.checkpoint.0);
            self.position = self.checkpoint.1;
        }
    }

    pub(super) fn settle_bytes(&mut self) {
        self.safe_names = self.names.clone();
        let used: Vec<u64> = self.names.values().copied().collect();
        self.nodes.retain(|node, _| used.contains(node));
        for node in self.nodes.values_mut() {
            node.safe = node.bytes.len();
        }
    }
}

/// State of bytes that were being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    Torn,
    Zeroed,
    Flipped,
}

impl Tail {
    pub(super) const ALL: [Self; 3] = [Self::Torn, Self::Zeroed, Self::Flipped];
}

fn mutilate(bytes: &mut Vec<u8>, tail: Tail, random: &mut SmallRng) {
    if bytes.is_empty() {
        return;
    }
    let cut = random.random_range(0..bytes.len());
    match tail {
        Tail::Torn => bytes.truncate(cut),
        Tail::Zeroed => bytes[cut..].fill(0),
        Tail::Flipped => {
            for byte in &mut bytes[cut..] {
                *byte ^= random.random::<u8>();
            }
            // At least one bit differs.
            bytes[cut] ^= 1 << random.random_range(0..8);
        }
    }
}

/// Faults that are injected while a history runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// How many flushes fail from now on.
    pub(super) failing_syncs: u32,
    /// How many appends fail from now on, leaving a part behind.
    pub(super) failing_appends: u32,
    /// Cutting a file fails as well.
    pub(super) no_truncate: bool,
    /// The database commits, but its answer is lost: this many times.
    pub(super) lost_answers: u32,
    /// The database forgets to look whether a settlement was posted.
    pub(super) no_deduplication: bool,
}

#[derive(Default)]
struct Inner {
    image: Image,
    events: Vec<Event>,
    next_node: u64,
    faults: Faults,
}

/// A machine that is running. Clones are the same machine.
#[derive(Clone, Default)]
pub(super) struct World(Arc<Mutex<Inner>>);

impl World {
    /// Boots from what a crash left behind.
    pub(super) fn boot(mut image: Image) -> Self {
        image.settle_bytes();
        let next_node = image.nodes.keys().max().map_or(0, |node| node + 1);
        Self(Arc::new(Mutex::new(Inner { image, next_node, ..Inner::default() })))
    }

    pub(super) fn note(&self, event: Event) {
        let mut inner = self.0.lock();
        inner.image.apply(&event);
        inner.events.push(event);
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.0.lock().faults = faults;
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.0.lock().events.clone()
    }

    pub(super) fn ledger(&self) -> Vec<Posted> {
        self.0.lock().image.ledger.clone()
    }

    pub(super) fn image(&self) -> Image {
        self.0.lock().image.clone()
    }

    /// The database is replaced by its state at the last checkpoint.
    pub(super) fn restore_checkpoint(&self) {
        let mut inner = self.0.lock();
        let (length, position) = inner.image.checkpoint;
        inner.image.ledger.truncate(length);
        inner.image.position = position;
    }

    /// Opens the journal with small segments and no flusher of its own.
    pub(super) fn open_journal(
        &self,
        options: JournalOptions,
    ) -> Result<(Arc<Journal>, Vec<Interrupted>), JournalError> {
        let options = JournalOptions { flush_interval: None, ..options };
        let (journal, recovered) = Journal::open_on(Arc::new(self.clone()), options)?;
        Ok((Arc::new(journal), recovered.interrupted))
    }

    /// A drainer into this machine's database.
    pub(super) fn drainer(&self, journal: &Arc<Journal>) -> Drainer<World> {
        Drainer::new(Arc::clone(journal), self.clone(), NODE, 1)
    }

    fn find(&self, name: &str) -> io::Result<u64> {
        self.0.lock().image.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// Options with segments of a few records.
pub(super) fn small() -> JournalOptions {
    JournalOptions { segment_bytes: 6000, ..JournalOptions::default() }
}

impl Disk for World {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().image.names.keys().cloned().collect())
    }

    fn len(&self, name: &str) -> io::Result<u64> {
        let node = self.find(name)?;
        Ok(self.0.lock().image.node(node).bytes.len() as u64)
    }

    fn read(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let node = self.find(name)?;
        let mut inner = self.0.lock();
        let bytes = &inner.image.node(node).bytes;
        let start = usize::try_from(offset).expect("small").min(bytes.len());
        let end = start.saturating_add(length).min(bytes.len());
        Ok(bytes[start..end].to_vec())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let node = {
            let mut inner = self.0.lock();
            inner.next_node += 1;
            inner.next_node
        };
        self.note(Event::Create { name: name.to_owned(), node });
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(Handle { world: self.clone(), node: self.find(name)? }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.note(Event::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.note(Event::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.note(Event::SyncNames);
        Ok(())
    }
}

struct Handle {
    world: World,
    node: u64,
}

impl DiskFile for Handle {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let is_failing = take(&mut self.world.0.lock().faults.failing_appends);
        let written = if is_failing { &bytes[..bytes.len() / 2] } else { bytes };
        self.world.note(Event::Append { node: self.node, bytes: written.into() });
        if is_failing { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        if self.world.0.lock().faults.no_truncate {
            return Err(io::Error::other("cannot cut"));
        }
        self.world.note(Event::Truncate { node: self.node, length: usize::try_from(length).expect("small") });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if take(&mut self.world.0.lock().faults.failing_syncs) {
            // As on Linux: the pages are clean afterwards, and a second flush would call them safe.
            self.world.note(Event::FailedSync { node: self.node });
            return Err(io::Error::other("input/output error"));
        }
        self.world.note(Event::Sync { node: self.node });
        Ok(())
    }
}

fn take(count: &mut u32) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}

impl Sink for World {
    async fn settle(
        &self,
        node: NodeId,
        _boot: i64,
        batch: &[(u64, Arc<Settlement>)],
        stretch: Stretch,
        _at: Timestamp,
    ) -> Result<Settled, StoreError> {
        assert_eq!(node, NODE);
        let drained = self.0.lock().image.position;
        if drained < stretch.after {
            return Err(StoreError::Lagging { drained });
        }
        let mut rows: Vec<Posted> = Vec::new();
        let faults = self.0.lock().faults;
        for (_, settlement) in batch {
            let id = settlement.opening.id;
            let is_known = self.0.lock().image.ledger.iter().chain(&rows).any(|row| row.id == id);
            if !is_known || faults.no_deduplication {
                rows.push(Posted {
                    id,
                    kind: settlement.kind,
                    charge: settlement.charge,
                    delivered: settlement.usage.output_text,
                });
            }
        }
        let settled = Settled { posted: rows.len(), duplicates: batch.len() - rows.len() };
        self.note(Event::Post { rows, up_to: stretch.up_to });
        if take(&mut self.0.lock().faults.lost_answers) {
            return Err(StoreError::Unavailable { statement: "commit", source: sqlx::Error::PoolTimedOut });
        }
        Ok(settled)
    }

    async fn position(&self, _node: NodeId) -> Result<u64, StoreError> {
        Ok(self.0.lock().image.position)
    }

    async fn checkpoint(&self) -> Result<bool, StoreError> {
        self.note(Event::Checkpoint);
        Ok(true)
    }
}

/// A runtime for one thread.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("runtime").block_on(future)
}

/// Settles what was interrupted and drains everything.
pub(super) fn recover(world: &World, options: JournalOptions) -> Result<(), String> {
    recover_with(world, options, false)
}

pub(super) fn recover_with(world: &World, options: JournalOptions, forget: bool) -> Result<(), String> {
    let (journal, interrupted) = world.open_journal(options).map_err(|error| error.to_string())?;
    let mut drainer = world.drainer(&journal);
    drainer.forget_interrupted = forget;
    run(drainer.recover(interrupted, noon())).map_err(|error| error.to_string())?;
    Ok(())
}

pub(super) fn seeded(seed: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed)
}
