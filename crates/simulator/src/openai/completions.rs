//! Legacy completions: a prompt in, a text out.

use serde_json::{Value, json};

use super::read::stops;
use super::{FINGERPRINT, finish, usage};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::delivery::piece_bytes;
use crate::event::Event;
use crate::family::{Meta, finish_word};
use crate::scenario::{DoneMark, Scenario};
use crate::tokens::pieces;
use crate::usage::{report, reports};

/// Reads a completion request; the prompt is heard as a user message.
pub(super) fn read(body: &Value) -> Ask {
    let mut ask = Ask {
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
        stream: body.get("stream") == Some(&Value::Bool(true)),
        include_usage: body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)),
        tokens_max: body.get("max_tokens").and_then(Value::as_u64),
        choices: body.get("n").and_then(Value::as_u64).unwrap_or(1).clamp(1, 128),
        stops: stops(body.get("stop")),
        ..Ask::default()
    };
    match body.get("prompt") {
        Some(Value::String(text)) => ask.hears_user(text),
        Some(Value::Array(prompts)) => {
            for prompt in prompts {
                ask.hears_user(&prompt.as_str().map_or_else(|| prompt.to_string(), str::to_owned));
            }
        }
        _ => {}
    }
    ask
}

/// The whole answer as one document.
pub(super) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    let word = finish_word(finish(answer), "eos", scenario);
    let choices: Vec<Value> = (0..answer.choices).map(|index| choice(index, &answer.text, word.as_deref())).collect();
    let mut whole = envelope(answer, meta, &choices);
    if let (Some(usage), Some(fields)) = (report(&usage(answer), scenario.usage.mode), whole.as_object_mut()) {
        fields.insert("usage".to_owned(), usage);
    }
    whole
}

/// The whole answer as chunks, the end mark included.
pub(super) fn stream(answer: &Answer, ask: &Ask, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    let mut events = Vec::new();
    for index in 0..answer.choices {
        for piece in pieces(&answer.text, piece_bytes(scenario)) {
            let chunk = envelope(answer, meta, &[choice(index, piece, None)]);
            events.push(Event::content(None, &chunk, piece));
        }
        let word = finish_word(finish(answer), "eos", scenario);
        events.push(Event::new(None, &envelope(answer, meta, &[choice(index, "", word.as_deref())])));
    }
    if ask.include_usage {
        for report in reports(&usage(answer), scenario.usage.mode) {
            let mut last = envelope(answer, meta, &[]);
            if let Some(fields) = last.as_object_mut() {
                fields.insert("usage".to_owned(), report);
            }
            events.push(Event::new(None, &last));
        }
    }
    if scenario.framing.done != DoneMark::Missing {
        events.push(Event::raw("[DONE]"));
    }
    events
}

fn choice(index: u64, text: &str, finish: Option<&str>) -> Value {
    json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish})
}

fn envelope(answer: &Answer, meta: &Meta, choices: &[Value]) -> Value {
    json!({
        "id": meta.id("cmpl-", 0),
        "object": "text_completion",
        "created": meta.created,
        "model": answer.model,
        "system_fingerprint": FINGERPRINT,
        "choices": choices,
    })
}
