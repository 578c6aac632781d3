//! The whole answer that a caller of Messages receives.

use super::blocks::{self, Thought};
use super::usage;
use crate::canonical::reply::{Message, Reply};
use crate::chat::reply::{Bill, Envelope, write};

/// Writes the answer as the body of a plain call.
///
/// A provider of the same format is quoted: its blocks are written as it wrote them. Otherwise thinking comes first, then
/// text, pictures and calls. Only the first choice has a place in the format.
#[must_use]
pub fn encode(reply: &Reply, envelope: &Envelope<'_>, bill: &Bill<'_>) -> Vec<u8> {
    let choice = reply.choices.first();
    let text_bytes = choice.and_then(|choice| choice.message.content.as_ref()).map_or(0, String::len);
    let mut out = Vec::with_capacity(text_bytes.saturating_add(1_024));
    append_head(&mut out, envelope);
    write::field(&mut out, "content");
    out.push(b'[');
    if let Some(choice) = choice {
        append_content(&mut out, &choice.message, envelope.hide_reasoning);
    }
    out.push(b']');
    let message = choice.map(|choice| &choice.message);
    let has_calls = message.is_some_and(|message| !message.tool_calls.is_empty());
    let has_refusal = message.is_some_and(|message| message.refusal.is_some());
    let reason = blocks::stop_reason(choice.map(|choice| &choice.finish), has_calls, has_refusal);
    write::optional_string(&mut out, "stop_reason", Some(reason));
    write::field(&mut out, "stop_sequence");
    write::string_or_null(&mut out, message.and_then(|message| message.stop_sequence.as_deref()));
    write::field(&mut out, "usage");
    usage::append(&mut out, bill, reply.service_tier.as_deref());
    if let Some(metadata) = envelope.metadata {
        write::field(&mut out, "openrouter_metadata");
        write::raw(&mut out, metadata);
    }
    out.push(b'}');
    out
}

/// Appends the fields that a message begins with, its closing brace still missing.
pub(super) fn append_head(out: &mut Vec<u8>, envelope: &Envelope<'_>) {
    out.extend_from_slice(b"{\"id\":");
    write::string(out, envelope.id);
    out.extend_from_slice(b",\"type\":\"message\",\"role\":\"assistant\"");
    write::optional_string(out, "model", Some(envelope.model));
    write::optional_string(out, "provider", Some(envelope.provider));
    out.extend_from_slice(b",\"container\":null,\"stop_details\":null");
}

fn append_content(out: &mut Vec<u8>, message: &Message, hide_reasoning: bool) {
    if !message.native.is_empty() {
        for block in &message.native {
            separate(out);
            write::raw(out, block);
        }
        return;
    }
    append_thoughts(out, message, hide_reasoning);
    append_text(out, message);
    for image in &message.images {
        let start = out.len();
        separate(out);
        if !blocks::append_image(image, out) {
            out.truncate(start);
        }
    }
    for call in &message.tool_calls {
        separate(out);
        blocks::append_call(call, out);
    }
}

fn separate(out: &mut Vec<u8>) {
    if !out.ends_with(b"[") {
        out.push(b',');
    }
}

fn append_thoughts(out: &mut Vec<u8>, message: &Message, hide_reasoning: bool) {
    let mut has_text = false;
    for detail in &message.reasoning_details {
        match blocks::thought(detail) {
            Some(Thought::Text { text, signature, .. }) => {
                has_text = true;
                let shown = if hide_reasoning { "" } else { text.as_str() };
                if !shown.is_empty() || signature.is_some() {
                    append_thinking(out, shown, signature.as_deref().unwrap_or_default());
                }
            }
            Some(Thought::Sealed(data)) => {
                separate(out);
                out.extend_from_slice(b"{\"type\":\"redacted_thinking\"");
                write::optional_string(out, "data", Some(&data));
                out.push(b'}');
            }
            None => {}
        }
    }
    if let Some(text) = message.reasoning.as_deref().filter(|_| !has_text && !hide_reasoning) {
        append_thinking(out, text, "");
    }
}

fn append_thinking(out: &mut Vec<u8>, text: &str, signature: &str) {
    separate(out);
    out.extend_from_slice(b"{\"type\":\"thinking\"");
    write::optional_string(out, "thinking", Some(text));
    write::optional_string(out, "signature", Some(signature));
    out.push(b'}');
}

fn append_text(out: &mut Vec<u8>, message: &Message) {
    for (text, may_cite) in [(&message.content, true), (&message.refusal, false)] {
        let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else { continue };
        separate(out);
        out.extend_from_slice(b"{\"type\":\"text\"");
        write::optional_string(out, "text", Some(text));
        if may_cite && !message.annotations.is_empty() {
            append_citations(out, message);
        } else {
            out.extend_from_slice(b",\"citations\":null");
        }
        out.push(b'}');
    }
}

fn append_citations(out: &mut Vec<u8>, message: &Message) {
    write::field(out, "citations");
    out.push(b'[');
    for annotation in &message.annotations {
        let start = out.len();
        separate(out);
        if !blocks::append_citation(annotation, out) {
            out.truncate(start);
        }
    }
    out.push(b']');
}
