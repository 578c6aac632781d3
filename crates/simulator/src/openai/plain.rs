//! A chat completion as one document.

use serde_json::{Value, json};

use super::{FINGERPRINT, finish, usage};
use crate::answer::{Answer, Made};
use crate::family::{Meta, finish_word};
use crate::scenario::Scenario;
use crate::usage::report;

/// The whole answer as one document.
pub(crate) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    let word = finish_word(finish(answer), "eos", scenario);
    let choices: Vec<Value> = (0..answer.choices)
        .map(|index| {
            json!({
                "index": index,
                "message": message(answer, meta),
                "logprobs": null,
                "finish_reason": word,
            })
        })
        .collect();
    let mut whole = json!({
        "id": meta.id("chatcmpl-", 0),
        "object": "chat.completion",
        "created": meta.created,
        "model": answer.model,
        "choices": if scenario.framing.empty_choices { Vec::new() } else { choices },
        "service_tier": answer.tier,
        "system_fingerprint": FINGERPRINT,
    });
    if let (Some(usage), Some(fields)) = (report(&usage(answer), scenario.usage.mode), whole.as_object_mut()) {
        fields.insert("usage".to_owned(), usage);
    }
    whole
}

fn message(answer: &Answer, meta: &Meta) -> Value {
    let text = (!answer.text.is_empty() || answer.calls.is_empty()).then_some(answer.text.as_str());
    let mut message = json!({
        "role": "assistant",
        "content": if answer.refused { None } else { text },
        "refusal": if answer.refused { text } else { None },
        "annotations": [],
    });
    if let Some(fields) = message.as_object_mut() {
        if let Some(reasoning) = &answer.reasoning {
            fields.insert("reasoning_content".to_owned(), json!(reasoning));
        }
        if !answer.calls.is_empty() {
            let calls: Vec<Value> = answer.calls.iter().map(|made| call(made, meta)).collect();
            fields.insert("tool_calls".to_owned(), json!(calls));
        }
    }
    message
}

fn call(made: &Made, meta: &Meta) -> Value {
    json!({
        "id": meta.id("call_", made.ordinal),
        "type": "function",
        "function": {"name": made.name, "arguments": made.arguments.to_string()},
    })
}
