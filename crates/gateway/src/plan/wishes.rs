//! What a request says about its own routing, and what conditions of policies look at.

use crate::accept::Ask;
use crate::prepare;
use crate::reply::Refusal;
use crate::state::Gateway;
use dialect::chat::request::{ChatRequest, Files};
use dialect::inbound::Dialect;
use domain::error_kind::ErrorKind;
use domain::route::policy::{Auto, CostTier, Facts, Layer, Pattern};
use domain::route::{Need, RequestError, RequestRouting, Tier};
use serde::Deserialize;
use std::sync::Arc;

/// Reads `provider`, `pin`, `max_cost` and the automatic router's plugin.
pub(crate) fn routing(chat: &ChatRequest) -> Result<RequestRouting, Refusal> {
    let mut routing = RequestRouting::default();
    let wrong =
        |error: RequestError| Refusal::new(ErrorKind::InvalidRequest, error.to_string()).meta("param", error.field);
    if let Some(json) = chat.field("provider") {
        routing.provider(json).map_err(wrong)?;
    }
    if let Some(json) = chat.field("pin") {
        routing.pin(json).map_err(wrong)?;
    }
    if let Some(json) = chat.field("max_cost") {
        routing.max_cost(json).map_err(wrong)?;
    }
    if let Some(json) = chat.field("plugins") {
        auto(json, &mut routing).map_err(wrong)?;
    }
    Ok(routing)
}

/// One entry of `plugins`, as far as it concerns the automatic router.
#[derive(Deserialize)]
struct Plugin {
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    allowed_models: Option<Vec<String>>,
    #[serde(default)]
    excluded_models: Option<Vec<String>>,
    #[serde(default)]
    cost_tier: Option<CostTier>,
}

/// Most patterns of a list.
const PATTERNS_MAX: usize = 100;

fn auto(json: &str, routing: &mut RequestRouting) -> Result<(), RequestError> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let plugins: Vec<&serde_json::value::RawValue> = serde_json::from_str(json).unwrap_or_default();
    for text in plugins {
        // Other plugins have other fields; whether they are well formed is not the plan's business.
        let is_ours = serde_json::from_str::<Named>(text.get()).is_ok_and(|named| named.id == "auto-router");
        if !is_ours {
            continue;
        }
        let problem = "auto-router: allowed_models and excluded_models are lists of at most 100 patterns, cost_tier is low, \
                       medium, high, xhigh or max";
        let wrong = || RequestError { field: "plugins", problem };
        let plugin: Plugin = serde_json::from_str(text.get()).map_err(|_error| wrong())?;
        if plugin.enabled == Some(false) {
            continue;
        }
        let excluded = plugin.excluded_models.unwrap_or_default();
        if excluded.len() > PATTERNS_MAX || plugin.allowed_models.as_ref().is_some_and(|list| list.len() > PATTERNS_MAX)
        {
            return Err(wrong());
        }
        let patterns = |list: Vec<String>| list.into_iter().map(Pattern::new).collect::<Vec<_>>();
        routing.auto(Auto {
            allowed_models: plugin.allowed_models.map(patterns),
            excluded_models: patterns(excluded),
            cost_tier: plugin.cost_tier,
        });
    }
    Ok(())
}

/// What the request needs of an endpoint.
pub(super) fn need(ask: &Ask, prompt_tokens: u64) -> Need {
    let modalities = ask.chat.shape().input_modalities();
    let tier = ask.chat.field("service_tier").map(|json| Tier::parse(json.trim_matches('"'))).unwrap_or_default();
    let plugins = ask.chat.plugins();
    // Files whose text can be read in their place need no endpoint that takes files.
    let is_needed = |modality: &&str| *modality != "text" && (*modality != "file" || plugins.files == Files::Native);
    Need {
        parameters: ask.chat.parameters(),
        modalities: modalities.into_iter().filter(is_needed).collect(),
        output: if ask.dialect == Dialect::Embeddings { "embeddings" } else { "text" },
        prompt_tokens,
        output_limit: ask.chat.output_limit(),
        tier,
        compressed_up_to: prepare::compressed_up_to(plugins.compresses),
    }
}

/// What conditions look at. Gathered only when some layer has a condition or a split.
pub(super) fn facts(gateway: &Gateway, ask: &Ask, layers: &[Arc<Layer>]) -> Facts {
    let mut rules = layers.iter().flat_map(|layer| &layer.rules);
    if !rules.any(|rule| !rule.when.is_empty() || rule.split.is_some()) {
        return Facts::default();
    }
    let metadata: serde_json::Map<String, serde_json::Value> =
        ask.chat.metadata().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let named = layers.iter().flat_map(|layer| &layer.rules).flat_map(|rule| rule.when.headers.keys());
    let header = |name: &String| Some((name.clone(), ask.headers.get(name.as_str())?.to_str().ok()?.to_owned()));
    Facts {
        customer: metadata.get("customer").and_then(text),
        feature: metadata.get("feature").and_then(text),
        headers: named.filter_map(header).collect(),
        metadata: metadata.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect(),
        region: gateway.settings.region.clone(),
        conversation: ask
            .session_id
            .clone()
            .or_else(|| ask.chat.field("prompt_cache_key").map(|json| json.trim_matches('"').to_owned())),
    }
}
