//! OpenRouter's `/models` and `/models/{author}/{slug}/endpoints` documents.

use super::collect::{Collector, Offer, Place};
use super::number::Number;
use super::prices::{KINDS, Prices, THRESHOLDS, TIERED};
use super::{ImportError, SkipReason};
use crate::catalog::file::{EndpointText, ModelText, ReasoningText};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The provider that a model of the plain list is bought from.
const LIST_PROVIDER: &str = "openrouter";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct ListedModel<'a> {
    id: String,
    #[serde(borrow)]
    pricing: Pricing<'a>,
    #[serde(default)]
    top_provider: TopProvider,
    #[serde(flatten)]
    facts: Facts,
}

#[derive(Deserialize)]
struct ModelEndpoints<'a> {
    id: String,
    #[serde(borrow)]
    endpoints: Vec<&'a RawValue>,
    #[serde(flatten)]
    facts: Facts,
}

/// Everything about a model that is no price.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Facts {
    canonical_slug: Option<String>,
    hugging_face_id: Option<String>,
    name: Option<String>,
    created: Option<i64>,
    description: Option<String>,
    context_length: Option<u64>,
    architecture: Architecture,
    supported_parameters: Vec<String>,
    knowledge_cutoff: Option<String>,
    expiration_date: Option<String>,
    reasoning: Option<Reasoning>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Architecture {
    input_modalities: Vec<String>,
    output_modalities: Vec<String>,
    tokenizer: Option<String>,
    instruct_type: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TopProvider {
    context_length: Option<u64>,
    max_completion_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reasoning {
    mandatory: bool,
    supported_efforts: Option<Vec<String>>,
    default_effort: Option<String>,
    default_enabled: Option<bool>,
    supports_max_tokens: Option<bool>,
}

#[derive(Deserialize)]
struct ListedEndpoint<'a> {
    #[serde(default)]
    tag: String,
    #[serde(default)]
    provider_name: String,
    #[serde(borrow)]
    pricing: Pricing<'a>,
    context_length: Option<u64>,
    max_completion_tokens: Option<u64>,
    max_prompt_tokens: Option<u64>,
    quantization: Option<String>,
    supported_parameters: Option<Vec<String>>,
    #[serde(default)]
    supports_implicit_caching: bool,
}

type Pricing<'a> = BTreeMap<String, &'a RawValue>;
type Silent = &'static [&'static str];

/// Reads one document, or an array of documents.
pub(super) fn read(json: &str, collector: &mut Collector<'_>) -> Result<(), ImportError> {
    let documents: Vec<Document<'_>> = match serde_json::from_str(json) {
        Ok(several) => several,
        Err(_) => vec![serde_json::from_str(json)?],
    };
    // Older lists had no thresholds at all: their absence says nothing.
    let silent: Silent = if json.contains("\"overrides\"") { &[] } else { &[THRESHOLDS] };
    for document in &documents {
        if document.data.get().starts_with('[') {
            let models: Vec<&RawValue> = serde_json::from_str(document.data.get())?;
            for model in models {
                read_listed(model, silent, collector);
            }
        } else {
            let model: ModelEndpoints<'_> = serde_json::from_str(document.data.get())?;
            read_endpoints(model, silent, collector);
        }
    }
    Ok(())
}

fn read_listed(raw: &RawValue, silent: Silent, collector: &mut Collector<'_>) {
    let model: ListedModel<'_> = match serde_json::from_str(raw.get()) {
        Ok(model) => model,
        Err(error) => return collector.skip(&id_of(raw), SkipReason::Unreadable(error.to_string())),
    };
    let key = model.id.clone();
    let offer = listed_offer(model).map(|offer| Offer { silent, ..offer });
    collector.offer(&key, offer);
}

/// The id of an entry that cannot be read otherwise.
fn id_of(raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    serde_json::from_str::<Id>(raw.get()).map_or_else(|_| "(without id)".to_owned(), |named| named.id)
}

fn listed_offer(model: ListedModel<'_>) -> Result<Offer, SkipReason> {
    if is_router(&model.id) {
        return Err(SkipReason::Router);
    }
    let prices = prices(&model.pricing)?;
    let context = model.facts.context_length.or(model.top_provider.context_length);
    let endpoint = EndpointText {
        upstream_id: model.id.clone(),
        context_length: model.top_provider.context_length.filter(|own| Some(*own) != context),
        ..EndpointText::default()
    };
    let facts = ModelText {
        context_length: context.unwrap_or(0),
        max_completion_tokens: model.top_provider.max_completion_tokens,
        ..facts(model.facts)
    };
    let place = Place::Tag(LIST_PROVIDER.to_owned());
    let provider = LIST_PROVIDER.to_owned();
    Ok(Offer { key: model.id.clone(), model: model.id, provider, place, prices, silent: &[], endpoint, facts })
}

fn read_endpoints(model: ModelEndpoints<'_>, silent: Silent, collector: &mut Collector<'_>) {
    if is_router(&model.id) {
        return collector.skip(&model.id, SkipReason::Router);
    }
    let facts = facts(model.facts);
    for raw in model.endpoints {
        match serde_json::from_str::<ListedEndpoint<'_>>(raw.get()) {
            Ok(endpoint) => {
                let key = format!("{} at {}", model.id, endpoint.shown());
                let offer = endpoint_offer(&model.id, &key, &facts, endpoint, collector);
                let offer = offer.map(|offer| Offer { silent, ..offer });
                collector.offer(&key, offer);
            }
            Err(error) => collector.skip(&model.id, SkipReason::Unreadable(error.to_string())),
        }
    }
}

impl ListedEndpoint<'_> {
    fn shown(&self) -> &str {
        if self.tag.is_empty() { &self.provider_name } else { &self.tag }
    }
}

fn endpoint_offer(
    model: &str,
    key: &str,
    facts: &ModelText,
    listed: ListedEndpoint<'_>,
    collector: &Collector<'_>,
) -> Result<Offer, SkipReason> {
    let provider = provider_slug(&listed, collector)?;
    let prices = prices(&listed.pricing)?;
    let tag = if listed.tag.is_empty() { provider.clone() } else { listed.tag };
    // OpenRouter itself calls a model by its id; every other provider's own name has to come from the mapping.
    let upstream_id = if provider == LIST_PROVIDER { model.to_owned() } else { String::new() };
    let endpoint = EndpointText {
        upstream_id,
        quantization: listed.quantization.filter(|name| name != "unknown"),
        context_length: listed.context_length,
        max_completion_tokens: listed.max_completion_tokens,
        max_prompt_tokens: listed.max_prompt_tokens,
        supported_parameters: listed.supported_parameters,
        supports_implicit_caching: listed.supports_implicit_caching.then_some(true),
        ..EndpointText::default()
    };
    let facts = ModelText {
        context_length: facts.context_length.max(listed.context_length.unwrap_or(0)),
        max_completion_tokens: listed.max_completion_tokens,
        ..facts.clone()
    };
    let (key, model) = (key.to_owned(), model.to_owned());
    Ok(Offer { key, model, provider, place: Place::Tag(tag), prices, silent: &[], endpoint, facts })
}

fn provider_slug(listed: &ListedEndpoint<'_>, collector: &Collector<'_>) -> Result<String, SkipReason> {
    let slug = listed.tag.split('/').next().unwrap_or_default();
    if collector.known.provider(slug).is_some() {
        return Ok(slug.to_owned());
    }
    let mut named = collector.known.providers().iter();
    named
        .find(|provider| listed.tag.is_empty() && provider.name.eq_ignore_ascii_case(&listed.provider_name))
        .map(|provider| provider.slug.clone())
        .ok_or_else(|| SkipReason::UnknownProvider(listed.shown().to_owned()))
}

fn is_router(id: &str) -> bool {
    id.starts_with('~') || id.starts_with("openrouter/")
}

fn facts(facts: Facts) -> ModelText {
    ModelText {
        canonical_slug: facts.canonical_slug,
        name: facts.name,
        created: facts.created,
        description: facts.description,
        context_length: facts.context_length.unwrap_or(0),
        input_modalities: facts.architecture.input_modalities,
        output_modalities: facts.architecture.output_modalities,
        supported_parameters: facts.supported_parameters,
        tokenizer: facts.architecture.tokenizer,
        instruct_type: facts.architecture.instruct_type,
        hugging_face_id: facts.hugging_face_id.filter(|id| !id.is_empty()),
        knowledge_cutoff: facts.knowledge_cutoff,
        expiration_date: facts.expiration_date,
        reasoning: facts.reasoning.map(|reasoning| ReasoningText {
            mandatory: reasoning.mandatory,
            supported_efforts: reasoning.supported_efforts,
            default_effort: reasoning.default_effort,
            default_enabled: reasoning.default_enabled,
            supports_max_tokens: reasoning.supports_max_tokens,
        }),
        ..ModelText::default()
    }
}

fn prices(pricing: &Pricing<'_>) -> Result<Prices, SkipReason> {
    let mut prices = Prices::default();
    for kind in &KINDS {
        if let Some(raw) = pricing.get(kind.name).filter(|raw| raw.get() != "null") {
            let price = Number::read(raw).and_then(Number::per_unit).ok_or(SkipReason::Number(kind.name))?;
            prices.base.insert(kind.name, price);
        }
    }
    if let Some(raw) = pricing.get("overrides") {
        let rules: Vec<Pricing<'_>> =
            serde_json::from_str(raw.get()).map_err(|_error| SkipReason::Number("overrides"))?;
        for rule in &rules {
            read_override(rule, &mut prices)?;
        }
    }
    Ok(prices)
}

fn read_override(rule: &Pricing<'_>, prices: &mut Prices) -> Result<(), SkipReason> {
    if rule.keys().any(|name| name.starts_with("utc_")) {
        return Err(SkipReason::TimeOfDay);
    }
    let raw = rule.get("min_prompt_tokens").ok_or(SkipReason::Number("overrides"))?;
    let tokens = Number::read(raw).and_then(Number::count).ok_or(SkipReason::Number("overrides"))?;
    for name in TIERED {
        if let Some(raw) = rule.get(name) {
            let price = Number::read(raw).and_then(Number::per_unit).ok_or(SkipReason::Number(name))?;
            prices.above.entry(tokens).or_default().insert(name, price);
        }
    }
    Ok(())
}
