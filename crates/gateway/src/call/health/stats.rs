//! What the catalogue shows of an endpoint.

use super::{HealthBook, identity};
use domain::route::Percentiles;
use std::time::Duration;

/// Measurements of one endpoint on this node. Rate limits and callers' mistakes do not count against its uptime.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EndpointStats {
    /// Uptime of the last five minutes, 0 to 100 percent: minutes with at least 80 % success among those with at least ten
    /// outcomes.
    pub uptime_last_5m: Option<f64>,
    /// The same over half an hour.
    pub uptime_last_30m: Option<f64>,
    /// The same over a day.
    pub uptime_last_1d: Option<f64>,
    /// Seconds to the first token over the last half hour.
    pub latency_last_30m: Percentiles,
    /// Answer tokens per second over the last half hour, from the sending of the request to the end of the answer.
    pub throughput_last_30m: Percentiles,
    /// Seconds to the first token over the last half hour for prompts of up to 1 000, 8 000 and 64 000 tokens, and longer.
    pub latency_by_prompt: [Percentiles; 4],
    /// Answers and failures of the last half hour.
    pub outcomes_last_30m: u32,
    /// Whether the breaker has taken it out.
    pub is_out: bool,
    /// Calls that are running.
    pub in_flight: u32,
    /// Most concurrent calls that it was learned to take; `None` while it gave no reason for a limit.
    pub concurrent_max: Option<u32>,
    /// Most calls per ten seconds that it was learned to take.
    pub per_ten_seconds_max: Option<u32>,
}

impl HealthBook {
    /// What was measured of the endpoint with this model id and tag; `None` when it was never called since the start.
    #[must_use]
    pub fn stats(&self, model_id: &str, tag: &str, now: Duration) -> Option<EndpointStats> {
        let endpoints = self.endpoints.load();
        let record = endpoints.get(&identity(model_id, tag))?.record();
        let uptime = |minutes| record.outcomes.uptime(minutes, now).map(|points| f64::from(points) / 100.0);
        Some(EndpointStats {
            uptime_last_5m: uptime(5),
            uptime_last_30m: uptime(30),
            uptime_last_1d: uptime(1440),
            latency_last_30m: record.latency(now),
            throughput_last_30m: record.throughput(now),
            latency_by_prompt: record.latencies(now),
            outcomes_last_30m: record.outcomes.minutes(30, now).judged(),
            in_flight: record.capacity.in_flight(),
            concurrent_max: record.capacity.concurrent(),
            per_ten_seconds_max: record.capacity.per_period(),
            is_out: !matches!(record.breaker.gate(now), super::breaker::Gate::Closed),
        })
    }
}
