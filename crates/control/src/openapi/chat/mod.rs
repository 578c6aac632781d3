//! Documentation of `POST /chat/completions`. The data plane reads requests leniently and forwards what it does not know;
//! these types only describe the contract.

#![expect(dead_code, reason = "types of this folder describe JSON; nothing constructs them")]

mod message;
mod reply;
mod request;

pub(super) use reply::{ChatChunk, ChatCompletion, ChatUsage};
pub(super) use request::ChatRequest;

/// Chat with a model
///
/// Answers at once, or as server-sent events when `stream` is true: one `data:` line per chunk, comment lines while the
/// provider is silent, `data: [DONE]` at the end. Errors before the first content are plain JSON with a status; later ones
/// are a chunk with `error`. The header `x-generation-id` names the call's record. Conversation and tools may also be written
/// as in Responses: `input` in place of `messages`, and tools with their name beside their type.
#[utoipa::path(post, path = "/chat/completions", tag = "Inference", request_body = ChatRequest,
    params(("X-OpenRouter-Metadata" = Option<String>, Header, description = "`enabled` adds `openrouter_metadata`")),
    responses(
        (status = 200, description = "The answer, or a stream of chunks",
            content((ChatCompletion = "application/json"), (ChatChunk = "text/event-stream"))),
        (status = 400), (status = 401), (status = 402), (status = 403), (status = 404), (status = 408), (status = 413),
        (status = 415), (status = 422), (status = 429), (status = 500), (status = 502), (status = 503), (status = 504)))]
pub(super) fn chat_completions() {}
