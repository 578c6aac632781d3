//! The flusher's thread, and answers that wait for it.

use crate::contract::fixture::{account_id, key_id, noon, settlement};
use crate::journal::{Journal, JournalOptions};
use std::sync::Arc;
use std::time::Duration;

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
                let seq = journal.settle(&settlement).await.expect("settles");
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
async fn a_settlement_wakes_the_drain_and_is_flushed_without_asking() {
    let folder = tempfile::tempdir().expect("folder");
    let (journal, _) = Journal::open(folder.path(), JournalOptions::default()).expect("opens");
    let seq = journal.settle(&settlement(1, account_id(1), key_id(1), noon())).await.expect("settles");
    journal.dirty().await;
    assert_eq!(journal.closes(), 1);
    journal.shared.wait_flushed(seq).await.expect("flushed");
}
