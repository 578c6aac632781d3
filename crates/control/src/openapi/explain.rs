//! Documentation of `POST /route/explain`, which the data plane answers; these types only describe the contract.

#![expect(dead_code, reason = "types of this file describe JSON; nothing constructs them")]

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What stands in for chance and for this server's measurements, inside the body.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainWish {
    /// A whole number, as text or number, that fixes the draw.
    seed: Option<String>,
    /// How endpoints fare, by endpoint tag; whoever is not named is stable. Management keys alone.
    health: Option<BTreeMap<String, BTreeMap<String, Value>>>,
}

/// The body of the route that `dialect` names, of which only the fields that planning looks at are named here.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainRequest {
    /// Model id, `author/slug`, with optional suffixes.
    model: Option<String>,
    /// Further models, in order.
    models: Option<Vec<String>>,
    /// The conversation, in the dialects that have one.
    messages: Option<Vec<BTreeMap<String, Value>>>,
    /// Which providers may serve, and in which order.
    provider: Option<BTreeMap<String, Value>>,
    explain: Option<ExplainWish>,
}

/// The plan of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouteExplanation {
    /// Always `route.explanation`.
    object: String,
    /// The models that were asked for, in order.
    requested: Vec<String>,
    /// How the first model was found: `direct`, `alias`, `latest`, `auto` or `free`.
    strategy: String,
    /// What makes the draw reproducible, as text because not all seeds fit into a JavaScript number.
    seed: String,
    /// The policies that said something, outermost first.
    policies: Vec<String>,
    /// Region of this server.
    region: Option<String>,
    /// Estimated prompt tokens.
    prompt_tokens: u64,
    /// Most attempts of a request.
    attempts_max: u64,
    /// What would be held, US dollars as a decimal text; null when nothing is left.
    hold_usd: Option<String>,
    /// The attempts, in order.
    attempts: Vec<ExplainedAttempt>,
    /// Everything that was left out.
    excluded: Vec<ExplainedExclusion>,
    /// The error that the request would get, if any.
    error: Option<BTreeMap<String, Value>>,
}

/// One attempt of the plan.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedAttempt {
    /// Model id.
    model: String,
    /// Provider display name.
    provider: String,
    /// Names the endpoint within the model.
    tag: String,
    /// Region.
    region: Option<String>,
    /// Service tier; null for the ordinary one.
    service_tier: Option<String>,
    /// 1 is tried first.
    rank: u64,
    /// Why it stands there.
    reason: String,
    /// It was moved behind others because of its health, a missing parameter or a missed preference.
    demoted: bool,
    health: ExplainedHealth,
    price: ExplainedPrice,
    /// Names the prices.
    price_version: String,
    estimate: ExplainedEstimate,
    data_policy: ExplainedDataPolicy,
    /// Weight format.
    quantization: Option<String>,
    /// Tokens of prompt and answer together.
    context_length: u64,
}

/// How an endpoint fares on this server; figures are of five minutes, null while unknown.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedHealth {
    /// `stable`, `unstable` or `open`.
    state: String,
    /// Tokens per second.
    throughput: ExplainedPercentiles,
    /// Seconds to the first token.
    latency: ExplainedPercentiles,
    /// Share of attempts that were served, 0 to 1.
    uptime: Option<f64>,
    /// Share of attempts that a rate limit refused, 0 to 1.
    rate_limited: Option<f64>,
    /// Share of prompt tokens from the provider's cache, 0 to 1.
    cache_hits: Option<f64>,
    /// Share of malformed answers among those with tool calls, 0 to 1.
    tool_errors: Option<f64>,
}

/// Percentiles, each null where too little was measured.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedPercentiles {
    p50: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// Prices for a prompt of this length, US dollars per token as decimal texts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedPrice {
    prompt: String,
    completion: String,
}

/// What the request could cost there, US dollars as decimal texts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedEstimate {
    /// The prompt and all fixed parts.
    prompt_usd: String,
    /// At most.
    max_usd: String,
    /// Answer tokens that `max_usd` is for.
    max_completion_tokens: u64,
}

/// What a provider does with prompts; null where nothing is published.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedDataPolicy {
    training: Option<bool>,
    retains_prompts: Option<bool>,
    retention_days: Option<u64>,
    zdr: Option<bool>,
}

/// An endpoint that was left out.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedExclusion {
    /// Model id.
    model: String,
    /// Provider display name.
    provider: String,
    /// Names the endpoint within the model.
    tag: String,
    /// Region.
    region: Option<String>,
    /// Service tier; null for the ordinary one.
    service_tier: Option<String>,
    /// Why.
    reason: String,
    /// The layer of policy that demands it, if one does.
    policy: Option<String>,
}

/// Explain a request's route
///
/// An extension. The plan that the same body would be given at the route of its dialect, with the reason for every endpoint
/// that is kept, moved back or left out. Nobody is called and nothing is charged.
#[utoipa::path(post, path = "/route/explain", tag = "Inference", request_body = ExplainRequest,
    params(
        ("dialect" = Option<String>, Query,
            description = "Whose body it is: `chat` (the default), `messages`, `responses`, `completions` or `embeddings`"),
        ("x-portolan-seed" = Option<String>, Header, description = "Fixes the draw where the body does not")),
    responses((status = 200, body = RouteExplanation), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 413), (status = 415), (status = 503)))]
pub(super) fn route_explain() {}
