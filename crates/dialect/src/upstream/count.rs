//! The question how many input tokens a request has, for providers that answer it.
//!
//! Source: `POST /v1/messages/count_tokens` in the types of the official SDK (PyPI `anthropic` 2.11.0) and
//! `models.countTokens` in those of PyPI `google-genai` 3.4.0, read 2026-11-21.

use super::json::Writer;
use super::{EncodeError, Outgoing, Target};
use crate::canonical::request::RawObject;
use crate::chat::request::ChatRequest;
use domain::catalog::Family;

/// What the Anthropic count takes of a Messages request.
const ANTHROPIC_FIELDS: &[&str] = &[
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "context_management",
];

/// Puts the question into the target's wire format; `None` when the format has no such question.
///
/// # Errors
/// As [`super::encode`].
pub fn encode_count(request: &ChatRequest, target: &Target<'_>) -> Result<Option<Outgoing>, EncodeError> {
    let target = Target { stream: false, ..*target };
    match target.family {
        Family::Anthropic => super::encode(request, &target).map(|outgoing| Some(anthropic(outgoing))),
        Family::Gemini => super::encode(request, &target).map(|outgoing| Some(gemini(outgoing, &target))),
        _ => Ok(None),
    }
}

fn anthropic(outgoing: Outgoing) -> Outgoing {
    let body: RawObject<'_> = serde_json::from_slice(&outgoing.body).unwrap_or_default();
    let mut out = Writer::with_capacity(outgoing.body.len());
    out.begin_object();
    for (name, value) in body.iter().filter(|(name, _)| ANTHROPIC_FIELDS.contains(name)) {
        out.field_raw(name, value.get());
    }
    out.end_object();
    Outgoing { path: "/messages/count_tokens".to_owned(), body: out.finish().into(), ..outgoing }
}

fn gemini(outgoing: Outgoing, target: &Target<'_>) -> Outgoing {
    let body: RawObject<'_> = serde_json::from_slice(&outgoing.body).unwrap_or_default();
    let mut out = Writer::with_capacity(outgoing.body.len() + 128);
    let model = target.upstream_id.strip_prefix("models/").unwrap_or(target.upstream_id);
    out.begin_object();
    // Only in this wrapping do tools and system text count.
    out.field_object("generateContentRequest");
    out.field_text("model", &format!("models/{model}"));
    for (name, value) in body.iter() {
        out.field_raw(name, value.get());
    }
    out.end_object();
    out.end_object();
    let path = outgoing.path.replace(":generateContent", ":countTokens");
    Outgoing { path, body: out.finish().into(), ..outgoing }
}
