//! Metrics of the data plane. Labels come from the catalogue and from fixed words, never from a request's text.

use domain::generation::Settlement;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::Ordering;

/// Labels of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    provider: String,
    ending: &'static str,
}

/// Labels of an attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    provider: String,
}

/// How what served differs from what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Difference {
    kind: &'static str,
}

/// Counters and histograms of the data plane.
#[derive(Debug)]
pub struct GatewayMetrics {
    generations: Family<Labels, Counter>,
    failed_attempts: Family<ProviderLabel, Counter>,
    served_differs: Family<Difference, Counter>,
    cost_nanos: Counter,
    tokens: Counter,
    running: Gauge,
    first_content_seconds: Histogram,
    overhead_seconds: Histogram,
}

impl Default for GatewayMetrics {
    fn default() -> Self {
        Self {
            generations: Family::default(),
            failed_attempts: Family::default(),
            served_differs: Family::default(),
            cost_nanos: Counter::default(),
            tokens: Counter::default(),
            running: Gauge::default(),
            first_content_seconds: Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]),
            overhead_seconds: Histogram::new([0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.1, 1.0]),
        }
    }
}

impl GatewayMetrics {
    /// Registers every metric.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("generations", "Generations by provider and ending", self.generations.clone());
        registry.register("failed_attempts", "Attempts that failed, by provider", self.failed_attempts.clone());
        registry.register(
            "served_differs",
            "Answers of another model than asked for: a fallback of the caller's list, or by the provider's own report",
            self.served_differs.clone(),
        );
        registry.register("cost_nano_usd", "Charges in nano-dollars", self.cost_nanos.clone());
        registry.register("tokens", "Prompt and answer tokens", self.tokens.clone());
        registry.register("generations_running", "Generations that hold budget right now", self.running.clone());
        registry.register("first_content_seconds", "Acceptance to first content", self.first_content_seconds.clone());
        registry.register("overhead_seconds", "Acceptance to first attempt", self.overhead_seconds.clone());
    }

    /// Counts a settled generation.
    pub fn generation(&self, settlement: &Settlement) {
        let ending = settlement.ending.as_str();
        let provider = settlement.opening.provider_slug.clone();
        self.generations.get_or_create(&Labels { provider, ending }).inc();
        self.cost_nanos.inc_by(u64::try_from(settlement.charge.nanos()).unwrap_or(0));
        self.tokens.inc_by(settlement.usage.total_tokens());
        self.first_content_seconds.observe(std::time::Duration::from_millis(settlement.latency_ms).as_secs_f64());
        self.running.dec();
    }

    /// Counts an attempt that failed.
    pub fn attempt_failed(&self, provider: &str) {
        self.failed_attempts.get_or_create(&ProviderLabel { provider: provider.to_owned() }).inc();
    }

    /// Counts an answer of another model than was asked for; `kind` is `fallback` or `reported`.
    pub fn served_differs(&self, kind: &'static str) {
        self.served_differs.get_or_create(&Difference { kind }).inc();
    }

    /// Counts an admission, and how long it took to get there.
    pub fn admitted(&self, overhead: std::time::Duration) {
        self.running.inc();
        self.overhead_seconds.observe(overhead.as_secs_f64());
    }

    /// Generations that hold budget right now.
    pub fn running(&self) -> i64 {
        self.running.inner().load(Ordering::Relaxed)
    }
}
