//! What a model answers.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An answer; streams repeat it in their first and last events.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesReply {
    /// `resp_…`; what follows is also the end of the generation's id.
    id: String,
    /// `response`.
    object: String,
    /// Unix seconds.
    created_at: i64,
    /// Unix seconds; null while it is being made, and when it failed.
    #[schema(required)]
    completed_at: Option<i64>,
    /// `in_progress`, `completed`, `incomplete` or `failed`.
    status: String,
    /// Model that served.
    model: String,
    /// Provider that served.
    provider: Option<String>,
    #[schema(required)]
    error: Option<ResponsesProblem>,
    /// The router's own word for what went wrong, or for what was too long.
    error_type: Option<String>,
    #[schema(required)]
    incomplete_details: Option<ResponsesIncomplete>,
    /// `reasoning`, `message`, `function_call` and `custom_tool_call` items; a provider of the format may add others.
    output: Vec<BTreeMap<String, Value>>,
    /// These and other parameters of the request are repeated.
    #[schema(required)]
    instructions: Option<String>,
    #[schema(required)]
    max_output_tokens: Option<u64>,
    #[schema(required)]
    temperature: Option<f64>,
    #[schema(required)]
    top_p: Option<f64>,
    parallel_tool_calls: bool,
    tool_choice: Value,
    tools: Vec<BTreeMap<String, Value>>,
    metadata: BTreeMap<String, String>,
    /// The tier that served.
    #[schema(required)]
    service_tier: Option<String>,
    /// Null until the answer has ended.
    #[schema(required)]
    usage: Option<ResponsesUsage>,
    openrouter_metadata: Option<BTreeMap<String, Value>>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesProblem {
    /// `rate_limit_exceeded`, `invalid_prompt`, `image_content_policy_violation` or `server_error`.
    code: String,
    message: String,
}

/// Why an answer is not whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesIncomplete {
    /// `max_output_tokens` or `content_filter`.
    reason: String,
}

/// What an answer consumed and cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesUsage {
    input_tokens: u64,
    input_tokens_details: ResponsesInputDetails,
    output_tokens: u64,
    output_tokens_details: ResponsesOutputDetails,
    total_tokens: u64,
    /// What was charged, in US dollars.
    cost: f64,
    /// Whether an own provider key served.
    is_byok: bool,
    cost_details: ResponsesCostDetails,
}

/// Classes of input tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesInputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

/// Classes of output tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesOutputDetails {
    reasoning_tokens: u64,
}

/// How the cost is made up, in US dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesCostDetails {
    upstream_inference_cost: f64,
    /// The prompt's share.
    upstream_inference_input_cost: f64,
    /// The answer's share.
    upstream_inference_output_cost: f64,
}

/// One event of a streamed answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesEvent {
    /// `response.created`, `response.in_progress`, `response.output_item.added` and `.done`, `response.content_part.added` and
    /// `.done`, `response.output_text.delta` and `.done`, the like for refusals, reasoning, arguments and free-form input, and
    /// at the end `response.completed`, `response.incomplete` or `response.failed`.
    r#type: String,
    /// Counts from 0 without gaps.
    sequence_number: u64,
    response: Option<ResponsesReply>,
    /// Place of the item in the output.
    output_index: Option<u64>,
    item: Option<BTreeMap<String, Value>>,
    item_id: Option<String>,
    /// Place of the part in the item.
    content_index: Option<u64>,
    part: Option<BTreeMap<String, Value>>,
    /// What is added.
    delta: Option<String>,
}
