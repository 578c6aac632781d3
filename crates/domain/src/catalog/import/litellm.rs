//! The price map of LiteLLM: one object per key, prices in USD per token as JSON numbers.

use super::collect::{Collector, Offer, Place};
use super::number::Number;
use super::prices::{Prices, TIERED};
use super::{ImportError, ImportFormat, SkipReason};
use crate::catalog::file::{EndpointText, ModelText};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Our kinds and the map's fields, USD per token.
const TOKENS: [(&str, &str); 11] = [
    ("prompt", "input_cost_per_token"),
    ("completion", "output_cost_per_token"),
    ("input_cache_read", "cache_read_input_token_cost"),
    ("input_cache_write", "cache_creation_input_token_cost"),
    ("input_cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
    ("internal_reasoning", "output_cost_per_reasoning_token"),
    ("image_token", "input_cost_per_image_token"),
    ("image_output", "output_cost_per_image_token"),
    ("audio", "input_cost_per_audio_token"),
    ("audio_output", "output_cost_per_audio_token"),
    ("input_audio_cache", "cache_read_input_audio_token_cost"),
];

/// Regions that Azure keys are written with, before the model's name.
const AZURE_PLACES: [(&str, Option<&str>); 4] =
    [("eu/", Some("eu")), ("us/", Some("us")), ("global-standard/", None), ("global/", None)];

/// One entry of the map.
struct Entry<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Entry<'a> {
    fn parse(raw: &'a RawValue) -> Result<Self, SkipReason> {
        serde_json::from_str(raw.get()).map(Self).map_err(|error| SkipReason::Unreadable(error.to_string()))
    }

    fn raw(&self, field: &str) -> Option<&'a RawValue> {
        self.0.get(field).copied().filter(|raw| raw.get() != "null")
    }

    fn text(&self, field: &str) -> Option<String> {
        serde_json::from_str(self.raw(field)?.get()).ok()
    }

    fn list(&self, field: &str) -> Vec<String> {
        self.raw(field).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    fn holds(&self, field: &str) -> bool {
        self.raw(field).is_some_and(|raw| raw.get() == "true")
    }

    fn count(&self, field: &str) -> Option<u64> {
        Number::read(self.raw(field)?)?.count().filter(|count| *count > 0)
    }

    /// The number of a field; `kind` names the price in the reason when it is none.
    fn number(&self, field: &str, kind: &'static str) -> Result<Option<Number>, SkipReason> {
        match self.raw(field) {
            Some(raw) => Number::read(raw).map(Some).ok_or(SkipReason::Number(kind)),
            None => Ok(None),
        }
    }
}

/// Reads the whole map, in the order of its keys.
pub(super) fn read(json: &str, collector: &mut Collector<'_>) -> Result<(), ImportError> {
    let entries: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
    for (key, raw) in &entries {
        let offer = Entry::parse(raw).and_then(|entry| offer(key, &entry, collector));
        collector.offer(key, offer);
    }
    Ok(())
}

fn offer(key: &str, entry: &Entry<'_>, collector: &Collector<'_>) -> Result<Offer, SkipReason> {
    let model = collector.mapping.model(ImportFormat::LiteLlm, key).ok_or(SkipReason::NotMapped)?;
    let named = entry.text("litellm_provider").unwrap_or_default();
    let provider = collector
        .mapping
        .provider(ImportFormat::LiteLlm, &named)
        .ok_or_else(|| SkipReason::UnknownProvider(named.clone()))?;
    let mode = entry.text("mode").unwrap_or_default();
    if !speaks_chat(entry, &mode) {
        return Err(SkipReason::OtherApi);
    }
    if entry.text("deprecation_date").is_some_and(|day| day.as_str() < collector.date) {
        return Err(SkipReason::Deprecated);
    }
    let (upstream, region) = upstream(key, &named, provider);
    let mut prices = prices(entry)?;
    if mode == "embedding" {
        prices.base.insert("completion", crate::money::UnitPrice::ZERO);
    }
    Ok(Offer {
        key: key.to_owned(),
        model: model.to_owned(),
        provider: provider.to_owned(),
        place: Place::Upstream { id: upstream.to_owned(), region: region.map(str::to_owned) },
        prices,
        silent: &[],
        endpoint: endpoint(entry, model, provider, collector),
        facts: facts(entry, &mode),
    })
}

fn speaks_chat(entry: &Entry<'_>, mode: &str) -> bool {
    let paths = entry.list("supported_endpoints");
    let chats = paths.iter().any(|path| path == "/v1/chat/completions" || path == "/v1/embeddings");
    match mode {
        "chat" => paths.is_empty() || chats,
        "embedding" | "image_generation" => true,
        _ => false,
    }
}

/// The provider's own name of a model and the region: the key without the part that names the provider.
fn upstream<'k>(key: &'k str, named: &str, slug: &str) -> (&'k str, Option<&'static str>) {
    let own = |head: &str| {
        let rest = named.strip_prefix(head);
        head == slug || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    let name = match key.split_once('/') {
        Some((head, rest)) if own(head) => rest,
        _ => key,
    };
    if slug == "azure" {
        for (prefix, region) in AZURE_PLACES {
            if let Some(rest) = name.strip_prefix(prefix) {
                return (rest, region);
            }
        }
    }
    (name, None)
}

fn prices(entry: &Entry<'_>) -> Result<Prices, SkipReason> {
    let mut prices = Prices::default();
    match entry.raw("tiered_pricing").filter(|_| entry.raw("input_cost_per_token").is_none()) {
        Some(tiers) => read_tiers(tiers, &mut prices)?,
        None => {
            read_tokens(entry, 0, &mut prices)?;
            read_thresholds(entry, &mut prices)?;
        }
    }
    let mut item = |kind: &'static str, number: Option<Number>| -> Result<(), SkipReason> {
        if let Some(number) = number {
            prices.base.insert(kind, number.per_unit().ok_or(SkipReason::Number(kind))?);
        }
        Ok(())
    };
    item("request", entry.number("input_cost_per_request", "request")?)?;
    let unit = entry.text("web_search_billing_unit").unwrap_or_else(|| "query".to_owned());
    if let Some(raw) =
        entry.raw("search_context_cost_per_query").filter(|_| matches!(unit.as_str(), "query" | "search" | "per_query"))
    {
        item("web_search", Entry::parse(raw)?.number("search_context_size_medium", "web_search")?)?;
    }
    // The amount per input image restates the image's token price; charging both would bill it twice.
    let per_image = entry.number("input_cost_per_image", "image")?;
    if prices.base.get("prompt").is_none_or(|price| price.is_zero())
        && let Some(number) = per_image
    {
        prices.base.insert("image", number.per_unit().ok_or(SkipReason::Number("image"))?);
    }
    Ok(prices)
}

/// Reads the token prices of an entry, or of one of its tiers, as those above `tokens` prompt tokens.
fn read_tokens(entry: &Entry<'_>, tokens: u64, prices: &mut Prices) -> Result<(), SkipReason> {
    for (kind, field) in TOKENS {
        if let Some(number) = entry.number(field, kind)? {
            insert(kind, tokens, number, prices)?;
        }
    }
    Ok(())
}

fn insert(kind: &'static str, tokens: u64, number: Number, prices: &mut Prices) -> Result<(), SkipReason> {
    let price = number.per_unit().ok_or(SkipReason::Number(kind))?;
    if tokens == 0 {
        prices.base.insert(kind, price);
    } else if TIERED.contains(&kind) {
        prices.above.entry(tokens).or_default().insert(kind, price);
    }
    Ok(())
}

/// Reads `…_above_200k_tokens`.
fn read_thresholds(entry: &Entry<'_>, prices: &mut Prices) -> Result<(), SkipReason> {
    for (name, raw) in &entry.0 {
        let Some((field, limit)) = name.strip_suffix("k_tokens").and_then(|name| name.rsplit_once("_above_")) else {
            continue;
        };
        let kind = TOKENS.iter().find(|(_, known)| *known == field).map(|(kind, _)| *kind);
        if let (Some(kind), Ok(thousands)) = (kind.filter(|_| raw.get() != "null"), limit.parse::<u64>()) {
            let number = Number::read(raw).ok_or(SkipReason::Number(kind))?;
            insert(kind, thousands.saturating_mul(1000), number, prices)?;
        }
    }
    Ok(())
}

/// Reads `tiered_pricing`: the lowest tier is the base price, each further one holds above its start.
fn read_tiers(raw: &RawValue, prices: &mut Prices) -> Result<(), SkipReason> {
    let tiers: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_error| SkipReason::NoPrice)?;
    let mut steps = Vec::new();
    for tier in tiers {
        let tier = Entry::parse(tier)?;
        let range: Vec<&RawValue> =
            tier.raw("range").and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or(SkipReason::NoPrice)?;
        let start = range.first().and_then(|raw| Number::read(raw)?.count()).ok_or(SkipReason::NoPrice)?;
        steps.push((start, tier));
    }
    steps.sort_by_key(|(start, _)| *start);
    for (at, (start, tier)) in steps.iter().enumerate() {
        read_tokens(tier, if at == 0 { 0 } else { *start }, prices)?;
    }
    Ok(())
}

/// Limits of a new endpoint, where they are below the model's.
fn endpoint(entry: &Entry<'_>, model: &str, provider: &str, collector: &Collector<'_>) -> EndpointText {
    let known = collector.known.model(model);
    let prompt = entry.count("max_input_tokens").filter(|own| known.is_some_and(|model| *own < model.context_length));
    // For OpenAI's models the map holds the longest prompt, elsewhere the whole context.
    let prompt_only = matches!(provider, "openai" | "azure") && model.starts_with("openai/");
    EndpointText {
        context_length: prompt.filter(|_| !prompt_only),
        max_prompt_tokens: prompt.filter(|_| prompt_only),
        max_completion_tokens: known.and_then(|_| entry.count("max_output_tokens")),
        ..EndpointText::default()
    }
}

fn facts(entry: &Entry<'_>, mode: &str) -> ModelText {
    let embeds = mode == "embedding";
    let kinds = [
        ("supports_vision", "image"),
        ("supports_pdf_input", "file"),
        ("supports_audio_input", "audio"),
        ("supports_video_input", "video"),
    ];
    let input = kinds.into_iter().filter(|(flag, _)| entry.holds(flag)).map(|(_, kind)| kind.to_owned());
    let output = if embeds { vec!["embeddings".to_owned()] } else { entry.list("supported_output_modalities") };
    ModelText {
        context_length: entry.count("max_input_tokens").or_else(|| entry.count("max_tokens")).unwrap_or(0),
        max_completion_tokens: entry.count("max_output_tokens").filter(|_| !embeds),
        input_modalities: std::iter::once("text".to_owned()).chain(input).collect(),
        output_modalities: output,
        supported_parameters: if embeds { Vec::new() } else { parameters(entry) },
        expiration_date: entry.text("deprecation_date"),
        ..ModelText::default()
    }
}

fn parameters(entry: &Entry<'_>) -> Vec<String> {
    let flags: [(&str, &[&str]); 4] = [
        ("supports_function_calling", &["tools", "tool_choice"]),
        ("supports_response_schema", &["response_format", "structured_outputs"]),
        ("supports_reasoning", &["reasoning", "include_reasoning"]),
        ("supports_web_search", &["web_search_options"]),
    ];
    let mut names = vec!["max_tokens"];
    names.extend(flags.into_iter().filter(|(flag, _)| entry.holds(flag)).flat_map(|(_, names)| names.iter().copied()));
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}
