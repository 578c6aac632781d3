//! Activity: what was used, from the rollups and never from raw rows.

use super::statement::statements;
use super::value::word_text;
use super::{Store, StoreError};
use domain::id::{AccountId, KeyId};
use domain::money::Amount;
use domain::time::Timestamp;

statements! {
    ACTIVITY = "select bucket, key_id, model, provider, requests, errors, prompt_tokens, completion_tokens,
            reasoning_tokens, cached_tokens, cost, latency_ms, redirected
        from rollups
        where account_id = $1
            and grain = 'day'
            and bucket >= $2
            and bucket <= $3
            and ($4 = 0 or key_id = $5)
            and ($6 = 0 or model = $7)
        order by bucket desc, model, provider, key_id
        limit $8";
    ROLLUP_SUMS = "select count(*) as buckets, coalesce(cast(sum(requests) as bigint), 0) as requests,
            coalesce(cast(sum(errors) as bigint), 0) as errors,
            coalesce(cast(sum(prompt_tokens) as bigint), 0) as prompt_tokens,
            coalesce(cast(sum(completion_tokens) as bigint), 0) as completion_tokens,
            coalesce(cast(sum(cost) as bigint), 0) as cost
        from rollups
        where account_id = $1 and grain = $2";
    POPULARITY = "select model,
            coalesce(cast(sum(case when bucket >= $2 then prompt_tokens + completion_tokens else 0 end) as bigint), 0) as week,
            coalesce(cast(sum(prompt_tokens + completion_tokens) as bigint), 0) as month
        from rollups
        where grain = 'day' and bucket >= $1
        group by model
        order by month desc, model
        limit $3";
    CREDITS = "select granted, posted from accounts where id = $1";
}

/// Most rows of one activity report.
const ROWS_MAX: i64 = 50_000;
/// Most models whose use is added up.
const MODELS_MAX: i64 = 5_000;

/// Width of a rollup bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
}

impl Grain {
    /// Every grain that is kept.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// First moment of the bucket that contains `at`.
    #[must_use]
    pub const fn start(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Minute => at.minute_start(),
            Self::Hour => at.hour_start(),
            Self::Day => at.day_start(),
        }
    }

    /// The spelling in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// Which activity to report.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// First day; any moment of it.
    pub from_day: Timestamp,
    /// Last day; any moment of it.
    pub to_day: Timestamp,
    /// One key only.
    pub key: Option<KeyId>,
    /// One model only.
    pub model: Option<String>,
}

/// One day of one key, model and provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// First moment of the UTC day.
    pub day: Timestamp,
    /// The key that asked.
    pub key: KeyId,
    /// Model id that served.
    pub model: String,
    /// Provider handle.
    pub provider: String,
    /// Settled calls.
    pub requests: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// Prompt tokens of every class.
    pub prompt_tokens: u64,
    /// Answer tokens of every class.
    pub completion_tokens: u64,
    /// Reasoning tokens.
    pub reasoning_tokens: u64,
    /// Prompt tokens read from a cache.
    pub cached_tokens: u64,
    /// Sum of charges.
    pub cost: Amount,
    /// Sum of the milliseconds to the first content.
    pub latency_ms: u64,
    /// Calls that another model served than the one that was asked for.
    pub redirected: u64,
}

/// How much a model was used on this server, by all accounts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Popularity {
    /// Model id that served.
    pub model: String,
    /// Prompt and answer tokens since the later moment.
    pub week: u64,
    /// Prompt and answer tokens since the earlier moment.
    pub month: u64,
}

/// All buckets of one grain added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RollupSums {
    /// How many rows there are.
    pub buckets: u64,
    /// Settled calls.
    pub requests: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// Prompt tokens of every class.
    pub prompt_tokens: u64,
    /// Answer tokens of every class.
    pub completion_tokens: u64,
    /// Sum of charges.
    pub cost: Amount,
}

impl Store {
    /// What an account used per day, key, model and provider, newest day first; at most 50 000 rows.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn activity(&self, account: AccountId, filter: &ActivityFilter) -> Result<Vec<ActivityRow>, StoreError> {
        let key = filter.key.map_or_else(Vec::new, |key| key.as_bytes().to_vec());
        let values = [
            account.into(),
            filter.from_day.day_start().into(),
            filter.to_day.day_start().into(),
            filter.key.is_some().into(),
            key.as_slice().into(),
            filter.model.is_some().into(),
            filter.model.as_deref().unwrap_or("").into(),
            ROWS_MAX.into(),
        ];
        let rows = self.rows(&ACTIVITY, &values).await?;
        rows.iter()
            .map(|row| {
                Ok(ActivityRow {
                    day: row.time("bucket")?,
                    key: row.id("key_id", KeyId::from_bytes)?,
                    model: row.text("model")?,
                    provider: row.text("provider")?,
                    requests: row.count("requests")?,
                    errors: row.count("errors")?,
                    prompt_tokens: row.count("prompt_tokens")?,
                    completion_tokens: row.count("completion_tokens")?,
                    reasoning_tokens: row.count("reasoning_tokens")?,
                    cached_tokens: row.count("cached_tokens")?,
                    cost: row.amount("cost")?,
                    latency_ms: row.count("latency_ms")?,
                    redirected: row.count("redirected")?,
                })
            })
            .collect()
    }

    /// Tokens per model since two moments, most used first; at most 5 000 models. Days count whole.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn popularity(&self, month: Timestamp, week: Timestamp) -> Result<Vec<Popularity>, StoreError> {
        let values = [month.day_start().into(), week.day_start().into(), MODELS_MAX.into()];
        let rows = self.rows(&POPULARITY, &values).await?;
        rows.iter()
            .map(|row| {
                Ok(Popularity { model: row.text("model")?, week: row.count("week")?, month: row.count("month")? })
            })
            .collect()
    }

    /// Everything an account used, added up from the buckets of one grain; the three grains must agree.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn rollup_sums(&self, account: AccountId, grain: Grain) -> Result<RollupSums, StoreError> {
        let row = self.row(&ROLLUP_SUMS, &[account.into(), word_text(&grain)?.into()]).await?;
        let row = row.ok_or(StoreError::Missing { what: "rollup sum" })?;
        Ok(RollupSums {
            buckets: row.count("buckets")?,
            requests: row.count("requests")?,
            errors: row.count("errors")?,
            prompt_tokens: row.count("prompt_tokens")?,
            completion_tokens: row.count("completion_tokens")?,
            cost: row.amount("cost")?,
        })
    }

    /// What an account was granted and what is posted, without settlements that are not drained yet.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn credits(&self, account: AccountId) -> Result<Option<(Amount, Amount)>, StoreError> {
        let row = self.row(&CREDITS, &[account.into()]).await?;
        row.map(|row| Ok((row.amount("granted")?, row.amount("posted")?))).transpose()
    }
}
