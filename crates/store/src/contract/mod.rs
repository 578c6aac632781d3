//! The contract of the store: one suite of test bodies, run on SQLite always and on PostgreSQL when one is given.
//!
//! `PORTOLAN_TEST_POSTGRES` holds the url of a server on which databases may be made (`tests/postgres.sh start DIR` prints
//! one). Without it the PostgreSQL half is skipped, loudly, or fails when `PORTOLAN_TEST_REQUIRE_POSTGRES` is `1`.

mod accounts;
mod books;
mod console;
pub(crate) mod engine;
pub(crate) mod fixture;
mod keys;
mod lost_commit;
mod rules;
mod settling;

use crate::durable::{Engine, Store, statement};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

type Body = fn(Store) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! bodies {
    ($($module:ident: $($name:ident),* $(,)?;)*) => {
        &[$($((stringify!($name), |store| Box::pin($module::$name(store)))),*),*]
    };
}

const BODIES: &[(&str, Body)] = bodies! {
    accounts: makes_and_lists_accounts, a_grant_posts_once, debts_swallow_new_credit, changes_appear_in_order,
        upstreams_round_trip, catalogue_keeps_its_history, settings_are_replaced;
    keys: keys_round_trip, key_lists_filter, key_patches_change_only_what_they_name;
    rules: presets_keep_their_versions, writers_of_one_preset_take_different_numbers, presets_change_and_go,
        rules_load_what_requests_get;
    console: setup_tokens_work_once, sessions_end, prune_deletes_what_has_ended;
    settling: a_batch_posts_everything_once, lots_are_consumed_in_order, an_older_boot_is_refused,
        the_position_never_moves_back, a_settlement_reads_back_as_it_was_written, midnight_splits_periods,
        generations_list_newest_first, activity_reads_day_rollups, an_unknown_account_blocks_nothing,
        snapshots_agree_with_single_reads;
    books: honest_books_verify, any_tampering_is_reported, undrained_records_are_judged, views_show_every_table;
};

/// Names the body that was running when a test fails.
struct Running {
    engine: Engine,
    name: &'static str,
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            engine::announce(&format!("FAILED on {:?}: {}", self.engine, self.name));
        }
    }
}

/// Runs every body on its own database; the names of the statements that were executed.
async fn run(engine: Engine) -> BTreeSet<&'static str> {
    let mut executed = BTreeSet::new();
    for (name, body) in BODIES {
        let database = engine::Database::fresh(engine).await;
        let store = database.open().await;
        let running = Running { engine, name };
        body(store.clone()).await;
        drop(running);
        executed.extend(store.statements_by_name().into_keys());
        store.close().await;
        database.remove().await;
    }
    executed
}

fn assert_all_declared_ran(executed: &BTreeSet<&'static str>) {
    let declared: Vec<_> = statement::declared().map(|statement| statement.name).collect();
    let unique: BTreeSet<_> = declared.iter().copied().collect();
    assert_eq!(unique.len(), declared.len(), "every statement has its own name");
    let idle: Vec<_> = unique.difference(executed).collect();
    assert!(idle.is_empty(), "declared but never executed: {idle:?}");
    let unknown: Vec<_> = executed.difference(&unique).collect();
    assert!(unknown.is_empty(), "executed but not declared: {unknown:?}");
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    assert_all_declared_ran(&run(Engine::Sqlite).await);
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    if engine::postgres_or_skip("the PostgreSQL half of the store's contract").is_some() {
        assert_all_declared_ran(&run(Engine::Postgres).await);
    }
}
