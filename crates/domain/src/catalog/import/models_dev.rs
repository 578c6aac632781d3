//! The `api.json` of models.dev: providers, their models, costs in USD per million tokens.

use super::collect::{Collector, Offer, Place};
use super::number::Number;
use super::prices::Prices;
use super::{ImportError, ImportFormat, SkipReason};
use crate::catalog::file::{EndpointText, ModelText};
use crate::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Our kinds and the names of models.dev; those marked can stand in a tier.
const KINDS: [(&str, &str, bool); 7] = [
    ("prompt", "input", true),
    ("completion", "output", true),
    ("input_cache_read", "cache_read", true),
    ("input_cache_write", "cache_write", true),
    ("internal_reasoning", "reasoning", false),
    ("audio", "input_audio", true),
    ("audio_output", "output_audio", false),
];

/// What its documents have no word for.
const SILENT: [&str; 7] =
    ["input_cache_write_1h", "image_token", "image_output", "input_audio_cache", "image", "request", "web_search"];

/// Sells models under our own ids.
const RESELLER: &str = "openrouter";

#[derive(Deserialize)]
struct ListedProvider<'a> {
    #[serde(borrow)]
    models: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct ListedModel<'a> {
    name: Option<String>,
    #[serde(default)]
    reasoning: bool,
    #[serde(default)]
    tool_call: bool,
    #[serde(default)]
    structured_output: bool,
    temperature: Option<bool>,
    knowledge: Option<String>,
    release_date: Option<String>,
    status: Option<String>,
    #[serde(default)]
    modalities: Modalities,
    #[serde(borrow, default)]
    limit: BTreeMap<String, &'a RawValue>,
    #[serde(borrow)]
    cost: Option<Cost<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Modalities {
    input: Vec<String>,
    output: Vec<String>,
}

type Cost<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
struct Tier<'a> {
    #[serde(borrow)]
    size: &'a RawValue,
}

/// Reads every provider's models, in the order of their names.
pub(super) fn read(json: &str, collector: &mut Collector<'_>) -> Result<(), ImportError> {
    let providers: BTreeMap<String, ListedProvider<'_>> = serde_json::from_str(json)?;
    for (name, provider) in &providers {
        for (upstream, raw) in &provider.models {
            let key = format!("{name}/{upstream}");
            let offer = serde_json::from_str::<ListedModel<'_>>(raw.get())
                .map_err(|error| SkipReason::Unreadable(error.to_string()))
                .and_then(|model| offer(&key, name, upstream, model, collector));
            collector.offer(&key, offer);
        }
    }
    Ok(())
}

fn offer(
    key: &str,
    name: &str,
    upstream: &str,
    model: ListedModel<'_>,
    collector: &Collector<'_>,
) -> Result<Offer, SkipReason> {
    let provider = collector
        .mapping
        .provider(ImportFormat::ModelsDev, name)
        .ok_or_else(|| SkipReason::UnknownProvider(name.to_owned()))?;
    let ours =
        if provider == RESELLER { Some(upstream) } else { collector.mapping.model(ImportFormat::ModelsDev, key) };
    let id = ours.ok_or(SkipReason::NotMapped)?;
    if provider == RESELLER && (id.starts_with('~') || id.starts_with("openrouter/")) {
        return Err(SkipReason::Router);
    }
    if model.status.as_deref() == Some("deprecated") {
        return Err(SkipReason::Deprecated);
    }
    let prices = prices(model.cost.as_ref().ok_or(SkipReason::NoPrice)?)?;
    let limit =
        |name: &str| model.limit.get(name).and_then(|raw| Number::read(raw)?.count()).filter(|count| *count > 0);
    let (context, answer) = (limit("context"), limit("output"));
    let known = collector.known.model(id);
    let endpoint = EndpointText {
        context_length: context.filter(|own| known.is_some_and(|model| model.context_length != *own)),
        max_completion_tokens: answer
            .filter(|own| known.is_some_and(|model| model.max_completion_tokens != Some(*own))),
        ..EndpointText::default()
    };
    let place = Place::Upstream { id: upstream.to_owned(), region: None };
    let (provider, id) = (provider.to_owned(), id.to_owned());
    let facts = facts(model, context, answer);
    Ok(Offer { key: key.to_owned(), model: id, provider, place, prices, silent: &SILENT, endpoint, facts })
}

fn prices(cost: &Cost<'_>) -> Result<Prices, SkipReason> {
    let mut prices = Prices::default();
    read_cost(cost, 0, &mut prices)?;
    let tiers: Vec<Cost<'_>> = match cost.get("tiers") {
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_error| SkipReason::Number("tiers"))?,
        None => Vec::new(),
    };
    for tier in &tiers {
        let size = tier.get("tier").and_then(|raw| serde_json::from_str::<Tier<'_>>(raw.get()).ok());
        let size = size.and_then(|tier| Number::read(tier.size)?.count()).ok_or(SkipReason::Number("tiers"))?;
        read_cost(tier, size, &mut prices)?;
    }
    if let Some(raw) = cost.get("context_over_200k").filter(|_| tiers.is_empty()) {
        let tier: Cost<'_> = serde_json::from_str(raw.get()).map_err(|_error| SkipReason::Number("tiers"))?;
        read_cost(&tier, 200_000, &mut prices)?;
    }
    Ok(prices)
}

fn read_cost(cost: &Cost<'_>, tokens: u64, prices: &mut Prices) -> Result<(), SkipReason> {
    for (kind, field, tiered) in KINDS {
        let Some(raw) = cost.get(field).filter(|raw| raw.get() != "null") else { continue };
        let price = Number::read(raw).and_then(Number::per_million).ok_or(SkipReason::Number(kind))?;
        if tokens == 0 {
            prices.base.insert(kind, price);
        } else if tiered {
            prices.above.entry(tokens).or_default().insert(kind, price);
        }
    }
    Ok(())
}

fn facts(model: ListedModel<'_>, context: Option<u64>, answer: Option<u64>) -> ModelText {
    let created = model.release_date.as_deref().and_then(Timestamp::parse_date).map(Timestamp::seconds);
    let parameters = parameters(&model);
    let renamed =
        |kinds: Vec<String>| kinds.into_iter().map(|kind| if kind == "pdf" { "file".to_owned() } else { kind });
    ModelText {
        name: model.name,
        created,
        context_length: context.unwrap_or(0),
        max_completion_tokens: answer,
        input_modalities: renamed(model.modalities.input).collect(),
        output_modalities: renamed(model.modalities.output).collect(),
        supported_parameters: parameters,
        knowledge_cutoff: model.knowledge,
        ..ModelText::default()
    }
}

fn parameters(model: &ListedModel<'_>) -> Vec<String> {
    let groups: [(bool, &[&str]); 4] = [
        (model.tool_call, &["tools", "tool_choice"]),
        (model.structured_output, &["response_format", "structured_outputs"]),
        (model.reasoning, &["reasoning", "include_reasoning"]),
        (model.temperature.unwrap_or(true), &["temperature", "top_p"]),
    ];
    let mut names = vec!["max_tokens"];
    names.extend(groups.into_iter().filter(|(has, _)| *has).flat_map(|(_, names)| names.iter().copied()));
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}
