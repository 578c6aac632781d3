//! Documentation of `POST /completions`. The data plane reads requests leniently; these types only describe the contract.

#![expect(dead_code, reason = "types of this file describe JSON; nothing constructs them")]

use super::chat::ChatUsage;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Complete a text
///
/// The legacy form: one prompt, sent to any model as the user's words, and an answer as text. Sampling, limits and routing
/// fields are those of chat completions. Answers at once, or as server-sent events when `stream` is true, with
/// `data: [DONE]` at the end.
#[utoipa::path(post, path = "/completions", tag = "Inference", request_body = CompletionsRequest,
    params(("X-OpenRouter-Metadata" = Option<String>, Header, description = "`enabled` adds `openrouter_metadata`")),
    responses(
        (status = 200, description = "The answer, or a stream of chunks",
            content((CompletionsReply = "application/json"), (CompletionsReply = "text/event-stream"))),
        (status = 400), (status = 401), (status = 402), (status = 403), (status = 404), (status = 408), (status = 413),
        (status = 415), (status = 422), (status = 429), (status = 500), (status = 502), (status = 503), (status = 504)))]
pub(super) fn completions() {}

/// A completions request. Fields of chat completions that are not listed hold here too; unknown ones never fail.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompletionsRequest {
    /// Model id, `author/slug`, with optional suffixes such as `:free`, `:nitro`, `:floor`.
    model: Option<String>,
    /// One text, or a list of one. Token ids mean nothing to another model and are refused.
    prompt: CompletionsPrompt,
    /// Longest answer in tokens.
    max_tokens: Option<u64>,
    /// 0 to 2.
    temperature: Option<f64>,
    /// 0 to 1.
    top_p: Option<f64>,
    /// How many answers, 1 to 128.
    n: Option<u32>,
    /// A text, or up to four, at which the answer ends.
    stop: Option<Value>,
    /// Whether the answer comes as server-sent events.
    stream: Option<bool>,
    /// Token probabilities, with so many alternatives.
    logprobs: Option<u32>,
    /// Whether the answer begins with the prompt.
    echo: Option<bool>,
    /// Accepted and left out: chat models have no counterpart.
    suffix: Option<String>,
    /// Accepted and left out.
    best_of: Option<u32>,
    /// The end user, as the caller names them.
    user: Option<String>,
    /// Further models, tried when the ones before fail.
    models: Option<Vec<String>>,
    /// Which providers may serve, and in which order.
    provider: Option<BTreeMap<String, Value>>,
}

/// One text, or a list of one.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum CompletionsPrompt {
    /// One text.
    One(String),
    /// A list of one.
    List(Vec<String>),
}

/// A whole answer, or a piece of one.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompletionsReply {
    /// Generation id, `gen-…`.
    id: String,
    /// `text_completion`.
    object: String,
    /// Unix seconds.
    created: i64,
    /// Model that served.
    model: String,
    /// Provider that served.
    provider: Option<String>,
    /// Empty in the last piece of a stream, which carries `usage`.
    choices: Vec<CompletionsChoice>,
    usage: Option<ChatUsage>,
    openrouter_metadata: Option<BTreeMap<String, Value>>,
}

/// One answer of a completion, or what a piece adds to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompletionsChoice {
    index: u32,
    text: String,
    /// `stop`, `length`, `content_filter` or `error`; null until the answer ends.
    #[schema(required)]
    finish_reason: Option<String>,
    /// The provider's own word.
    native_finish_reason: Option<String>,
    #[schema(required)]
    logprobs: Option<BTreeMap<String, Value>>,
}
