//! Metrics of the health book. Labels are providers of the catalogue and fixed words.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Provider {
    provider: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderAndReason {
    provider: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Allowed {
    allowed: &'static str,
}

/// Counters of the book; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct HealthMetrics {
    opened: Family<Provider, Counter>,
    out: Family<Provider, Gauge>,
    probes: Family<Provider, Counter>,
    skipped: Family<ProviderAndReason, Counter>,
    stalls: Family<Provider, Counter>,
    refused: Family<Provider, Counter>,
    retries: Family<Allowed, Counter>,
}

fn of(provider: &str) -> Provider {
    Provider { provider: provider.to_owned() }
}

impl HealthMetrics {
    /// Registers every metric.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("breaker_opened", "Endpoints taken out after failures", self.opened.clone());
        registry.register("endpoints_out", "Endpoints that are out right now", self.out.clone());
        registry.register("probes", "Calls that test an endpoint or credential that is out", self.probes.clone());
        registry.register("skipped_attempts", "Attempts not made, by what was in the way", self.skipped.clone());
        registry.register(
            "stalled_attempts",
            "First tokens later than the endpoint's own history",
            self.stalls.clone(),
        );
        registry.register("credential_refusals", "Refusals of our credential or quota", self.refused.clone());
        registry.register("retries", "Attempts after the first that the budget allowed or not", self.retries.clone());
    }

    pub(super) fn opened(&self, provider: &str) {
        self.opened.get_or_create(&of(provider)).inc();
        self.out.get_or_create(&of(provider)).inc();
    }

    pub(super) fn closed(&self, provider: &str) {
        self.out.get_or_create(&of(provider)).dec();
    }

    pub(super) fn probe(&self, provider: &str) {
        self.probes.get_or_create(&of(provider)).inc();
    }

    pub(super) fn skipped(&self, provider: &str, reason: &'static str) {
        self.skipped.get_or_create(&ProviderAndReason { provider: provider.to_owned(), reason }).inc();
    }

    pub(super) fn stalled(&self, provider: &str) {
        self.stalls.get_or_create(&of(provider)).inc();
    }

    pub(super) fn refused(&self, provider: &str) {
        self.refused.get_or_create(&of(provider)).inc();
    }

    pub(super) fn retry(&self, is_allowed: bool) {
        self.retries.get_or_create(&Allowed { allowed: if is_allowed { "yes" } else { "no" } }).inc();
    }
}
