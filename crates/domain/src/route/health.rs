//! [`Health`]: how an endpoint fares, as the plan sees it. A snapshot of numbers; who measures them is not known here.

/// What the breaker says about an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// No significant trouble in the last 30 seconds.
    #[default]
    Stable,
    /// Recent failures: tried after the stable ones.
    Unstable,
    /// Far worse than its neighbours or told to pause: tried when nothing else is left.
    Open,
    /// Not configured here, switched off or without credential: never tried.
    Absent,
}

/// Four percentiles of one measurement; `None` where too little was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Percentiles {
    /// Median.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// How an endpoint fares at the moment. Numbers are of a rolling five-minute window and `None` while unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// What the breaker says.
    pub state: HealthState,
    /// Answer tokens per second, from the sending of the request to the end of the answer.
    pub throughput: Percentiles,
    /// Seconds to the first token.
    pub latency: Percentiles,
    /// Share of attempts that were served, 0 to 1; rate limits and callers' mistakes do not count.
    pub uptime: Option<f64>,
    /// Share of attempts that were refused by a rate limit, 0 to 1.
    pub rate_limited: Option<f64>,
    /// Share of prompt tokens that came from the provider's cache, 0 to 1.
    pub cache_hits: Option<f64>,
    /// Share of answers that ended with tool calls and whose calls were malformed, 0 to 1.
    pub tool_errors: Option<f64>,
}

impl Health {
    /// A state without measurements.
    #[must_use]
    pub fn of(state: HealthState) -> Self {
        Self { state, ..Self::default() }
    }

    /// Whether the endpoint can be called at all.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.state != HealthState::Absent
    }
}
