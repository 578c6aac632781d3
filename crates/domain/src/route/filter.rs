//! Hard filters: why an endpoint cannot serve a request.

use super::{Health, HealthState, Need, Preferences, names_endpoint};
use crate::catalog::Endpoint;
use crate::money::{CostKind, UnitPrice};
use std::sync::Arc;

/// Parameters without which an answer would be a different thing; an endpoint that lacks one is left out.
const HARD_PARAMETERS: [&str; 1] = ["tools"];

/// Parameters for which supporting endpoints are taken when there are some, and which are ignored when there are none.
const SOFT_PARAMETERS: [&str; 3] = ["response_format", "structured_outputs", "verbosity"];

/// The reason to leave the endpoint out, or `None` to keep it. Reasons are public: they appear in errors and records.
pub(super) fn refusal(
    endpoint: &Endpoint,
    need: &Need,
    preferences: &Preferences,
    health: Health,
) -> Option<&'static str> {
    let named = |list: &[String]| list.iter().any(|wanted| names_endpoint(wanted, endpoint));
    if health.state == HealthState::Absent {
        return Some("no upstream configured");
    }
    if !endpoint.provider.family.is_supported() {
        return Some("provider format not supported");
    }
    if !preferences.only.is_empty() && !named(&preferences.only) {
        return Some("allowed_providers");
    }
    if named(&preferences.ignore) {
        return Some("ignored provider");
    }
    if !preferences.allow_fallbacks && !preferences.order.is_empty() && !named(&preferences.order) {
        return Some("allow_fallbacks is false");
    }
    if need.modalities.iter().any(|modality| !endpoint.input_modalities.iter().any(|has| has == modality)) {
        return Some("input modality not supported");
    }
    if !fits(endpoint, need) {
        return Some("context_length");
    }
    let lacks = |parameter: &&str| !supports(endpoint, parameter);
    if HARD_PARAMETERS.iter().filter(|parameter| need.parameters.contains(parameter)).any(lacks) {
        return Some("tool use not supported");
    }
    if preferences.require_parameters && need.parameters.iter().any(lacks) {
        return Some("require_parameters");
    }
    if !preferences.quantizations.is_empty() && !quantization_allowed(endpoint, &preferences.quantizations) {
        return Some("quantization");
    }
    data_refusal(endpoint, preferences).or_else(|| price_refusal(endpoint, preferences))
}

/// Keeps only endpoints that support the soft parameters in use, if some do.
pub(super) fn prefer_supporting(kept: &mut [(Arc<Endpoint>, Health)], need: &Need) {
    for parameter in SOFT_PARAMETERS.iter().filter(|parameter| need.parameters.contains(parameter)) {
        if kept.iter().any(|(endpoint, _)| supports(endpoint, parameter)) {
            // Non-supporting endpoints stay as last resorts; a stable sort keeps the order otherwise.
            kept.sort_by_key(|(endpoint, _)| !supports(endpoint, parameter));
        }
    }
}

fn supports(endpoint: &Endpoint, parameter: &str) -> bool {
    endpoint.supported_parameters.iter().any(|has| has == parameter)
}

fn fits(endpoint: &Endpoint, need: &Need) -> bool {
    let context = endpoint.context_length;
    let output = need.output_limit.unwrap_or(0).min(endpoint.max_completion_tokens.unwrap_or(u64::MAX)).min(context);
    let prompt = need.prompt_tokens;
    // The prompt estimate errs on the high side, so a prompt is refused only when it is clearly too long.
    let clearly_over = prompt / 2 > context.saturating_sub(output);
    !clearly_over && endpoint.max_prompt_tokens.is_none_or(|limit| prompt / 2 <= limit)
}

fn quantization_allowed(endpoint: &Endpoint, wanted: &[String]) -> bool {
    let has = endpoint.quantization.as_deref().unwrap_or("unknown");
    wanted.iter().any(|wanted| match wanted.as_str() {
        "fp4" => matches!(has, "fp4" | "mxfp4" | "nvfp4"),
        "fp8" => matches!(has, "fp8" | "mxfp8"),
        exact => exact == has,
    })
}

fn data_refusal(endpoint: &Endpoint, preferences: &Preferences) -> Option<&'static str> {
    let policy = endpoint.data_policy;
    let stores_or_trains = policy.training != Some(false) || policy.retains_prompts != Some(false);
    if preferences.deny_data_collection && stores_or_trains && policy.zdr != Some(true) {
        return Some("data_policy:training");
    }
    (preferences.zdr && policy.zdr != Some(true)).then_some("data_policy:zdr")
}

fn price_refusal(endpoint: &Endpoint, preferences: &Preferences) -> Option<&'static str> {
    let limits = [
        (preferences.max_price.prompt, CostKind::Prompt),
        (preferences.max_price.completion, CostKind::Completion),
        (preferences.max_price.image, CostKind::Image),
        (preferences.max_price.request, CostKind::Request),
        (preferences.max_price.audio, CostKind::Audio),
    ];
    let above =
        |(limit, kind): (Option<UnitPrice>, CostKind)| limit.is_some_and(|limit| endpoint.price.rate(kind) > limit);
    limits.into_iter().any(above).then_some("max_price")
}
