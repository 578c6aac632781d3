//! The public form of a generation's record.

use super::bill::PortolanData;
use crate::dollars::Dollars;
use domain::catalog::Slug;
use domain::generation::{Attempt, AttemptOutcome, Ending, Settlement};
use domain::money::{CostKind, CostLine};
use domain::route::Router;
use serde::Serialize;
use utoipa::ToSchema;

/// Everything that is remembered about one call. Prompts and answers are not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Generation)]
pub(crate) struct GenerationData {
    /// Generation id.
    id: String,
    /// The provider's id of the call.
    upstream_id: Option<String>,
    /// Conversation.
    session_id: Option<String>,
    /// When the request arrived.
    created_at: String,
    /// Model id that served.
    model: String,
    /// Provider display name.
    provider_name: Option<String>,
    /// Router that chose the model.
    router: Option<String>,
    /// Preset whose fields the request took.
    preset_id: Option<String>,
    /// `completions`, `embeddings`, ….
    api_type: Option<String>,
    /// Address of the calling application, or empty.
    origin: String,
    /// Numeric id of the calling application; not used here.
    app_id: Option<i64>,
    /// Address of the calling application.
    http_referer: Option<String>,
    /// User agent of the client.
    user_agent: Option<String>,
    /// Workspace.
    workspace_id: Option<String>,
    /// End user, as the caller names them.
    external_user: Option<String>,
    /// `global`, or the region that served.
    data_region: String,
    /// Whether the answer was streamed.
    streamed: Option<bool>,
    /// Whether the client left early.
    cancelled: Option<bool>,
    /// Normalised finish reason.
    finish_reason: Option<String>,
    /// The provider's own finish reason.
    native_finish_reason: Option<String>,
    /// Service tier that served.
    service_tier: Option<String>,
    /// Whether an own provider key served.
    is_byok: bool,
    /// Charge in US dollars.
    #[schema(value_type = f64)]
    usage: Dollars,
    /// Charge in US dollars.
    #[schema(value_type = f64)]
    total_cost: Dollars,
    /// What the provider charged an own key; null without one.
    #[schema(value_type = Option<f64>)]
    upstream_inference_cost: Option<Dollars>,
    /// What caching saved, in US dollars; negative when writing the cache cost more. Null without caching.
    #[schema(value_type = Option<f64>)]
    cache_discount: Option<Dollars>,
    /// Prompt tokens.
    tokens_prompt: Option<u64>,
    /// Answer tokens.
    tokens_completion: Option<u64>,
    /// Prompt tokens by the provider's tokenizer.
    native_tokens_prompt: Option<u64>,
    /// Answer tokens by the provider's tokenizer.
    native_tokens_completion: Option<u64>,
    /// Image tokens of the answer.
    native_tokens_completion_images: Option<u64>,
    /// Reasoning tokens of the answer.
    native_tokens_reasoning: Option<u64>,
    /// Prompt tokens read from a cache.
    native_tokens_cached: Option<u64>,
    /// Images in the prompt that were priced per item.
    num_media_prompt: Option<u64>,
    /// Audio inputs of the prompt; not counted.
    num_input_audio_prompt: Option<u64>,
    /// Media of the answer; not counted.
    num_media_completion: Option<u64>,
    /// Web searches that the provider ran.
    num_search_results: Option<u64>,
    /// Fetched pages; none yet.
    num_fetches: Option<u64>,
    /// Search engine; none yet.
    web_search_engine: Option<String>,
    /// Milliseconds to the first content.
    latency: Option<u64>,
    /// Milliseconds of moderation; there is none.
    moderation_latency: Option<u64>,
    /// Milliseconds from the first attempt to the end.
    generation_time: Option<u64>,
    /// Generation whose cached answer was used; none yet.
    response_cache_source_id: Option<String>,
    /// Every attempt that reached a provider.
    provider_responses: Option<Vec<ProviderResponse>>,
    /// Facts beyond the public contract.
    portolan: PortolanData,
}

/// What one provider answered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderResponse {
    /// Provider display name.
    provider_name: String,
    /// The provider's HTTP status, if one arrived.
    status: Option<u16>,
    /// Endpoint.
    endpoint_id: String,
    /// The provider's id of the call, for the one that served.
    id: Option<String>,
    /// Whether an own provider key was used.
    is_byok: bool,
    /// Milliseconds it took.
    latency: Option<u64>,
    /// Model id.
    model_permaslug: String,
}

impl GenerationData {
    pub(super) fn new(settlement: Settlement) -> Self {
        let (opening, usage) = (&settlement.opening, &settlement.usage);
        let is_cut = settlement.ending == Ending::Interrupted;
        let time = |millis: u64| (!is_cut).then_some(millis);
        Self {
            id: opening.id.to_string(),
            upstream_id: settlement.upstream_id.clone(),
            session_id: opening.session_id.clone(),
            created_at: opening.created_at.to_rfc3339(),
            model: opening.model.clone(),
            provider_name: Some(opening.provider_name.clone()),
            router: router(&opening.model_asked),
            preset_id: opening.preset.map(|id| id.to_string()),
            api_type: Some(opening.api_type.clone()),
            origin: opening.app_url.clone().unwrap_or_default(),
            app_id: None,
            http_referer: opening.app_url.clone(),
            user_agent: opening.user_agent.clone(),
            workspace_id: opening.workspace.map(|id| id.to_string()),
            external_user: opening.user.clone(),
            data_region: opening.region.clone().unwrap_or_else(|| "global".to_owned()),
            streamed: Some(opening.streamed),
            cancelled: Some(settlement.ending == Ending::Cancelled),
            finish_reason: settlement.finish_reason.clone(),
            native_finish_reason: settlement.native_finish_reason.clone(),
            service_tier: settlement.service_tier.clone(),
            is_byok: false,
            usage: settlement.charge.into(),
            total_cost: settlement.charge.into(),
            upstream_inference_cost: None,
            cache_discount: cache_discount(&settlement),
            tokens_prompt: Some(usage.prompt_tokens()),
            tokens_completion: Some(usage.completion_tokens()),
            native_tokens_prompt: Some(usage.prompt_tokens()),
            native_tokens_completion: Some(usage.completion_tokens()),
            native_tokens_completion_images: Some(usage.output_image),
            native_tokens_reasoning: Some(usage.output_reasoning),
            native_tokens_cached: Some(usage.input_cache_read),
            num_media_prompt: (usage.images > 0).then_some(usage.images),
            num_input_audio_prompt: None,
            num_media_completion: None,
            num_search_results: (usage.web_searches > 0).then_some(usage.web_searches),
            num_fetches: None,
            web_search_engine: None,
            latency: time(settlement.latency_ms),
            moderation_latency: None,
            generation_time: time(settlement.generation_ms),
            response_cache_source_id: None,
            provider_responses: provider_responses(&settlement),
            portolan: PortolanData::new(settlement),
        }
    }
}

/// The router that a model id means, suffixes aside.
fn router(asked: &str) -> Option<String> {
    let slug = Slug::parse(asked).ok()?;
    Router::parse(&slug.model).map(|router| router.id().to_owned())
}

fn provider_responses(settlement: &Settlement) -> Option<Vec<ProviderResponse>> {
    let tried = settlement.attempts.iter().filter(|attempt| attempt.outcome != AttemptOutcome::Skipped);
    let response = |attempt: &Attempt| ProviderResponse {
        provider_name: attempt.provider_name.clone(),
        status: attempt.status,
        endpoint_id: attempt.endpoint_tag.clone(),
        id: settlement.upstream_id.clone().filter(|_| attempt.outcome == AttemptOutcome::Served),
        is_byok: false,
        latency: attempt.duration_ms,
        model_permaslug: attempt.model.clone(),
    };
    let responses: Vec<_> = tried.map(response).collect();
    (!responses.is_empty()).then_some(responses)
}

/// The difference between the prompt price and the cache prices, over all cached tokens.
fn cache_discount(settlement: &Settlement) -> Option<Dollars> {
    let plain = i128::from(settlement.opening.prompt_price.femtos());
    let is_cache = |line: &&CostLine| {
        matches!(line.kind, CostKind::InputCacheRead | CostKind::InputCacheWrite | CostKind::InputCacheWrite1h)
    };
    let cached: Vec<_> = settlement.lines.iter().filter(is_cache).collect();
    if cached.is_empty() {
        return None;
    }
    let saved = |line: &&CostLine| i128::from(line.units) * plain - line.femtos();
    Some(Dollars::from_femtos(cached.iter().map(saved).sum()))
}
