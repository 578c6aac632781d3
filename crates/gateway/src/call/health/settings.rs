//! Settings of the health book; the defaults are stated here.

use std::time::Duration;

/// How endpoints are measured, taken out and brought back.
#[derive(Debug, Clone)]
pub struct HealthSettings {
    /// Whether endpoints are taken out at all; measuring goes on either way.
    pub ejects: bool,
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// Fewest outcomes in [`HealthSettings::window`] before the share of successes is judged.
    pub outcomes: u32,
    /// Percentage of successes below which the breaker opens.
    pub success_percent: u32,
    /// What the share is taken over; 1 to 30 s.
    pub window: Duration,
    /// Time between probes of an open endpoint.
    pub probe_interval: Duration,
    /// Time before an endpoint is probed whose credential was refused or whose model is gone.
    pub refused_interval: Duration,
    /// How long failures keep an endpoint behind the stable ones; at most 30 s. Source: the documented "outages in the
    /// last 30 seconds".
    pub unstable_for: Duration,
    /// Longest wait that a provider's hint is obeyed for.
    pub hint_max: Duration,
    /// Tries per second of a model all of whose endpoints are out; the rest is refused at once.
    pub last_per_second: u32,
    /// Attempts after the first, as a percentage of requests over ten seconds.
    pub retry_percent: u32,
    /// Attempts after the first that are always allowed, per second on average over ten seconds.
    pub retry_floor: u32,
    /// Whether an attempt is given up early when its endpoint is far slower than its own history.
    pub adaptive_deadline: bool,
    /// Fewest answers before an endpoint's history is trusted with a deadline.
    pub deadline_answers: u64,
    /// Shortest such deadline.
    pub deadline_min: Duration,
    /// Such deadlines missed in a row that put an endpoint behind the stable ones.
    pub stalls: u32,
    /// Fewest concurrent calls that an endpoint is held to.
    pub concurrency_min: u32,
    /// Percentage of 429s over ten seconds that teaches a traffic cap.
    pub rate_limited_percent: u32,
    /// How long a conversation keeps to the endpoint that has its prompt in cache.
    pub sticky_for: Duration,
    /// Most conversations that are remembered.
    pub sticky_max: usize,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            ejects: true,
            failures: 5,
            outcomes: 20,
            success_percent: 50,
            window: Duration::from_secs(10),
            probe_interval: Duration::from_secs(5),
            refused_interval: Duration::from_secs(60),
            unstable_for: Duration::from_secs(30),
            hint_max: Duration::from_secs(60),
            last_per_second: 5,
            retry_percent: 20,
            retry_floor: 3,
            adaptive_deadline: true,
            deadline_answers: 50,
            deadline_min: Duration::from_millis(50),
            stalls: 3,
            concurrency_min: 4,
            rate_limited_percent: 10,
            sticky_for: Duration::from_secs(600),
            sticky_max: 100_000,
        }
    }
}
