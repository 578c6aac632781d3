//! The whole answer that a caller of completions receives.

use super::request::CompletionsRequest;
use crate::canonical::reply::{Choice, Reply};
use crate::chat::reply::{Bill, Envelope, append_usage, write};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Writes the answer as the body of a plain call.
#[must_use]
pub fn encode(
    request: Option<&CompletionsRequest>,
    reply: &Reply,
    envelope: &Envelope<'_>,
    bill: &Bill<'_>,
) -> Vec<u8> {
    let echo = request.map_or("", CompletionsRequest::echo);
    let mut out = Vec::with_capacity(1_024);
    out.extend_from_slice(b"{\"id\":");
    write::string(&mut out, envelope.id);
    out.extend_from_slice(b",\"object\":\"text_completion\",\"created\":");
    write::number(&mut out, envelope.created);
    write::optional_string(&mut out, "model", Some(envelope.model));
    write::optional_string(&mut out, "provider", Some(envelope.provider));
    write::optional_string(&mut out, "system_fingerprint", reply.system_fingerprint.as_deref());
    write::field(&mut out, "choices");
    out.push(b'[');
    for (place, choice) in reply.choices.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        append_choice(&mut out, choice, echo);
    }
    out.push(b']');
    write::field(&mut out, "usage");
    append_usage(&mut out, bill);
    if let Some(metadata) = envelope.metadata {
        write::field(&mut out, "openrouter_metadata");
        write::raw(&mut out, metadata);
    }
    out.push(b'}');
    out
}

fn append_choice(out: &mut Vec<u8>, choice: &Choice, echo: &str) {
    let message = &choice.message;
    let said = message.content.as_deref().or(message.refusal.as_deref()).unwrap_or_default();
    out.extend_from_slice(b"{\"index\":");
    write::number(out, choice.index);
    write::optional_string(out, "text", Some(&format!("{echo}{said}")));
    write::field(out, "logprobs");
    out.extend_from_slice(choice.logprobs.as_deref().map_or(Value::Null, logprobs).to_string().as_bytes());
    write::optional_string(out, "finish_reason", Some(choice.finish.reason.as_str()));
    write::field(out, "native_finish_reason");
    write::string_or_null(out, choice.finish.native.as_deref());
    if let Some(reasoning) = &message.reasoning {
        write::optional_string(out, "reasoning", Some(reasoning));
    }
    out.push(b'}');
}

/// Token probabilities as the four parallel lists of this format.
pub(crate) fn logprobs(chat: &RawValue) -> Value {
    let chat: Value = serde_json::from_str(chat.get()).unwrap_or_default();
    let entries = chat.get("content").and_then(Value::as_array).cloned().unwrap_or_default();
    let list =
        |name: &str| entries.iter().map(|entry| entry.get(name).cloned().unwrap_or_default()).collect::<Vec<_>>();
    let mut offset = 0;
    let offsets: Vec<usize> = list("token")
        .iter()
        .map(|token| {
            let at = offset;
            offset += token.as_str().map_or(0, |token| token.chars().count());
            at
        })
        .collect();
    let tops: Vec<Value> = list("top_logprobs")
        .iter()
        .map(|tops| {
            let pairs = tops
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|top| Some((top.get("token")?.as_str()?.to_owned(), top.get("logprob")?.clone())));
            Value::Object(pairs.collect())
        })
        .collect();
    json!({"tokens": list("token"), "token_logprobs": list("logprob"), "top_logprobs": tops, "text_offset": offsets})
}
