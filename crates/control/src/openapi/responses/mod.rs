//! Documentation of `POST /responses`. The data plane reads requests leniently; these types only describe the contract.

#![expect(dead_code, reason = "types of this folder describe JSON; nothing constructs them")]

mod reply;
mod request;

pub(super) use reply::{ResponsesEvent, ResponsesReply};
pub(super) use request::ResponsesRequest;

/// Answer a conversation in the form of OpenAI Responses
///
/// Any model of the catalogue, whatever format its provider speaks. Nothing is stored: every request carries its whole
/// history, and what would need stored state is refused. Answers at once, or as server-sent events when `stream` is true:
/// numbered events from `response.created` to `response.completed`, `response.incomplete` or `response.failed`, then
/// `data: [DONE]` unless it failed. A prompt or an output limit that is too long is no error here but an answer with the
/// status `incomplete` and the kind in `error_type`.
#[utoipa::path(post, path = "/responses", tag = "Inference", request_body = ResponsesRequest,
    params(("X-OpenRouter-Metadata" = Option<String>, Header, description = "`enabled` adds `openrouter_metadata`")),
    responses(
        (status = 200, description = "The answer, or a stream of events",
            content((ResponsesReply = "application/json"), (ResponsesEvent = "text/event-stream"))),
        (status = 400), (status = 401), (status = 402), (status = 403), (status = 404), (status = 408), (status = 413),
        (status = 415), (status = 422), (status = 429), (status = 500), (status = 502), (status = 503), (status = 504)))]
pub(super) fn responses() {}
