//! Batches of settlements, and what is read from them.

use super::fixture::{
    NODE, account, account_id, after, at, grant, key_hash, key_id, new_key, noon, settle, settlement,
};
use crate::durable::{ActivityFilter, GenerationCursor, Grain, NewKey, NodeId, Settled, Store, StoreError, Stretch};
use domain::generation::{Ending, Settlement};
use domain::ledger::EntryKind;
use domain::money::Amount;
use domain::time::ResetPeriod;
use std::sync::Arc;

fn total(settlements: &[Settlement]) -> Amount {
    settlements.iter().fold(Amount::ZERO, |sum, settlement| sum.saturating_add(settlement.charge))
}

pub(super) async fn a_batch_posts_everything_once(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(1)).await;
    store.key_insert(&new_key(1, payer)).await.expect("key");
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let mut batch: Vec<_> = (0..40).map(|number| settlement(number, payer, key_id(1), after(noon(), 1))).collect();
    // The same generation twice in one batch counts once.
    batch.push(batch[3].clone());
    let first = settle(&store, boot, 1, &batch).await;
    assert_eq!(first, Settled { posted: 40, duplicates: 1 });
    let again = settle(&store, boot, 1, &batch).await;
    assert_eq!(again, Settled { posted: 0, duplicates: 41 });
    // An overlapping batch posts only what is new.
    let more: Vec<_> = (35..45).map(|number| settlement(number, payer, key_id(1), after(noon(), 1))).collect();
    assert_eq!(settle(&store, boot, 42, &more).await, Settled { posted: 5, duplicates: 5 });
    assert_eq!(store.drained_position(NODE).await.expect("position"), 51);

    let charged = total(&batch[..40]).saturating_add(total(&more[5..]));
    assert_eq!(store.credits(payer).await.expect("read"), Some((Amount::from_dollars(1), charged)));
    for grain in Grain::ALL {
        let sums = store.rollup_sums(payer, grain).await.expect("sums");
        assert_eq!((sums.requests, sums.cost, sums.errors), (45, charged, 0), "{grain:?}");
    }
    let key = store.key_state(key_id(1), noon()).await.expect("read").expect("there");
    assert_eq!((key.usage_total, key.usage_daily, key.usage_weekly), (charged, charged, charged));
    assert_eq!(key.last_used_at, Some(after(noon(), 1)));
    let state = store.account_state(payer, noon()).await.expect("read").expect("there");
    assert_eq!(state.free_requests_today, 9, "every fifth call was of a free model");
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok() && report.generations == 45, "{report:?}");
    assert!(store.checkpoint().await.expect("checkpoint"));
}

pub(super) async fn lots_are_consumed_in_order(store: Store) {
    let payer = account(&store, 1, Amount::ZERO).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let spent = settlement(1, payer, key_id(1), noon());
    let charge = spent.charge.nanos();
    grant(&store, payer, 1, EntryKind::Grant, Amount::from_nanos(charge)).await;
    grant(&store, payer, 2, EntryKind::Promotion, Amount::from_nanos(charge / 3)).await;
    grant(&store, payer, 3, EntryKind::Grant, Amount::from_nanos(charge)).await;
    let count = async |sql| store.raw(sql).await.expect("counts");
    let full = "update lots set amount = amount where remainder = amount";
    let empty = "update lots set amount = amount where remainder = 0";
    let begun = "update lots set amount = amount where remainder > 0 and remainder < amount and is_promotion = 0";
    assert_eq!((count(full).await, count(empty).await), (3, 0));
    settle(&store, boot, 1, std::slice::from_ref(&spent)).await;
    assert_eq!((count(full).await, count(begun).await, count(empty).await), (1, 1, 1), "the promotion went first");
    assert_eq!(count("update lots set amount = amount where is_promotion = 1 and remainder = 0").await, 1);
    // A downward correction takes from the lots like a charge; nothing of the first lot is left after it.
    let rest = charge / 3;
    grant(&store, payer, 4, EntryKind::Adjustment, Amount::from_nanos(-rest)).await;
    assert_eq!((count(full).await, count(begun).await, count(empty).await), (1, 0, 2), "the youngest is untouched");
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
    // Debt beyond every lot.
    settle(&store, boot, 2, &[settlement(2, payer, key_id(1), noon()), settlement(3, payer, key_id(1), noon())]).await;
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
    let found = store.account_find(payer).await.expect("read").expect("there");
    assert!(found.balance().is_negative());
    assert_eq!((count(full).await, count(begun).await, count(empty).await), (0, 0, 3));
}

pub(super) async fn an_older_boot_is_refused(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(1)).await;
    let first = store.node_boot(NODE, noon()).await.expect("boot");
    let second = store.node_boot(NODE, noon()).await.expect("boot");
    assert_eq!((first, second), (1, 2));
    assert_eq!(store.node_boot(NodeId([8; 16]), noon()).await.expect("boot"), 1, "another node counts apart");
    let batch = [(1, Arc::new(settlement(1, payer, key_id(1), noon())))];
    let refused = store.settle_batch(NODE, first, &batch, Stretch { after: 0, up_to: 1 }, noon()).await;
    assert!(matches!(refused, Err(StoreError::Fenced { boot: 1 })));
    let unknown = store.settle_batch(NodeId([9; 16]), 1, &batch, Stretch { after: 0, up_to: 1 }, noon()).await;
    assert!(matches!(unknown, Err(StoreError::Fenced { boot: 1 })));
    assert_eq!(store.credits(payer).await.expect("read"), Some((Amount::from_dollars(1), Amount::ZERO)));
    assert_eq!(
        store.settle_batch(NODE, second, &batch, Stretch { after: 0, up_to: 1 }, noon()).await.expect("batch").posted,
        1
    );
}

pub(super) async fn the_position_never_moves_back(store: Store) {
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    assert_eq!(store.drained_position(NodeId([9; 16])).await.expect("position"), 0);
    let advance = async |after, up_to| store.settle_batch(NODE, boot, &[], Stretch { after, up_to }, noon()).await;
    advance(0, 10).await.expect("batch");
    advance(0, 4).await.expect("batch");
    assert_eq!(store.drained_position(NODE).await.expect("position"), 10);
    let refused = advance(11, 12).await.expect_err("what is before has not been posted");
    assert!(matches!(refused, StoreError::Lagging { drained: 10 }), "{refused}");
    assert_eq!(store.drained_position(NODE).await.expect("position"), 10);
    store.node_boot(NODE, noon()).await.expect("boot");
    assert_eq!(store.drained_position(NODE).await.expect("position"), 10, "a start keeps the position");
}

pub(super) async fn a_settlement_reads_back_as_it_was_written(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(1)).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let mut odd = settlement(1, payer, key_id(1), noon());
    odd.opening.workspace = None;
    odd.opening.is_free = true;
    odd.waived = Some("empty answer".to_owned());
    odd.charge = Amount::ZERO;
    odd.error_type = Some("server".to_owned());
    odd.ending = Ending::BudgetEnded;
    let mut delivered = settlement(2, payer, key_id(1), noon()).opening;
    delivered.fixed_price = 123_456_789;
    let cut = Settlement::interrupted(delivered.clone(), Some(17), after(noon(), 9));
    delivered.id = settlement(3, payer, key_id(1), noon()).opening.id;
    let unseen = Settlement::interrupted(delivered, None, after(noon(), 9));
    let written = [odd, cut, unseen, settlement(4, payer, key_id(1), noon())];
    settle(&store, boot, 1, &written).await;
    for settlement in &written {
        let id = settlement.opening.id;
        let found = store.generation_find(payer, id).await.expect("read").expect("there");
        assert_eq!(&found, settlement);
        assert_eq!(store.generation_find(account_id(9), id).await.expect("read"), None, "not of that account");
    }
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
}

pub(super) async fn midnight_splits_periods(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(1)).await;
    let key = NewKey { reset: Some(ResetPeriod::Monthly), ..new_key(1, payer) };
    store.key_insert(&key).await.expect("key");
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    // Admitted in the last second of a month that ends on a Monday, settled in the next: limits count the admission.
    let old = settlement(5, payer, key.id, at("2026-11-30T23:59:59Z"));
    let new = settlement(7, payer, key.id, at("2026-12-01T00:00:01Z"));
    settle(&store, boot, 1, &[old.clone(), new.clone()]).await;
    let usage = async |moment| {
        let key = store.key_find_by_hash(key_hash(1), at(moment)).await.expect("read").expect("there");
        (key.usage_in_period(), key.usage_daily, key.usage_weekly, key.usage_total)
    };
    let both = old.charge.saturating_add(new.charge);
    assert_eq!(usage("2026-11-30T12:00:00Z").await, (old.charge, old.charge, both, both));
    assert_eq!(usage("2026-12-01T12:00:00Z").await, (new.charge, new.charge, both, both));
    assert_eq!(usage("2027-01-01T12:00:00Z").await, (Amount::ZERO, Amount::ZERO, Amount::ZERO, both));
    let free =
        async |moment| store.account_state(payer, at(moment)).await.expect("read").expect("there").free_requests_today;
    assert_eq!((free("2026-11-30T12:00:00Z").await, free("2026-12-01T12:00:00Z").await), (1, 0));
    // Reports count the settlement: both ended in December.
    let filter = ActivityFilter {
        from_day: at("2026-11-01T00:00:00Z"),
        to_day: at("2026-12-31T00:00:00Z"),
        ..ActivityFilter::default()
    };
    let days: Vec<_> = store.activity(payer, &filter).await.expect("activity").iter().map(|row| row.day).collect();
    assert_eq!(days, [at("2026-12-01T00:00:00Z")]);
}

pub(super) async fn generations_list_newest_first(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(9)).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    // Three per moment, so that the id decides too.
    let batch: Vec<_> = (0..120u64)
        .map(|number| settlement(number, payer, key_id(1), after(noon(), i64::try_from(number / 3).expect("small"))))
        .collect();
    settle(&store, boot, 1, &batch).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.generation_list(payer, cursor, 50).await.expect("page");
        let Some(last) = page.last() else { break };
        cursor = Some(GenerationCursor { created_at: last.opening.created_at, id: last.opening.id });
        seen.extend(page.iter().map(|settlement| settlement.opening.id));
    }
    let mut expected: Vec<_> = batch.iter().map(|settlement| settlement.opening.id).collect();
    expected.sort_unstable();
    expected.reverse();
    assert_eq!(seen, expected);
    assert_eq!(store.generation_list(payer, None, 1000).await.expect("page").len(), 100);
    assert!(store.generation_list(account_id(9), None, 10).await.expect("page").is_empty());
}

pub(super) async fn activity_reads_day_rollups(store: Store) {
    let payer = account(&store, 1, Amount::from_dollars(9)).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let mut batch = Vec::new();
    for day in 0..3 {
        for number in 0..4u64 {
            let mut settlement = settlement(
                100 * day + number,
                payer,
                key_id(number % 2),
                after(noon(), 86_400 * i64::try_from(day).expect("small")),
            );
            settlement.opening.model = if number < 2 { "acme/a" } else { "acme/b" }.to_owned();
            settlement.opening.model_asked = "acme/a:nitro".to_owned();
            batch.push(settlement);
        }
    }
    settle(&store, boot, 1, &batch).await;
    let all = ActivityFilter { from_day: noon(), to_day: after(noon(), 86_400), ..ActivityFilter::default() };
    let rows = store.activity(payer, &all).await.expect("activity");
    assert_eq!(rows.len(), 8, "two days, two models, two keys");
    assert!(rows.windows(2).all(|pair| pair[0].day >= pair[1].day));
    let expected = total(&batch[..8]);
    assert_eq!(rows.iter().fold(Amount::ZERO, |sum, row| sum.saturating_add(row.cost)), expected);
    assert!(rows.iter().all(|row| row.requests == 1 && row.provider == "acme" && row.latency_ms == 120));
    let is_redirected = |model: &str| u64::from(model == "acme/b");
    assert!(rows.iter().all(|row| row.redirected == is_redirected(&row.model)), "a suffix is no other model");
    let tokens = |rows: &[Settlement]| {
        let of_b = rows.iter().filter(|row| row.opening.model == "acme/b");
        of_b.map(|row| row.usage.prompt_tokens() + row.usage.completion_tokens()).sum::<u64>()
    };
    let popular = store.popularity(noon(), after(noon(), 2 * 86_400)).await.expect("popularity");
    let b = popular.iter().find(|one| one.model == "acme/b").expect("there");
    assert_eq!((b.week, b.month, popular.len()), (tokens(&batch[8..]), tokens(&batch), 2));
    assert!(popular[0].month >= popular[1].month);
    let narrow = ActivityFilter { key: Some(key_id(1)), model: Some("acme/a".to_owned()), ..all };
    assert_eq!(store.activity(payer, &narrow).await.expect("activity").len(), 2);
}

pub(super) async fn an_unknown_account_blocks_nothing(store: Store) {
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    let stray = settlement(1, account_id(5), key_id(1), noon());
    assert_eq!(settle(&store, boot, 1, std::slice::from_ref(&stray)).await.posted, 1);
    assert_eq!(store.credits(account_id(5)).await.expect("read"), Some((Amount::ZERO, stray.charge)));
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
}

pub(super) async fn snapshots_agree_with_single_reads(store: Store) {
    for number in 1..=3 {
        let id = account(&store, number, Amount::from_dollars(1)).await;
        for key in 0..4 {
            store.key_insert(&new_key(10 * number + key, id)).await.expect("key");
        }
    }
    store.key_delete(account_id(1), key_hash(10), noon()).await.expect("delete");
    let boot = store.node_boot(NODE, noon()).await.expect("boot");
    settle(&store, boot, 1, &[settlement(5, account_id(2), key_id(21), noon())]).await;
    let snapshot = store.snapshot_load(noon()).await.expect("snapshot");
    assert_eq!(snapshot.seq, store.change_seq().await.expect("seq"));
    assert_eq!((snapshot.accounts.len(), snapshot.keys.len()), (3, 11));
    for account in &snapshot.accounts {
        assert_eq!(store.account_state(account.id, noon()).await.expect("read").as_ref(), Some(account));
    }
    for key in &snapshot.keys {
        assert_eq!(store.key_state(key.id, noon()).await.expect("read").as_ref(), Some(key));
    }
    assert_eq!(snapshot.accounts[1].free_requests_today, 1);
}
