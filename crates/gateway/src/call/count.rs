//! The question how many input tokens a request has, put to the provider that would serve it.

use super::attempt;
use crate::accept::Ask;
use crate::plan::{Plan, PlannedAttempt};
use crate::state::Gateway;
use dialect::decode;
use dialect::upstream::{Target, encode_count};
use http_body_util::{BodyExt, Limited};
use std::time::Duration;

/// Longest wait for a count: it is asked for before the real request, by somebody who waits.
const WAIT: Duration = Duration::from_secs(5);

/// Asks the first planned endpoint; `None` when its format has no such question, or it gave no answer in time.
pub async fn ask(gateway: &Gateway, ask: &Ask, plan: &Plan) -> Option<u64> {
    let planned = plan.attempts.first()?;
    let endpoint = &planned.candidate.endpoint;
    let outgoing = encode_count(&ask.chat, &target(planned)).ok()??;
    let upstream = gateway.upstreams.load().live(&endpoint.provider.slug).cloned()?;
    let request = attempt::request(endpoint, &upstream, outgoing, false).ok()?;
    let counted = tokio::time::timeout(WAIT, async {
        let response = gateway.client.send(request).await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let body = Limited::new(response.into_body(), gateway.settings.error_max).collect().await.ok()?;
        decode::input_tokens(endpoint.provider.family, &body.to_bytes())
    });
    counted.await.ok().flatten()
}

/// The endpoint as far as the question is concerned.
fn target(planned: &PlannedAttempt) -> Target<'_> {
    let endpoint = &planned.candidate.endpoint;
    Target {
        family: endpoint.provider.family,
        upstream_id: &endpoint.upstream_id,
        quirks: &endpoint.provider.quirks,
        supported_parameters: &endpoint.supported_parameters,
        max_completion_tokens: endpoint.max_completion_tokens,
        output_limit: None,
        stream: false,
        reasoning: planned.candidate.model.reasoning.as_ref(),
        service_tier: None,
        turns_reasoning_down: true,
        user: None,
    }
}
