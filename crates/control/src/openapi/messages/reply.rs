//! What a model answers.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A whole answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesReply {
    /// Generation id, `gen-…`.
    id: String,
    /// `message`.
    r#type: String,
    /// `assistant`.
    role: String,
    /// Model that served.
    model: String,
    /// Provider that served.
    provider: String,
    /// `text`, `thinking`, `redacted_thinking` and `tool_use` blocks; a provider of the format may add others.
    content: Vec<BTreeMap<String, Value>>,
    /// `end_turn`, `max_tokens`, `stop_sequence`, `tool_use`, `pause_turn`, `refusal` or `model_context_window_exceeded`.
    stop_reason: String,
    #[schema(required)]
    stop_sequence: Option<String>,
    usage: MessagesUsage,
    openrouter_metadata: Option<BTreeMap<String, Value>>,
}

/// What was consumed; cached tokens stand beside the input, not inside it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    /// `standard`, or the tier that served.
    service_tier: String,
    /// Dollars charged; in whole answers and in `message_delta`.
    cost: Option<f64>,
    is_byok: Option<bool>,
}

/// One event of a streamed answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesEvent {
    /// `message_start`, `content_block_start`, `content_block_delta`, `content_block_stop`, `message_delta`, `message_stop`,
    /// `ping` or `error`.
    r#type: String,
    /// Place of the block.
    index: Option<u64>,
    message: Option<MessagesReply>,
    content_block: Option<BTreeMap<String, Value>>,
    delta: Option<BTreeMap<String, Value>>,
    usage: Option<MessagesUsage>,
    error: Option<MessagesProblemBody>,
}

/// The body of a refusal, and of the `error` event.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesProblem {
    /// `error`.
    r#type: String,
    error: MessagesProblemBody,
    /// Generation id, `gen-…`.
    #[schema(required)]
    request_id: Option<String>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesProblemBody {
    /// `invalid_request_error`, `authentication_error`, `billing_error`, `permission_error`, `not_found_error`,
    /// `rate_limit_error`, `overloaded_error`, `timeout_error` or `api_error`.
    r#type: String,
    message: String,
    /// The router's own word.
    error_type: String,
    /// What clients can act on.
    details: Option<BTreeMap<String, Value>>,
    metadata: Option<BTreeMap<String, Value>>,
}

/// A count of input tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesCount {
    input_tokens: u64,
    /// Whether this server estimated it, because the provider does not count.
    estimated: bool,
}
