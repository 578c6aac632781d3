//! Money: exact acceptance under load, holds that end, prices that stay, the same cost for the same usage.

use serde_json::Value;
use simulator::Scenario;
use std::collections::BTreeMap;
use testkit::{Answer, Ask, TestApp};
use tokio::task::JoinSet;

mod bills;
mod crowd;
mod endings;
mod kills;
mod strict;

pub use bills::FAMILIES;

/// A scenario written as JSON.
pub fn scenario(knobs: Value) -> Scenario {
    serde_json::from_value(knobs).unwrap()
}

/// Answers by status.
pub fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

/// Sends many requests at once.
pub async fn all_at_once(app: &TestApp, asks: Vec<Ask>) -> Vec<Answer> {
    let mut running = JoinSet::new();
    for ask in asks {
        let address = app.address;
        running.spawn(async move { testkit::send(address, &ask).await });
    }
    running.join_all().await
}
