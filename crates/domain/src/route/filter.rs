//! Hard filters: why an endpoint cannot serve a request.
//!
//! Every check looks at one endpoint and one restriction alone. What is left is therefore the same in whatever order layers
//! and checks are taken; only the reason that is named first can differ.

use super::intent::Intent;
use super::names::{names_endpoint, names_provider};
use super::policy::{MaxPrice, Pin, Restrict};
use super::{Need, Question};
use crate::catalog::{Endpoint, Model};
use crate::money::{CostKind, UnitPrice};

/// Parameters without which an answer would be a different thing; an endpoint that lacks one is left out.
const HARD_PARAMETERS: [&str; 1] = ["tools"];

/// Why an endpoint is left out, and by which layer's word if a layer said so. Reasons are public: they appear in errors,
/// explanations and records.
pub(super) type Refusal = (&'static str, Option<usize>);

/// The reason to leave the endpoint out, or `None` to keep it.
pub(super) fn refusal(
    question: &Question<'_>,
    intent: &Intent<'_>,
    model: &Model,
    endpoint: &Endpoint,
) -> Option<Refusal> {
    if let Some(reason) = incapable(endpoint, model, question.need) {
        return Some((reason, None));
    }
    intent.restrictions.iter().find_map(|(at, restrict)| {
        let reason = forbidden(restrict, question, model, endpoint)?;
        Some((reason, Some(*at)))
    })
}

/// What the endpoint cannot do.
fn incapable(endpoint: &Endpoint, model: &Model, need: &Need) -> Option<&'static str> {
    if !endpoint.provider.family.is_supported() {
        return Some("provider format not supported");
    }
    if need.modalities.iter().any(|modality| !endpoint.input_modalities.iter().any(|has| has == modality)) {
        return Some("input modality not supported");
    }
    if !fits(endpoint, need) {
        return Some("context_length");
    }
    if HARD_PARAMETERS.iter().any(|parameter| need.parameters.contains(parameter) && !supports(endpoint, parameter)) {
        return Some("tool use not supported");
    }
    (model.id.ends_with(":free") && !endpoint.price.is_free()).then_some("not free")
}

/// What one restriction forbids.
fn forbidden(restrict: &Restrict, question: &Question<'_>, model: &Model, endpoint: &Endpoint) -> Option<&'static str> {
    if restrict.pin.as_ref().is_some_and(|pin| !is_pinned(pin, model, endpoint)) {
        return Some("pin");
    }
    if let Some(reason) = not_allowed(restrict, model, endpoint) {
        return Some(reason);
    }
    if restrict.require_parameters && question.need.parameters.iter().any(|parameter| !supports(endpoint, parameter)) {
        return Some("require_parameters");
    }
    if restrict.quantizations.as_ref().is_some_and(|wanted| !quantization_allowed(endpoint, wanted)) {
        return Some("quantization");
    }
    if restrict.distillable && model.distillable != Some(true) {
        return Some("enforce_distillable_text");
    }
    if let Some(reason) = data_refusal(restrict, model, endpoint) {
        return Some(reason);
    }
    if restrict.max_price.as_ref().is_some_and(|limits| is_dearer(endpoint, limits)) {
        return Some("max_price");
    }
    restrict.max_cost.filter(|ceiling| (question.ceiling)(endpoint) > *ceiling).map(|_| "max_cost")
}

fn is_pinned(pin: &Pin, model: &Model, endpoint: &Endpoint) -> bool {
    pin.provider.as_ref().is_none_or(|provider| names_endpoint(provider, endpoint))
        && pin.model.as_ref().is_none_or(|id| *id == model.id || *id == model.canonical_slug)
        && pin.region.as_ref().is_none_or(|region| endpoint.region.as_ref() == Some(region))
}

fn not_allowed(restrict: &Restrict, model: &Model, endpoint: &Endpoint) -> Option<&'static str> {
    let named = |list: &[String]| list.iter().any(|wanted| names_provider(wanted, endpoint));
    if restrict.allowed_providers.as_ref().is_some_and(|only| !named(only)) {
        return Some("allowed_providers");
    }
    if named(&restrict.ignored_providers) {
        return Some("ignored provider");
    }
    if restrict.allowed_models.as_ref().is_some_and(|only| !only.iter().any(|wanted| wanted.matches(&model.id))) {
        return Some("allowed_models");
    }
    if restrict.ignored_models.iter().any(|ignored| ignored.matches(&model.id)) {
        return Some("ignored model");
    }
    let in_region = |regions: &Vec<super::policy::Pattern>| {
        endpoint.region.as_ref().is_some_and(|region| regions.iter().any(|wanted| wanted.matches(region)))
    };
    restrict.allowed_regions.as_ref().is_some_and(|regions| !in_region(regions)).then_some("data_region")
}

/// Whether the endpoint declares a parameter.
pub(super) fn supports(endpoint: &Endpoint, parameter: &str) -> bool {
    endpoint.supported_parameters.iter().any(|has| has == parameter)
}

fn fits(endpoint: &Endpoint, need: &Need) -> bool {
    let context = endpoint.context_length;
    let output = need.output_limit.unwrap_or(0).min(endpoint.max_completion_tokens.unwrap_or(u64::MAX)).min(context);
    // Half of a prompt can be taken out of its middle, not more.
    let share = if context <= need.compressed_up_to { 2 } else { 1 };
    let prompt = need.prompt_tokens / share;
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

/// What privacy forbids. A policy that is not published counts as storing, training and publishing.
fn data_refusal(restrict: &Restrict, model: &Model, endpoint: &Endpoint) -> Option<&'static str> {
    let policy = endpoint.data_policy;
    let is_zdr = policy.zdr == Some(true);
    let trains = policy.training != Some(false) && !is_zdr;
    let stores = policy.retains_prompts != Some(false) && !is_zdr;
    let may_publish = policy.publishes != Some(false) && (trains || stores);
    let is_free = || endpoint.price.is_free();
    if restrict.deny_data_collection && (trains || stores) {
        return Some("data_policy:training");
    }
    if restrict.deny_paid_training && trains && !is_free() || restrict.deny_free_training && trains && is_free() {
        return Some("data_policy:training");
    }
    if restrict.deny_free_publication && may_publish && is_free() {
        return Some("data_policy:publication");
    }
    let author = model.id.split('/').next().unwrap_or_default();
    let is_named = |list: &[String]| list.iter().any(|named| named == author);
    let needs_zdr = restrict.zdr
        || is_named(&restrict.zdr_authors)
        || restrict.zdr_other_authors.as_ref().is_some_and(|except| !is_named(except));
    (needs_zdr && !is_zdr).then_some("data_policy:zdr")
}

fn is_dearer(endpoint: &Endpoint, limits: &MaxPrice) -> bool {
    let limits = [
        (limits.prompt, CostKind::Prompt),
        (limits.completion, CostKind::Completion),
        (limits.image, CostKind::Image),
        (limits.request, CostKind::Request),
        (limits.audio, CostKind::Audio),
    ];
    let above =
        |(limit, kind): (Option<UnitPrice>, CostKind)| limit.is_some_and(|limit| endpoint.price.rate(kind) > limit);
    limits.into_iter().any(above)
}
