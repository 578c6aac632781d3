//! The flusher's thread, and answers that wait for it.

use super::world::World;
use crate::contract::fixture::{account_id, key_id, noon, settlement};
use crate::journal::disk::{Disk, DiskFile};
use crate::journal::{Journal, JournalOptions};
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Lets flushes through while it is open.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn set(&self, is_shut: bool) {
        *self.is_shut.lock() = is_shut;
        self.opened.notify_all();
    }
}

/// A disk that keeps nothing for good while its gate is shut.
struct Gated {
    world: World,
    gate: Arc<Gate>,
}

struct GatedFile {
    file: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
}

impl Disk for Gated {
    fn list(&self) -> io::Result<Vec<String>> {
        self.world.list()
    }

    fn len(&self, name: &str) -> io::Result<u64> {
        self.world.len(name)
    }

    fn read(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.world.read(name, offset, length)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(GatedFile { file: self.world.create(name)?, gate: Arc::clone(&self.gate) }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(GatedFile { file: self.world.open(name)?, gate: Arc::clone(&self.gate) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.world.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.world.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.world.sync_names()
    }
}

impl DiskFile for GatedFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        let mut is_shut = self.gate.is_shut.lock();
        self.gate.opened.wait_while(&mut is_shut, |is_shut| *is_shut);
        self.file.sync()
    }
}

/// A journal on a disk whose gate was shut after its start, with one settlement that is written and cannot be flushed.
fn gated(options: JournalOptions) -> (Journal, u64, Arc<Gate>) {
    let gate = Arc::<Gate>::default();
    let disk = Gated { world: World::default(), gate: Arc::clone(&gate) };
    let (journal, _) = Journal::open_on(Arc::new(disk), options).expect("opens");
    gate.set(true);
    let seq = journal.close(&settlement(1, account_id(1), key_id(1), noon())).expect("writes");
    (journal, seq, gate)
}

#[tokio::test]
async fn everyone_who_waits_shares_a_flush() {
    let folder = tempfile::tempdir().expect("folder");
    let options =
        JournalOptions { strict: true, flush_interval: Some(Duration::from_millis(10)), ..JournalOptions::default() };
    let journal = Arc::new(Journal::open(folder.path(), options).expect("opens").0);
    let waiters: Vec<_> = (0..64)
        .map(|number| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let settlement = settlement(number, account_id(1), key_id(1), noon());
                let seq = journal.close(&settlement).expect("writes");
                assert!(journal.secure().await);
                assert!(journal.flushed_seq() >= seq);
            })
        })
        .collect();
    for waiter in waiters {
        waiter.await.expect("waiter");
    }
    // One marker per flush: every record beyond the settlements is one.
    let flushes = journal.close(&settlement(99, account_id(1), key_id(1), noon())).expect("writes") - 65;
    assert!(flushes < 64, "{flushes} flushes for 64 answers");
}

#[tokio::test]
async fn a_strict_answer_waits_for_the_disk() {
    let patient = JournalOptions { strict: true, strict_wait: Duration::from_secs(60), ..JournalOptions::default() };
    let (journal, seq, gate) = gated(patient);
    let mut waiting = Box::pin(journal.secure());
    assert!(tokio::time::timeout(Duration::ZERO, &mut waiting).await.is_err());
    assert!(journal.flushed_seq() < seq);
    gate.set(false);
    assert!(waiting.await);
    assert!(journal.flushed_seq() >= seq);
    assert!(journal.secure().await, "nothing is left to wait for");
}

#[tokio::test]
async fn a_strict_answer_does_not_wait_for_ever() {
    let (journal, seq, gate) =
        gated(JournalOptions { strict: true, strict_wait: Duration::from_millis(20), ..JournalOptions::default() });
    assert!(!journal.secure().await);
    assert!(journal.flushed_seq() < seq);
    gate.set(false);
}

#[tokio::test]
async fn other_answers_wait_for_nothing() {
    let (journal, seq, gate) = gated(JournalOptions::default());
    assert!(journal.secure().await);
    assert!(journal.flushed_seq() < seq);
    gate.set(false);
}

#[tokio::test]
async fn a_settlement_wakes_the_drain_and_is_flushed_without_asking() {
    let folder = tempfile::tempdir().expect("folder");
    let (journal, _) = Journal::open(folder.path(), JournalOptions::default()).expect("opens");
    let seq = journal.close(&settlement(1, account_id(1), key_id(1), noon())).expect("writes");
    journal.dirty().await;
    assert_eq!(journal.closes(), 1);
    assert!(journal.shared.wait_flushed(seq).await);
    assert!(journal.flushes() > 0);
}
