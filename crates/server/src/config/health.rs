//! `[health]`: how providers are measured, taken out and brought back.

use super::duration;
use serde::Deserialize;
use std::time::Duration;

/// `[health]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthSection {
    /// Whether failing endpoints are taken out; they are measured either way.
    pub ejects: bool,
    /// Failures in a row that take an endpoint out.
    pub failures: u32,
    /// Fewest outcomes in the window before the share of successes is judged.
    pub outcomes: u32,
    /// Percentage of successes below which an endpoint is taken out.
    pub success_percent: u32,
    /// What that share is taken over.
    #[serde(deserialize_with = "duration::deserialize")]
    pub window: Duration,
    /// Between two probes of an endpoint that is out.
    #[serde(deserialize_with = "duration::deserialize")]
    pub probe_interval: Duration,
    /// Before a refused credential or a model that is gone is probed.
    #[serde(deserialize_with = "duration::deserialize")]
    pub refused_interval: Duration,
    /// How long failures keep an endpoint behind the others.
    #[serde(deserialize_with = "duration::deserialize")]
    pub unstable_for: Duration,
    /// Longest wait that a provider may ask for.
    #[serde(deserialize_with = "duration::deserialize")]
    pub hint_max: Duration,
    /// Tries per second of a model whose endpoints are all out.
    pub last_per_second: u32,
    /// Attempts after the first, as a percentage of requests.
    pub retry_percent: u32,
    /// Attempts after the first that are always allowed, per second on average over ten seconds.
    pub retry_floor: u32,
    /// Whether the first token is waited for only as long as the endpoint's own history suggests.
    pub adaptive_deadline: bool,
    /// Fewest answers before that history is trusted.
    pub deadline_answers: u64,
    /// Shortest such wait.
    #[serde(deserialize_with = "duration::deserialize")]
    pub deadline_min: Duration,
    /// Such waits in a row that put an endpoint behind the others.
    pub stalls: u32,
    /// Fewest concurrent calls that an overloaded endpoint is held to.
    pub concurrency_min: u32,
    /// Percentage of rate limits that teaches a traffic cap.
    pub rate_limited_percent: u32,
    /// How long a conversation keeps to the endpoint that has its prompt in cache.
    #[serde(deserialize_with = "duration::deserialize")]
    pub sticky: Duration,
    /// Most conversations that are remembered.
    pub sticky_max: usize,
}

impl Default for HealthSection {
    fn default() -> Self {
        let settings = gateway::HealthSettings::default();
        Self {
            ejects: settings.ejects,
            failures: settings.failures,
            outcomes: settings.outcomes,
            success_percent: settings.success_percent,
            window: settings.window,
            probe_interval: settings.probe_interval,
            refused_interval: settings.refused_interval,
            unstable_for: settings.unstable_for,
            hint_max: settings.hint_max,
            last_per_second: settings.last_per_second,
            retry_percent: settings.retry_percent,
            retry_floor: settings.retry_floor,
            adaptive_deadline: settings.adaptive_deadline,
            deadline_answers: settings.deadline_answers,
            deadline_min: settings.deadline_min,
            stalls: settings.stalls,
            concurrency_min: settings.concurrency_min,
            rate_limited_percent: settings.rate_limited_percent,
            sticky: settings.sticky_for,
            sticky_max: settings.sticky_max,
        }
    }
}
