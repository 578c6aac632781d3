//! The auditor: agrees with honest books, and notices every nano-dollar that is moved behind its back.

use super::fixture::{NODE, account, grant, key_id, new_key, noon, settle, settlement};
use crate::durable::Store;
use domain::generation::Settlement;
use domain::ledger::EntryKind;
use domain::money::Amount;

async fn fill(store: &Store) {
    let payer = account(store, 1, Amount::from_dollars(1)).await;
    grant(store, payer, 2, EntryKind::Promotion, Amount::from_dollars(1)).await;
    store.key_insert(&new_key(1, payer)).await.expect("key");
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let mut batch: Vec<_> = (0..6).map(|number| settlement(number, payer, key_id(1), noon())).collect();
    let opening = settlement(7, payer, key_id(1), noon()).opening;
    batch.push(Settlement::interrupted(opening, Some(3), noon()));
    settle(store, boot, 1, &batch).await;
}

pub(super) async fn honest_books_verify(store: Store) {
    assert!(store.verify(&[]).await.expect("verify").is_ok(), "empty books");
    fill(&store).await;
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.generations, report.checks.len()), (7, 17));
}

/// Moves one nano-dollar, or one unit, in every table that the books are made of.
const TAMPERINGS: &[&str] = &[
    "update entries set amount = amount + 1 where book = 'credit' and kind = 'usage'",
    "update entries set amount = amount - 1 where book = 'usage_revenue' and kind = 'interrupted'",
    "update entries set amount = amount + 1 where kind = 'grant' and book = 'clearing'",
    "update entries set amount = case when book = 'credit' then amount - 1 else amount + 1 end where kind = 'usage'",
    "delete from entries where kind = 'usage'",
    "update accounts set granted = granted + 1",
    "update accounts set bought = bought - 1",
    "update accounts set posted = posted - 1",
    "update lots set remainder = remainder - 1 where remainder > 0",
    "update lots set amount = amount + 1",
    "update grants set amount = amount + 1",
    "update generations set charge = charge + 1",
    "update generations set charge = 0",
    "update generations set waived = 'nothing' where kind = 'usage'",
    "update generations set prompt_tokens = prompt_tokens + 1",
    "delete from generations where kind = 'interrupted'",
    "update rollups set cost = cost + 1 where grain = 'minute'",
    "update rollups set cost = cost - 1 where grain = 'day'",
    "update rollups set requests = requests + 1 where grain = 'hour'",
    "update rollups set completion_tokens = completion_tokens + 1 where grain = 'hour'",
    "delete from rollups where grain = 'minute'",
    "update key_usage set charge = charge + 1 where period = 'month'",
    "update key_usage set charge = charge - 1 where period = 'total'",
];

pub(super) async fn any_tampering_is_reported(store: Store) {
    fill(&store).await;
    for sql in TAMPERINGS {
        assert!(store.tampered(sql).await, "unnoticed: {sql}");
    }
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "every tampering was rolled back: {report:?}");
}

pub(super) async fn undrained_records_are_judged(store: Store) {
    fill(&store).await;
    let payer = super::fixture::account_id(1);
    let honest = settlement(50, payer, key_id(1), noon());
    let report = store.verify(std::slice::from_ref(&honest)).await.expect("verify");
    assert!(report.is_ok());
    assert_eq!((report.undrained, report.undrained_charge), (1, honest.charge));
    let forged = Settlement { charge: Amount::ZERO, ..honest };
    assert!(!store.verify(&[forged]).await.expect("verify").is_ok());
}

/// The views for people at a database shell, each with a condition that makes the engine compute every column.
const VIEWS: &[&str] = &[
    "create table seen_changes as select * from changes_readable",
    "create table seen_accounts as select * from accounts_readable",
    "create table seen_workspaces as select * from workspaces_readable",
    "create table seen_users as select * from users_readable",
    "create table seen_grants as select * from grants_readable",
    "create table seen_lots as select * from lots_readable",
    "create table seen_entries as select * from entries_readable",
    "create table seen_keys as select * from keys_readable",
    "create table seen_key_usage as select * from key_usage_readable",
    "create table seen_account_days as select * from account_days_readable",
    "create table seen_generations as select * from generations_readable",
    "create table seen_rollups as select * from rollups_readable",
    "create table seen_nodes as select * from nodes_readable",
    "create table seen_setup_tokens as select * from setup_tokens_readable",
    "create table seen_sessions as select * from sessions_readable",
    "create table seen_upstreams as select * from upstreams_readable",
    "create table seen_catalog_models as select * from catalog_models_readable",
    "create table seen_presets as select * from presets_readable",
    "create table seen_preset_versions as select * from preset_versions_readable",
    "create table seen_routing_settings as select * from routing_settings_readable",
    "create table seen_settings as select * from settings_readable",
];

pub(super) async fn views_show_every_table(store: Store) {
    fill(&store).await;
    for sql in VIEWS {
        store.raw(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    let dollars = ["update seen_accounts set name = name where granted_usd = '2.000000000' and is_demo = 0"];
    let dates = ["update seen_generations set model = model where created_at like '2026-11-21T12:00:00.000Z'"];
    for (sql, rows) in dollars.iter().map(|sql| (*sql, 1)).chain(dates.iter().map(|sql| (*sql, 7))) {
        assert_eq!(store.raw(sql).await.expect("runs"), rows, "{sql}");
    }
}
