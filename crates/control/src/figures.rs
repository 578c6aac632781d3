//! Figures about models and endpoints that this server measures itself: how endpoints fare, and what is used most.

use crate::error::ControlError;
use crate::state::Control;
use domain::catalog::Model;
use domain::route::Percentiles;
use domain::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long sums of use are believed. The list is open to everybody, so it must not ask the store each time.
const BELIEVED: Duration = Duration::from_secs(60);
const WEEK: u64 = 7;
const MONTH: u64 = 30;

/// Tells how endpoints fare; the data plane does.
pub trait Measure: Send + Sync {
    /// What was measured of an endpoint; `None` when it was never called since the start.
    fn endpoint(&self, model_id: &str, tag: &str) -> Option<Measured>;
}

/// How an endpoint fares on this server.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Share of successful calls in the last five minutes, percent.
    pub uptime_last_5m: Option<f64>,
    /// The same of the last half hour.
    pub uptime_last_30m: Option<f64>,
    /// The same of the last day.
    pub uptime_last_1d: Option<f64>,
    /// Seconds to the first content over the last half hour.
    pub latency_last_30m: Percentiles,
    /// Tokens per second over the last half hour.
    pub throughput_last_30m: Percentiles,
    /// Whether it is taken out for now.
    pub is_out: bool,
}

/// Tokens per model in the last seven and thirty days.
type Sums = Arc<HashMap<String, (u64, u64)>>;

/// The use of every model, remembered for a minute.
#[derive(Debug, Default)]
pub struct Popularity(Mutex<Option<(Duration, Sums)>>);

impl Popularity {
    /// Tokens per model on this server in the last seven and thirty UTC days, all accounts together.
    pub(crate) async fn sums(&self, control: &Control) -> Result<Sums, ControlError> {
        let elapsed = control.clock.elapsed();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((since, sums)) = known
            && elapsed.saturating_sub(since) < BELIEVED
        {
            return Ok(sums);
        }
        let today = control.clock.now().day_start();
        let rows = control.store.popularity(back(today, MONTH), back(today, WEEK)).await?;
        let sums: Sums = Arc::new(rows.into_iter().map(|row| (row.model, (row.week, row.month))).collect());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((elapsed, Arc::clone(&sums)));
        Ok(sums)
    }
}

fn back(day: Timestamp, days: u64) -> Timestamp {
    let span = i64::try_from(days.saturating_sub(1)).unwrap_or(0).saturating_mul(86_400_000_000);
    Timestamp::from_micros(day.micros().saturating_sub(span))
}

/// The best median of a model's endpoints, as `pick` reads it; the least when `is_least`.
pub(crate) fn best(
    measure: &dyn Measure,
    model: &Model,
    pick: fn(&Measured) -> Option<f64>,
    is_least: bool,
) -> Option<f64> {
    let all = model.endpoints.iter().filter_map(|endpoint| measure.endpoint(&model.id, &endpoint.tag));
    let figures = all.filter_map(|measured| pick(&measured));
    if is_least { figures.min_by(f64::total_cmp) } else { figures.max_by(f64::total_cmp) }
}
