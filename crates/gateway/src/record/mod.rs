//! Record: metrics and one log line per generation. The row itself travels in the journal.

mod metrics;

pub use metrics::GatewayMetrics;

use crate::settle::Receipt;
use crate::state::Gateway;
use domain::usage::UsageSource;

/// Records a settled generation.
pub fn record(gateway: &Gateway, receipt: &Receipt) {
    let settlement = &receipt.settlement;
    let opening = &settlement.opening;
    gateway.metrics.generation(settlement);
    if settlement.usage.suspect {
        tracing::warn!(generation_id = %opening.id, provider = opening.provider_slug, "usage_suspect: reported usage was clamped");
    }
    tracing::info!(
        target: "generation",
        generation_id = %opening.id,
        account_id = %opening.account,
        model = opening.model,
        provider = opening.provider_slug,
        status = settlement.status,
        ending = ?settlement.ending,
        streamed = opening.streamed,
        attempts = settlement.attempts.len(),
        prompt_tokens = settlement.usage.prompt_tokens(),
        completion_tokens = settlement.usage.completion_tokens(),
        usage_estimated = settlement.usage.source == UsageSource::Estimated,
        cost_usd = %settlement.charge,
        latency_ms = settlement.latency_ms,
        generation_ms = settlement.generation_ms,
        error_type = settlement.error_type.as_deref().unwrap_or(""),
        "generation settled"
    );
}
