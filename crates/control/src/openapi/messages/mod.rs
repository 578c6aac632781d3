//! Documentation of `POST /messages` and `POST /messages/count_tokens`. The data plane reads requests leniently; these
//! types only describe the contract.

#![expect(dead_code, reason = "types of this folder describe JSON; nothing constructs them")]

mod reply;
mod request;

pub(super) use reply::{MessagesCount, MessagesEvent, MessagesProblem, MessagesReply};
pub(super) use request::MessagesRequest;

/// Answer a conversation in the form of Anthropic Messages
///
/// Any model of the catalogue, whatever format its provider speaks. Answers at once, or as server-sent events when `stream`
/// is true: `message_start`, content blocks, `message_delta`, `message_stop`; `ping` while the provider is silent; `error`
/// when it fails in the middle. Query strings such as `?beta=true` and unknown `anthropic-beta` values are accepted.
#[utoipa::path(post, path = "/messages", tag = "Inference", request_body = MessagesRequest,
    params(
        ("anthropic-beta" = Option<String>, Header, description = "Optional features, passed on to providers of the format that know them"),
        ("X-OpenRouter-Metadata" = Option<String>, Header, description = "`enabled` adds `openrouter_metadata`")),
    responses(
        (status = 200, description = "The answer, or a stream of events",
            content((MessagesReply = "application/json"), (MessagesEvent = "text/event-stream"))),
        (status = 400), (status = 401), (status = 402), (status = 403), (status = 404), (status = 408), (status = 413),
        (status = 415), (status = 422), (status = 429), (status = 500), (status = 502), (status = 503), (status = 504)))]
pub(super) fn messages() {}

/// Count the input tokens of a conversation
///
/// An extension. Providers of the Anthropic and Gemini formats count themselves; elsewhere, and when they fail, the number
/// is an estimate and says so. Counting is free.
#[utoipa::path(post, path = "/messages/count_tokens", tag = "Inference", request_body = MessagesRequest,
    responses(
        (status = 200, description = "The count", body = MessagesCount),
        (status = 400), (status = 401), (status = 403), (status = 404), (status = 408), (status = 413), (status = 415),
        (status = 500)))]
pub(super) fn count_tokens() {}
