//! The drain into a real store: exactly once, whatever is lost on the way.

use super::world::{Faults, World, run, small};
use crate::contract::fixture::{NODE, account, account_id, key_id, new_key, noon, settlement};
use crate::durable::{NodeId, Settled, Store, StoreError, StoreOptions, Stretch};
use crate::journal::{DrainError, Drainer, Journal, JournalError, JournalOptions, Sink};
use domain::generation::Settlement;
use domain::money::Amount;
use domain::time::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn generation(number: u64) -> Settlement {
    settlement(number, account_id(1), key_id(1), noon())
}

fn close_all(journal: &Journal, numbers: std::ops::Range<u64>) {
    for number in numbers {
        journal.close(&generation(number)).expect("writes");
    }
}

fn options() -> JournalOptions {
    JournalOptions { segment_bytes: 20_000, flush_interval: None, ..JournalOptions::default() }
}

/// A store whose answers to a commit are lost at times.
#[derive(Clone)]
struct Deaf {
    store: Store,
    lost: Arc<AtomicU32>,
}

impl Sink for Deaf {
    async fn settle(
        &self,
        node: NodeId,
        boot: i64,
        batch: &[(u64, Arc<Settlement>)],
        stretch: Stretch,
        at: Timestamp,
    ) -> Result<Settled, StoreError> {
        let settled = self.store.settle_batch(node, boot, batch, stretch, at).await?;
        if self.lost.load(Ordering::SeqCst) == 0 {
            return Ok(settled);
        }
        self.lost.fetch_sub(1, Ordering::SeqCst);
        Err(StoreError::Unavailable { statement: "commit", source: sqlx::Error::PoolTimedOut })
    }

    async fn position(&self, node: NodeId) -> Result<u64, StoreError> {
        self.store.drained_position(node).await
    }

    async fn checkpoint(&self) -> Result<bool, StoreError> {
        self.store.checkpoint().await
    }
}

async fn store_with_account(path: &Path) -> Store {
    let store = Store::open(&StoreOptions::sqlite(path)).await.expect("opens");
    let payer = account(&store, 1, Amount::from_dollars(100)).await;
    store.key_insert(&new_key(1, payer)).await.expect("key");
    store
}

async fn assert_posted(store: &Store, numbers: std::ops::Range<u64>) {
    let charged = numbers.clone().fold(Amount::ZERO, |sum, number| sum.saturating_add(generation(number).charge));
    assert_eq!(store.credits(account_id(1)).await.expect("read"), Some((Amount::from_dollars(100), charged)));
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok() && report.generations == numbers.end - numbers.start, "{report:?}");
}

#[tokio::test]
async fn lost_acknowledgements_neither_lose_nor_double() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store_with_account(&folder.path().join("db")).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let journal = Arc::new(Journal::open(&folder.path().join("journal"), options()).expect("opens").0);
    let deaf = Deaf { store: store.clone(), lost: Arc::default() };
    let lost = Arc::clone(&deaf.lost);
    let mut drainer = Drainer::new(Arc::clone(&journal), deaf, NODE, boot);
    for number in 0..300 {
        journal.close(&generation(number)).expect("writes");
        if number % 3 == 0 {
            journal.flush().expect("flushes");
            lost.store(1, Ordering::SeqCst);
            let error = drainer.drain_once(noon()).await.expect_err("the answer is lost");
            assert!(error.is_retryable());
        }
    }
    drainer.drain_all(noon()).await.expect("drains");
    assert_eq!(drainer.drain_once(noon()).await.expect("drains"), 0);
    assert_posted(&store, 0..300).await;
    assert!(journal.segments() < 4, "posted segments are deleted: {}", journal.segments());
}

#[tokio::test]
async fn large_backlogs_drain_in_batches_across_restarts() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store_with_account(&folder.path().join("db")).await;
    for round in 0..3u64 {
        let boot = store.node_boot(NODE, noon()).await.expect("boot");
        let (journal, recovered) = Journal::open(&folder.path().join("journal"), options()).expect("opens");
        let journal = Arc::new(journal);
        let mut drainer = Drainer::new(Arc::clone(&journal), store.clone(), NODE, boot);
        drainer.recover(recovered.interrupted, noon()).await.expect("recovers");
        assert_posted(&store, 0..round * 700).await;
        let before = store.statements_executed();
        for number in round * 700..(round + 1) * 700 {
            journal.close(&generation(number)).expect("writes");
        }
        assert_eq!(store.statements_executed(), before, "recording needs no database");
        if round == 1 {
            assert_eq!(drainer.drain_once(noon()).await.expect("drains"), 0, "nothing is flushed yet");
            journal.flush().expect("flushes");
            assert_eq!(drainer.drain_once(noon()).await.expect("drains"), 512);
        }
    }
    let (journal, _) = Journal::open(&folder.path().join("journal"), options()).expect("opens");
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let posted = Drainer::new(Arc::new(journal), store.clone(), NODE, boot).drain_all(noon()).await.expect("drains");
    assert_eq!(posted, 700);
    assert_posted(&store, 0..2100).await;
}

#[tokio::test]
async fn a_store_that_lost_its_last_batches_is_given_them_again() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("db");
    let store = store_with_account(&path).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let (journal, _) =
        Journal::open(&folder.path().join("journal"), JournalOptions { segment_bytes: 1 << 20, ..options() })
            .expect("opens");
    let journal = Arc::new(journal);
    let mut drainer = Drainer::new(Arc::clone(&journal), store.clone(), NODE, boot);
    close_all(&journal, 0..10);
    drainer.drain_all(noon()).await.expect("drains");
    assert!(store.checkpoint().await.expect("checkpoint"));
    let copy = std::fs::read(&path).expect("reads");
    close_all(&journal, 10..30);
    drainer.drain_all(noon()).await.expect("drains");
    assert_posted(&store, 0..30).await;
    store.close().await;
    for extension in ["db-wal", "db-shm"] {
        std::fs::remove_file(folder.path().join(extension)).unwrap_or_default();
    }
    std::fs::write(&path, copy).expect("restores");
    let store = Store::open(&StoreOptions::sqlite(&path)).await.expect("opens");
    assert_posted(&store, 0..10).await;
    let mut drainer = Drainer::new(journal, store.clone(), NODE, boot);
    assert_eq!(drainer.drain_all(noon()).await.expect("drains"), 20);
    assert_posted(&store, 0..30).await;
}

#[tokio::test]
async fn copies_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store_with_account(&folder.path().join("db")).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let journal = Arc::new(Journal::open(&folder.path().join("journal"), options()).expect("opens").0);
    let mut drainer = Drainer::new(Arc::clone(&journal), store.clone(), NODE, boot);
    close_all(&journal, 0..100);
    drainer.drain_all(noon()).await.expect("drains");
    // An empty journal beside a database that has been drained into.
    let empty = Arc::new(Journal::open(&folder.path().join("empty"), options()).expect("opens").0);
    let error = Drainer::new(empty, store.clone(), NODE, boot).drain_all(noon()).await.expect_err("refuses");
    assert!(matches!(error, DrainError::Journal(JournalError::Behind { .. })), "{error}");
    // An old database beside a journal whose posted segments are gone.
    let old = store_with_account(&folder.path().join("old")).await;
    let boot = old.node_boot(NODE, noon()).await.expect("boot");
    let error = Drainer::new(journal, old, NODE, boot).drain_all(noon()).await.expect_err("refuses");
    assert!(matches!(error, DrainError::Journal(JournalError::Gone { .. })), "{error}");
}

#[tokio::test]
async fn a_woken_twin_cannot_post() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store_with_account(&folder.path().join("db")).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let journal = Arc::new(Journal::open(&folder.path().join("journal"), options()).expect("opens").0);
    let mut drainer = Drainer::new(Arc::clone(&journal), store.clone(), NODE, boot);
    journal.close(&generation(1)).expect("writes");
    store.node_boot(NODE, noon()).await.expect("a newer start");
    let error = drainer.drain_all(noon()).await.expect_err("refuses");
    assert!(matches!(error, DrainError::Store(StoreError::Fenced { .. })) && !error.is_retryable());
    assert_posted(&store, 0..0).await;
}

/// An open generation keeps its segment, whatever else is posted.
#[test]
fn a_segment_with_an_open_generation_stays() {
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    let mut drainer = world.drainer(&journal);
    let long = generation(1);
    journal.open_record(&long.opening).expect("writes");
    close_all(&journal, 2..40);
    run(drainer.drain_all(noon())).expect("drains");
    let kept = journal.segments();
    assert!(kept > 5, "{kept}");
    journal.close(&long).expect("writes");
    run(drainer.drain_all(noon())).expect("drains");
    assert!(journal.segments() < 3, "{}", journal.segments());
}

/// De-duplication and the drained position are two nets: either alone holds, and without both a settlement is posted twice.
#[test]
fn only_without_both_nets_is_anything_posted_twice() {
    let doubled = |no_deduplication: bool, lost_answers: u32| {
        let world = World::default();
        let (journal, _) = world.open_journal(small()).expect("opens");
        let mut drainer = world.drainer(&journal);
        for number in 0..30 {
            journal.close(&generation(number)).expect("writes");
            journal.flush().expect("flushes");
            world.set_faults(Faults { no_deduplication, lost_answers, ..Faults::default() });
            let outcome = run(drainer.drain_once(noon()));
            assert_eq!(outcome.is_err(), lost_answers > 0);
            // A database that comes back without its last commits is the case in which the position alone repeats.
            if number % 7 == 3 && no_deduplication && lost_answers > 0 {
                run(drainer.drain_once(noon())).unwrap_or_default();
            }
        }
        let mut ids: Vec<_> = world.ledger().iter().map(|row| row.id).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        all > ids.len()
    };
    assert!(!doubled(false, 1), "de-duplication alone holds");
    assert!(!doubled(true, 0), "the position alone holds");
    assert!(doubled(true, 1), "without both a lost answer is charged twice");
}

/// A database that falls back to its last checkpoint while the node runs.
#[test]
fn a_position_that_moved_back_is_noticed_while_running() {
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    let mut drainer = world.drainer(&journal);
    for number in 0..60 {
        journal.close(&generation(number)).expect("writes");
        journal.flush().expect("flushes");
        run(drainer.drain_once(noon())).expect("drains");
        if number % 10 == 9 {
            world.restore_checkpoint();
        }
    }
    run(drainer.drain_all(noon())).expect("drains");
    let mut ids: Vec<_> = world.ledger().iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), world.ledger().len()), (60, 60));
}

/// Memory holds a few settlements only: the others come from the files, each once, wherever the drain changes over.
#[test]
fn what_memory_does_not_hold_is_read_from_the_files() {
    for handover_max in [0, 1, 7, 30] {
        let world = World::default();
        let (journal, _) = world.open_journal(JournalOptions { handover_max, ..small() }).expect("opens");
        let mut drainer = world.drainer(&journal);
        for round in 0..10 {
            let first = round * 10;
            close_all(&journal, first..first + 5 + round % 5);
            journal.flush().expect("flushes");
            close_all(&journal, first + 5 + round % 5..first + 10);
            if round % 3 == 1 {
                continue;
            }
            run(drainer.drain_once(noon())).expect("drains");
        }
        run(drainer.drain_all(noon())).expect("drains");
        let ids: Vec<_> = world.ledger().iter().map(|row| row.id).collect();
        let expected: Vec<_> = (0..100).map(|number| generation(number).opening.id).collect();
        assert_eq!(ids, expected, "in order, {handover_max} in memory");
    }
}
