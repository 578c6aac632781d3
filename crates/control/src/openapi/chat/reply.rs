//! What a model answers.

use super::message::{FunctionCall, ToolCall};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A whole answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatCompletion {
    /// Generation id, `gen-…`.
    id: String,
    /// `chat.completion`.
    object: String,
    /// Unix seconds.
    created: i64,
    /// Model that served.
    model: String,
    /// Provider that served.
    provider: Option<String>,
    #[schema(required)]
    system_fingerprint: Option<String>,
    service_tier: Option<String>,
    choices: Vec<ChatChoice>,
    usage: Option<ChatUsage>,
    openrouter_metadata: Option<RouterMetadata>,
}

/// One answer of a completion.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatChoice {
    index: u32,
    /// `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    #[schema(required)]
    finish_reason: Option<String>,
    /// The provider's own word.
    native_finish_reason: Option<String>,
    message: ChatReplyMessage,
    logprobs: Option<BTreeMap<String, Value>>,
}

/// The assistant's message.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatReplyMessage {
    /// `assistant`.
    role: String,
    #[schema(required)]
    content: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    reasoning_details: Option<Vec<BTreeMap<String, Value>>>,
    tool_calls: Option<Vec<ToolCall>>,
    annotations: Option<Vec<BTreeMap<String, Value>>>,
}

/// One event of a streamed answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatChunk {
    /// Generation id, `gen-…`.
    id: String,
    /// `chat.completion.chunk`.
    object: String,
    /// Unix seconds.
    created: i64,
    /// Model that serves.
    model: String,
    /// Provider that serves.
    provider: Option<String>,
    /// Empty in the last chunk, which carries `usage`.
    choices: Vec<ChatChunkChoice>,
    usage: Option<ChatUsage>,
    /// A failure after content was sent; the stream ends.
    error: Option<ChatStreamError>,
    openrouter_metadata: Option<RouterMetadata>,
}

/// One answer's share of a chunk.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatChunkChoice {
    index: u32,
    delta: ChatDelta,
    /// Null until the answer ends.
    #[schema(required)]
    finish_reason: Option<String>,
    /// The provider's own word.
    native_finish_reason: Option<String>,
}

/// What a chunk adds.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatDelta {
    /// `assistant`, in the first chunk.
    role: Option<String>,
    content: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    reasoning_details: Option<Vec<BTreeMap<String, Value>>>,
    tool_calls: Option<Vec<ChatToolCallDelta>>,
}

/// What a chunk adds to a tool call.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatToolCallDelta {
    index: u32,
    id: Option<String>,
    r#type: Option<String>,
    function: Option<FunctionCall>,
}

/// A failure within a stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatStreamError {
    code: u16,
    message: String,
    metadata: Option<BTreeMap<String, Value>>,
}

/// What an answer consumed and cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    /// What was charged, in US dollars.
    cost: Option<f64>,
    /// Whether an own provider key served.
    is_byok: Option<bool>,
    cost_details: Option<ChatCostDetails>,
    prompt_tokens_details: Option<ChatPromptDetails>,
    completion_tokens_details: Option<ChatCompletionDetails>,
}

/// How the cost is made up, in US dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatCostDetails {
    /// What the provider charged an own key.
    #[schema(required)]
    upstream_inference_cost: Option<f64>,
    /// The prompt's share.
    upstream_inference_prompt_cost: f64,
    /// The answer's share.
    upstream_inference_completions_cost: f64,
}

/// Classes of prompt tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatPromptDetails {
    cached_tokens: u64,
    cache_write_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    video_tokens: Option<u64>,
}

/// Classes of answer tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatCompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
    accepted_prediction_tokens: Option<u64>,
    rejected_prediction_tokens: Option<u64>,
}

/// How the request was routed; only when asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouterMetadata {
    /// Model id as the client wrote it.
    requested: String,
    /// `direct`, `fallback`, `alias`, ….
    strategy: String,
    #[schema(required)]
    region: Option<String>,
    /// One line.
    summary: String,
    /// 1-based attempt that served.
    attempt: u32,
    is_byok: bool,
    endpoints: RouterEndpoints,
    attempts: Option<Vec<RouterAttempt>>,
    /// Milliseconds.
    generation_time: Option<u64>,
}

/// The endpoints that could serve.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouterEndpoints {
    total: u32,
    available: Vec<RouterEndpoint>,
}

/// An endpoint that could serve.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouterEndpoint {
    provider: String,
    model: String,
    selected: bool,
}

/// One attempt.
#[derive(Serialize, ToSchema)]
pub(crate) struct RouterAttempt {
    provider: String,
    model: String,
    status: u16,
}
