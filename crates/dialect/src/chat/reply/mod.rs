//! The whole answer that a caller of chat completions receives.
//!
//! The shape is the superset that every known client accepts: some fields must be present as null, others must be left
//! out instead. Both official SDKs of the API validate what they receive, so nothing here is a matter of taste.

mod usage;
pub(crate) mod write;

pub use usage::Bill;
pub(crate) use usage::append_usage;

use crate::canonical::reply::{Choice, Message, Reply, ToolCall};
use serde_json::value::RawValue;

/// What the router knows about an answer and the provider does not.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Our id of the answer, `gen-…`.
    pub id: &'a str,
    /// When the request arrived, in Unix seconds.
    pub created: i64,
    /// The model that served, as the catalogue names it.
    pub model: &'a str,
    /// Display name of the provider that served.
    pub provider: &'a str,
    /// The caller does not want to see reasoning.
    pub hide_reasoning: bool,
    /// `openrouter_metadata`, if it was asked for.
    pub metadata: Option<&'a RawValue>,
}

/// Writes the answer as the body of a plain call.
#[must_use]
pub fn encode(reply: &Reply, envelope: &Envelope<'_>, bill: &Bill<'_>) -> Vec<u8> {
    let text_bytes: usize =
        reply.choices.iter().map(|choice| choice.message.content.as_ref().map_or(0, String::len)).sum();
    let mut out = Vec::with_capacity(text_bytes.saturating_add(1_024));
    out.extend_from_slice(b"{\"id\":");
    write::string(&mut out, envelope.id);
    out.extend_from_slice(b",\"object\":\"chat.completion\",\"created\":");
    write::number(&mut out, envelope.created);
    write::named!(out, "model");
    write::string(&mut out, envelope.model);
    write::named!(out, "provider");
    write::string(&mut out, envelope.provider);
    write::named!(out, "system_fingerprint");
    write::string_or_null(&mut out, reply.system_fingerprint.as_deref());
    write::optional_string(&mut out, "service_tier", reply.service_tier.as_deref());
    write::named!(out, "choices");
    out.push(b'[');
    for (place, choice) in reply.choices.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        append_choice(&mut out, choice, envelope.hide_reasoning);
    }
    out.push(b']');
    write::named!(out, "usage");
    append_usage(&mut out, bill);
    if let Some(metadata) = envelope.metadata {
        write::named!(out, "openrouter_metadata");
        write::raw(&mut out, metadata);
    }
    out.push(b'}');
    out
}

fn append_choice(out: &mut Vec<u8>, choice: &Choice, hide_reasoning: bool) {
    out.extend_from_slice(b"{\"index\":");
    write::number(out, choice.index);
    write::named!(out, "finish_reason");
    write::string(out, choice.finish.reason.as_str());
    write::named!(out, "native_finish_reason");
    write::string_or_null(out, choice.finish.native.as_deref());
    write::named!(out, "logprobs");
    match &choice.logprobs {
        Some(logprobs) => write::raw(out, logprobs),
        None => out.extend_from_slice(b"null"),
    }
    write::named!(out, "message");
    append_message(out, &choice.message, hide_reasoning);
    out.push(b'}');
}

fn append_message(out: &mut Vec<u8>, message: &Message, hide_reasoning: bool) {
    out.extend_from_slice(b"{\"role\":\"assistant\"");
    write::named!(out, "content");
    // A client that reads text finds text, unless tools, a refusal, images or audio took its place.
    let says_otherwise = !message.tool_calls.is_empty() || message.refusal.is_some() || message.audio.is_some();
    match (&message.content, says_otherwise) {
        (Some(text), _) => write::string(out, text),
        (None, true) => out.extend_from_slice(b"null"),
        (None, false) => out.extend_from_slice(b"\"\""),
    }
    write::named!(out, "refusal");
    write::string_or_null(out, message.refusal.as_deref());
    write::named!(out, "reasoning");
    write::string_or_null(out, message.reasoning.as_deref().filter(|_| !hide_reasoning));
    if !hide_reasoning {
        append_list(out, "reasoning_details", &message.reasoning_details);
    }
    if !message.tool_calls.is_empty() {
        write::named!(out, "tool_calls");
        append_calls(out, &message.tool_calls);
    }
    append_list(out, "images", &message.images);
    if let Some(audio) = &message.audio {
        write::named!(out, "audio");
        write::raw(out, audio);
    }
    append_list(out, "annotations", &message.annotations);
    out.push(b'}');
}

fn append_calls(out: &mut Vec<u8>, calls: &[ToolCall]) {
    out.push(b'[');
    for (place, call) in calls.iter().enumerate() {
        out.extend_from_slice(if place > 0 { b",{\"index\":" } else { b"{\"index\":" });
        write::number(out, u64::try_from(place).unwrap_or(u64::MAX));
        write::named!(out, "id");
        write::string(out, &call.id);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        write::string(out, &call.name);
        write::named!(out, "arguments");
        write::string(out, &call.arguments);
        out.extend_from_slice(b"}}");
    }
    out.push(b']');
}

fn append_list(out: &mut Vec<u8>, name: &str, items: &[Box<RawValue>]) {
    if !items.is_empty() {
        write::field(out, name);
        write::list(out, items);
    }
}
