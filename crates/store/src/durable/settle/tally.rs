//! [`Tally`]: a batch added up, so that every row is touched once per batch.

use super::super::connection::Tx;
use super::super::value::Value;
use super::super::{Grain, StoreError};
use super::bulk;
use domain::generation::{Ending, Settlement};
use domain::id::{AccountId, KeyId};
use domain::money::{Amount, Overflow};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Which rollup row.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Bucket<'a> {
    account: AccountId,
    grain: Grain,
    start: Timestamp,
    key: KeyId,
    model: &'a str,
    provider: &'a str,
}

/// What is added to a rollup row.
#[derive(Default)]
struct Sums {
    requests: i64,
    errors: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    reasoning_tokens: i64,
    cached_tokens: i64,
    cost: i64,
    latency_ms: i64,
    redirected: i64,
}

impl Sums {
    fn of(settlement: &Settlement) -> Self {
        let usage = &settlement.usage;
        Self {
            requests: 1,
            errors: i64::from(is_error(settlement)),
            prompt_tokens: count(usage.prompt_tokens()),
            completion_tokens: count(usage.completion_tokens()),
            reasoning_tokens: count(usage.output_reasoning),
            cached_tokens: count(usage.input_cache_read),
            cost: settlement.charge.nanos(),
            latency_ms: count(settlement.latency_ms),
            redirected: i64::from(settlement.opening.is_redirected()),
        }
    }

    fn add(&mut self, more: &Self) -> Result<(), StoreError> {
        add(&mut self.requests, more.requests)?;
        add(&mut self.errors, more.errors)?;
        add(&mut self.prompt_tokens, more.prompt_tokens)?;
        add(&mut self.completion_tokens, more.completion_tokens)?;
        add(&mut self.reasoning_tokens, more.reasoning_tokens)?;
        add(&mut self.cached_tokens, more.cached_tokens)?;
        add(&mut self.cost, more.cost)?;
        add(&mut self.latency_ms, more.latency_ms)?;
        add(&mut self.redirected, more.redirected)
    }
}

/// What is added to a row of key usage.
#[derive(Default)]
struct KeySums {
    charge: i64,
    requests: i64,
    last_used: Timestamp,
}

/// The sums of a batch, sorted by key so that two nodes lock rows in the same order.
#[derive(Default)]
pub(super) struct Tally<'a> {
    /// Charge per account.
    pub(super) accounts: BTreeMap<AccountId, Amount>,
    free_requests: BTreeMap<(AccountId, Timestamp), i64>,
    key_usage: BTreeMap<(KeyId, &'static str, Timestamp), KeySums>,
    rollups: BTreeMap<Bucket<'a>, Sums>,
}

fn add(sum: &mut i64, more: i64) -> Result<(), StoreError> {
    *sum = sum.checked_add(more).ok_or(StoreError::Range)?;
    Ok(())
}

/// A count as a column; no real count reaches the clamp.
fn count(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

impl<'a> Tally<'a> {
    /// Adds up settlements.
    ///
    /// # Errors
    /// [`StoreError::Range`] when a sum leaves the range.
    pub(super) fn of(settlements: &[&'a Settlement]) -> Result<Self, StoreError> {
        let mut tally = Self::default();
        for settlement in settlements {
            tally.add(settlement)?;
        }
        Ok(tally)
    }

    fn add(&mut self, settlement: &'a Settlement) -> Result<(), StoreError> {
        let opening = &settlement.opening;
        let charge = settlement.charge.nanos();
        let posted = self.accounts.entry(opening.account).or_default();
        *posted = posted.checked_add(settlement.charge).map_err(|Overflow| StoreError::Range)?;
        if opening.is_free {
            add(self.free_requests.entry((opening.account, opening.created_at.day_start())).or_default(), 1)?;
        }
        // Limits count by the period of admission, so midnight needs no job and no reset.
        for (period, start) in [
            ("total", Timestamp::from_micros(0)),
            ("day", opening.created_at.day_start()),
            ("week", opening.created_at.week_start()),
            ("month", opening.created_at.month_start()),
        ] {
            let usage = self.key_usage.entry((opening.key, period, start)).or_default();
            add(&mut usage.charge, charge)?;
            add(&mut usage.requests, 1)?;
            usage.last_used = usage.last_used.max(opening.created_at);
        }
        let more = Sums::of(settlement);
        for grain in Grain::ALL {
            // Reports count by the moment of settlement.
            let bucket = Bucket {
                account: opening.account,
                grain,
                start: grain.start(settlement.ended_at),
                key: opening.key,
                model: &opening.model,
                provider: &opening.provider_slug,
            };
            self.rollups.entry(bucket).or_default().add(&more)?;
        }
        Ok(())
    }

    /// Writes everything but the accounts.
    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let days: Vec<Vec<Value<'_>>> = self
            .free_requests
            .iter()
            .map(|((account, day), requests)| vec![(*account).into(), (*day).into(), (*requests).into()])
            .collect();
        tx.bulk_execute(&bulk::ACCOUNT_DAY_ADD, days).await?;
        let usage: Vec<Vec<Value<'_>>> = self
            .key_usage
            .iter()
            .map(|((key, period, start), sums)| {
                let KeySums { charge, requests, last_used } = *sums;
                vec![(*key).into(), (*period).into(), (*start).into(), charge.into(), requests.into(), last_used.into()]
            })
            .collect();
        tx.bulk_execute(&bulk::KEY_USAGE_ADD, usage).await?;
        let rollups: Vec<Vec<Value<'_>>> = self.rollups.iter().map(|(bucket, sums)| rollup_row(bucket, sums)).collect();
        tx.bulk_execute(&bulk::ROLLUP_ADD, rollups).await?;
        Ok(())
    }
}

fn is_error(settlement: &Settlement) -> bool {
    settlement.error_type.is_some() || matches!(settlement.ending, Ending::Failed | Ending::Interrupted)
}

fn rollup_row<'v>(bucket: &Bucket<'v>, sums: &Sums) -> Vec<Value<'v>> {
    vec![
        bucket.account.into(),
        bucket.grain.as_str().into(),
        bucket.start.into(),
        bucket.key.into(),
        bucket.model.into(),
        bucket.provider.into(),
        sums.requests.into(),
        sums.errors.into(),
        sums.prompt_tokens.into(),
        sums.completion_tokens.into(),
        sums.reasoning_tokens.into(),
        sums.cached_tokens.into(),
        sums.cost.into(),
        sums.latency_ms.into(),
        sums.redirected.into(),
    ]
}
