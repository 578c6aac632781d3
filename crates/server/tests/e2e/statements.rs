//! What requests cost the database: nothing by themselves, one bulk write per kind and batch in the background.

use crate::BINARY;
use crate::money::{all_at_once, scenario, tally};
use serde_json::json;
use simulator::Family;
use std::collections::BTreeMap;
use testkit::{Ask, Model, TestApp};

/// Statements so far, by name.
async fn statements(app: &TestApp) -> BTreeMap<String, u64> {
    let text = app.send(&Ask::get("/metrics")).await.text();
    let lines = text.lines().filter_map(|line| line.strip_prefix("portolan_store_statements_total{statement=\""));
    lines
        .filter_map(|line| {
            let (name, rest) = line.split_once('"')?;
            Some((name.to_owned(), rest.trim_start_matches('}').trim().parse().ok()?))
        })
        .collect()
}

/// The same between two drain batches: one that is half-way would be split between what was before and what comes after.
///
/// Settlements are posted in their order, and a call can be read when the batch that posts it has been committed.
async fn statements_at_rest(app: &TestApp) -> BTreeMap<String, u64> {
    app.idle(testkit::PATIENCE).await;
    let last = app.say("mock/echo", "last", false).await;
    assert_eq!(last.status, 200);
    let id = last.header("x-generation-id").expect("id");
    let ask = Ask::get(&format!("/api/v1/generation?id={id}")).key(&app.key);
    assert_eq!(app.send(&ask).await.status, 200, "the last call is posted");
    statements(app).await
}

fn batches(counts: &BTreeMap<String, u64>) -> u64 {
    counts.iter().filter(|(name, _)| name.ends_with("NODE_ADVANCE")).map(|(_, count)| *count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_send_each_statement_at_most_once_per_drain_batch() {
    let app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", "1", "3"))
        .start()
        .await;
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"text": "short"}})));
    let before = statements_at_rest(&app).await;
    assert!(!before.is_empty(), "the counter is not there");
    for _round in 0..20 {
        let asks = (0..50).map(|number| Ask::say("mock/echo", "hi", number % 2 == 0).key(&app.key)).collect();
        assert_eq!(tally(&all_at_once(&app, asks).await).get(&200), Some(&50));
    }
    let after = statements_at_rest(&app).await;
    let drained = batches(&after) - batches(&before);
    let spent: BTreeMap<&str, u64> = after
        .iter()
        .map(|(name, count)| (name.as_str(), count - before.get(name).unwrap_or(&0)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let total: u64 = spent.values().sum();
    // What runs in the transaction of a batch, and nowhere else.
    let posting: u64 = spent.iter().filter(|(name, _)| name.contains("::settle::")).map(|(_, count)| *count).sum();
    eprintln!(
        "1 000 requests: {total} statements of {} kinds, {posting} of them in {drained} drain batches",
        spent.len()
    );
    assert!(drained > 0);
    for (name, count) in &spent {
        assert!(count <= &drained, "{name} ran {count} times in {drained} batches: {spent:?}");
    }
    // Position, entries, generations, account, lots, key usage, rollups; and where the first batch begins.
    assert!(posting <= 7 * drained + 1, "{posting} statements in {drained} batches: {spent:?}");
    // Looking for changes, and two reads of this test.
    assert!(total <= 8 * drained + 3, "{total} statements in {drained} batches: {spent:?}");
    let report = app.finish().await;
    assert_eq!(report["generations"], 1002);
}

/// Minutes, hours and days add up to the ledger; the offline check says which sums it compared.
#[tokio::test(flavor = "multi_thread")]
async fn rollups_of_every_length_equal_the_ledger() {
    let mut builder = TestApp::builder(BINARY);
    for (slug, family) in crate::money::FAMILIES {
        builder = builder.simulated(slug, family).await.model(Model::new(&format!("mock/{slug}")).at(slug, "1", "3"));
    }
    let app = builder.start().await;
    let (second, _) = app.new_key(&json!({"name": "second"})).await;
    let mut asks = Vec::new();
    for (slug, _) in crate::money::FAMILIES {
        for key in [&app.key, &second] {
            for (number, stream) in [false, true, true].into_iter().enumerate() {
                let knobs = if number == 2 { "\nSIM:{\"body\":{\"end_after\":2}}" } else { "" };
                asks.push(Ask::say(&format!("mock/{slug}"), &format!("a few words to say{knobs}"), stream).key(key));
            }
        }
    }
    let total = asks.len();
    all_at_once(&app, asks).await;
    let report = app.finish().await;
    assert_eq!(report["generations"], total);
    let checks: Vec<&str> =
        report["checks"].as_array().unwrap().iter().filter_map(|check| check["check"].as_str()).collect();
    for wanted in ["minute", "hour", "day"] {
        assert!(checks.iter().any(|check| check.contains(wanted)), "no check names {wanted}: {checks:?}");
    }
}
