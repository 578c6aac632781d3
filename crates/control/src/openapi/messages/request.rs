//! What is asked of a model.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A Messages request. Unknown fields never fail.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesRequest {
    /// Model id, `author/slug`, with optional suffixes such as `:free`, `:nitro`, `:floor`.
    model: Option<String>,
    /// The conversation, oldest first. System turns inside it keep their place.
    messages: Vec<MessagesTurn>,
    /// Longest answer in tokens.
    max_tokens: Option<u64>,
    /// A string, or a list of text blocks.
    system: Option<Value>,
    /// 0 to 1; higher values are taken as 1 by providers of the format.
    temperature: Option<f64>,
    /// 0 to 1.
    top_p: Option<f64>,
    /// 0 is off.
    top_k: Option<u64>,
    /// Texts at which the answer ends; providers of other formats are told the first four.
    stop_sequences: Option<Vec<String>>,
    /// Whether the answer comes as server-sent events.
    stream: Option<bool>,
    /// Tools of the caller, and tools that providers run.
    tools: Option<Vec<BTreeMap<String, Value>>>,
    /// `auto`, `any`, `none` or `tool`, with `disable_parallel_tool_use`.
    tool_choice: Option<BTreeMap<String, Value>>,
    /// `enabled` with `budget_tokens`, `adaptive` or `disabled`.
    thinking: Option<BTreeMap<String, Value>>,
    /// `effort`, and `format` with a JSON Schema.
    output_config: Option<BTreeMap<String, Value>>,
    /// Edits of long conversations, for providers of the format; needs the feature's name in `anthropic-beta`.
    context_management: Option<BTreeMap<String, Value>>,
    /// Automatic prompt caching.
    cache_control: Option<BTreeMap<String, Value>>,
    /// `user_id` names the end user; a session inside it groups the requests of a conversation.
    metadata: Option<BTreeMap<String, Value>>,
    /// `auto` or `standard_only`.
    service_tier: Option<String>,
    /// Further models, tried when the ones before fail.
    models: Option<Vec<String>>,
    /// The same as up to three objects with a `model`; not together with `models`.
    fallbacks: Option<Vec<BTreeMap<String, Value>>>,
    /// Which providers may serve, and in which order.
    provider: Option<BTreeMap<String, Value>>,
    /// Conversation, at most 256 characters.
    session_id: Option<String>,
    /// The end user, as the caller names them.
    user: Option<String>,
}

/// One turn.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesTurn {
    /// `user`, `assistant` or `system`.
    role: String,
    /// A string, or a list of content blocks.
    content: Value,
}
