//! JSON forms of models and endpoints.

use super::pricing::{Pricing, pricing, router_pricing};
use crate::state::Control;
use domain::catalog::file::ReasoningText;
use domain::catalog::{Endpoint, Model, StandsFor};
use domain::money::UnitPrice;
use domain::route::Router;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A model of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelData {
    /// `author/slug[:variant]`: what requests name.
    id: String,
    /// The dated, permanent form of the id.
    canonical_slug: String,
    /// Hugging Face repository.
    hugging_face_id: Option<String>,
    /// Display name.
    name: String,
    /// Unix seconds of publication; 0 when unknown.
    created: i64,
    /// One or two sentences.
    description: String,
    /// Tokens of prompt and answer together.
    context_length: Option<u64>,
    architecture: Architecture,
    pricing: Pricing,
    top_provider: TopProvider,
    /// Limits per request; none.
    per_request_limits: Option<RequestLimits>,
    /// Request parameters that are supported.
    supported_parameters: Vec<String>,
    /// Parameters that apply unless the request sets them; none.
    default_parameters: Option<BTreeMap<String, f64>>,
    /// Voices of speech models; none.
    supported_voices: Option<Vec<String>>,
    /// `YYYY-MM` or `YYYY-MM-DD`.
    knowledge_cutoff: Option<String>,
    /// `YYYY-MM-DD` after which the model is gone.
    expiration_date: Option<String>,
    links: ModelLinks,
    /// How reasoning is controlled; absent for models without.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    /// The model that a moving id (`~author/family-latest`) means now; absent for everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_target: Option<AliasTarget>,
}

/// The model that a moving id means.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AliasTarget {
    /// Its display name.
    name: String,
    /// Its id.
    slug: String,
}

/// What a model reads and writes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Architecture {
    /// Both sides in one text, e.g. `text+image->text`.
    modality: Option<String>,
    /// `text`, `image`, `file`, `audio`, `video`.
    input_modalities: Vec<String>,
    /// `text`, `image`, `embeddings`, ….
    output_modalities: Vec<String>,
    /// Tokenizer family.
    tokenizer: Option<String>,
    /// Prompt format of instruct models.
    instruct_type: Option<String>,
}

/// What the cheapest endpoint allows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopProvider {
    /// Tokens of prompt and answer together.
    context_length: Option<u64>,
    /// Longest answer in tokens.
    max_completion_tokens: Option<u64>,
    /// Whether prompts are moderated before the call; never.
    is_moderated: bool,
}

/// Limits per request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestLimits {
    /// Prompt tokens.
    prompt_tokens: f64,
    /// Answer tokens.
    completion_tokens: f64,
}

/// Where to read on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelLinks {
    /// Path of the model's endpoints.
    details: String,
}

/// How reasoning is controlled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reasoning {
    /// Cannot be switched off.
    mandatory: bool,
    /// Effort levels that are understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_efforts: Option<Vec<String>>,
    /// Level when none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_effort: Option<String>,
    /// On when nothing is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_enabled: Option<bool>,
    /// A token budget is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_max_tokens: Option<bool>,
}

/// A model with its endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelEndpoints)]
pub(crate) struct ModelEndpointsData {
    /// Model id.
    id: String,
    /// Display name.
    name: String,
    /// Unix seconds of publication; 0 when unknown.
    created: i64,
    /// One or two sentences.
    description: String,
    architecture: Architecture,
    /// Who serves it.
    endpoints: Vec<EndpointData>,
}

/// One provider's offer of one model. Figures are measured by this server since its start; null while too little was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub(crate) struct EndpointData {
    /// `Provider | model`.
    name: String,
    /// Model id.
    model_id: String,
    /// Model display name.
    model_name: String,
    /// Tokens of prompt and answer together.
    context_length: u64,
    pricing: Pricing,
    /// Provider display name.
    provider_name: String,
    /// Names the endpoint within the model, in `provider.order` and the like.
    tag: String,
    /// Weight format.
    quantization: Option<String>,
    /// Region.
    region: Option<String>,
    /// Longest answer in tokens.
    max_completion_tokens: Option<u64>,
    /// Longest prompt in tokens.
    max_prompt_tokens: Option<u64>,
    /// Request parameters that are supported.
    supported_parameters: Vec<String>,
    /// Service tier; none.
    service_tier: Option<String>,
    /// 0: in use; -1: taken out for now because of failures.
    status: i64,
    /// Whether the provider caches prompts unasked.
    supports_implicit_caching: bool,
    supports_tool_choice: ToolChoices,
    /// Tools that run at the provider; none.
    native_tools: BTreeMap<String, bool>,
    /// Speech recognition tells speakers apart.
    supports_diarization: bool,
    /// Share of successful calls in the last five minutes, percent.
    uptime_last_5m: Option<f64>,
    /// Share of successful calls in the last half hour, percent.
    uptime_last_30m: Option<f64>,
    /// Share of successful calls in the last day, percent.
    uptime_last_1d: Option<f64>,
    /// Milliseconds to the first content.
    latency_last_30m: Option<Percentiles>,
    /// Tokens per second.
    throughput_last_30m: Option<Percentiles>,
}

/// Percentiles of a measured figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Percentiles {
    p50: f64,
    p75: f64,
    p90: f64,
    p99: f64,
}

/// Which values of `tool_choice` an endpoint understands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolChoices {
    none: bool,
    auto: bool,
    required: bool,
    function: bool,
}

/// The endpoint that a model is listed with: the cheapest by prompt plus answer price among those that this build can call,
/// then by tag. A price that nobody can get here is shown only when there is no other.
pub(super) fn top_endpoint(model: &Model) -> Option<&Arc<Endpoint>> {
    model.endpoints.iter().min_by_key(|endpoint| {
        let price = &endpoint.price;
        let is_out_of_reach = !endpoint.provider.family.is_supported() || endpoint.provider.base_url.is_none();
        (is_out_of_reach, price.prompt.femtos().saturating_add(price.completion.femtos()), &endpoint.tag)
    })
}

/// The prompt and the answer price that a model is listed with; nothing for a router whose price depends on its choice.
pub(super) fn listed_price(model: &Model) -> Option<(UnitPrice, UnitPrice)> {
    match &model.stands_for {
        Some(StandsFor::Router(Router::Auto)) => None,
        Some(StandsFor::Router(Router::Free)) => Some((UnitPrice::ZERO, UnitPrice::ZERO)),
        _ => top_endpoint(model).map(|top| (top.price.prompt, top.price.completion)),
    }
}

/// The list form of a model; `None` for one that nobody serves.
pub(super) fn model_data(model: &Model) -> Option<ModelData> {
    let top = top_endpoint(model);
    let pricing = match (&model.stands_for, top) {
        (Some(StandsFor::Router(router)), _) => router_pricing(*router),
        (_, top) => pricing(&top?.price),
    };
    let alias_target = match &model.stands_for {
        Some(StandsFor::Newest { slug, name }) => Some(AliasTarget { slug: slug.clone(), name: name.clone() }),
        _ => None,
    };
    Some(ModelData {
        id: model.id.clone(),
        canonical_slug: model.canonical_slug.clone(),
        hugging_face_id: model.hugging_face_id.clone(),
        name: model.name.clone(),
        created: model.created,
        description: model.description.clone(),
        context_length: Some(model.context_length),
        architecture: architecture(model),
        pricing,
        top_provider: TopProvider {
            context_length: top.map(|top| top.context_length),
            max_completion_tokens: top.and_then(|top| top.max_completion_tokens),
            is_moderated: false,
        },
        per_request_limits: None,
        supported_parameters: model.supported_parameters.clone(),
        default_parameters: None,
        supported_voices: None,
        knowledge_cutoff: model.knowledge_cutoff.clone(),
        expiration_date: model.expiration_date.clone(),
        links: ModelLinks { details: format!("/api/v1/models/{}/endpoints", model.id) },
        reasoning: model.reasoning.as_ref().map(reasoning),
        alias_target,
    })
}

pub(super) fn model_endpoints(control: &Control, model: &Model) -> ModelEndpointsData {
    ModelEndpointsData {
        id: model.id.clone(),
        name: model.name.clone(),
        created: model.created,
        description: model.description.clone(),
        architecture: architecture(model),
        endpoints: model.endpoints.iter().map(|endpoint| endpoint_data(control, model, endpoint)).collect(),
    }
}

/// Milliseconds in a second.
const MILLIS: f64 = 1000.0;

/// Percentiles times a factor; `None` unless all four are known.
fn percentiles(measured: &domain::route::Percentiles, factor: f64) -> Option<Percentiles> {
    let scale = |figure: Option<f64>| figure.map(|figure| figure * factor);
    Some(Percentiles {
        p50: scale(measured.p50)?,
        p75: scale(measured.p75)?,
        p90: scale(measured.p90)?,
        p99: scale(measured.p99)?,
    })
}

pub(super) fn endpoint_data(control: &Control, model: &Model, endpoint: &Endpoint) -> EndpointData {
    let measured = control.measure.endpoint(&model.id, &endpoint.tag).unwrap_or_default();
    let tool_choice = endpoint.supported_parameters.iter().any(|name| name == "tool_choice");
    EndpointData {
        name: format!("{} | {}", endpoint.provider.name, model.id),
        model_id: model.id.clone(),
        model_name: model.name.clone(),
        context_length: endpoint.context_length,
        pricing: pricing(&endpoint.price),
        provider_name: endpoint.provider.name.clone(),
        tag: endpoint.tag.clone(),
        quantization: endpoint.quantization.clone(),
        region: endpoint.region.clone(),
        max_completion_tokens: endpoint.max_completion_tokens,
        max_prompt_tokens: endpoint.max_prompt_tokens,
        supported_parameters: endpoint.supported_parameters.clone(),
        service_tier: None,
        status: if measured.is_out { -1 } else { 0 },
        supports_implicit_caching: endpoint.supports_implicit_caching,
        supports_tool_choice: ToolChoices {
            none: tool_choice,
            auto: tool_choice,
            required: tool_choice,
            function: tool_choice,
        },
        native_tools: BTreeMap::new(),
        supports_diarization: false,
        uptime_last_5m: measured.uptime_last_5m,
        uptime_last_30m: measured.uptime_last_30m,
        uptime_last_1d: measured.uptime_last_1d,
        latency_last_30m: percentiles(&measured.latency_last_30m, MILLIS),
        throughput_last_30m: percentiles(&measured.throughput_last_30m, 1.0),
    }
}

fn architecture(model: &Model) -> Architecture {
    Architecture {
        modality: Some(format!("{}->{}", model.input_modalities.join("+"), model.output_modalities.join("+"))),
        input_modalities: model.input_modalities.clone(),
        output_modalities: model.output_modalities.clone(),
        tokenizer: Some(model.tokenizer.clone()),
        instruct_type: model.instruct_type.clone(),
    }
}

fn reasoning(text: &ReasoningText) -> Reasoning {
    Reasoning {
        mandatory: text.mandatory,
        supported_efforts: text.supported_efforts.clone(),
        default_effort: text.default_effort.clone(),
        default_enabled: text.default_enabled,
        supports_max_tokens: text.supports_max_tokens,
    }
}
