//! A message as one document.

use serde_json::{Value, json};

use super::{finish, signature, stop_details, stop_sequence, usage};
use crate::answer::{Answer, Made};
use crate::family::{Meta, finish_word};
use crate::scenario::Scenario;
use crate::usage::report;

/// The whole answer as one document.
pub(crate) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    let mut content: Vec<Value> = Vec::new();
    if let Some(thinking) = &answer.reasoning {
        content.push(json!({"type": "thinking", "thinking": thinking, "signature": signature(thinking)}));
    }
    if !answer.text.is_empty() {
        content.push(json!({"type": "text", "text": answer.text, "citations": null}));
    }
    content.extend(answer.calls.iter().map(|made| call(made, meta, &made.arguments)));
    let mut whole = json!({
        "id": meta.id("msg_", 0),
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": if scenario.framing.empty_choices { Vec::new() } else { content },
        "container": null,
        "stop_reason": finish_word(finish(answer), "elapsed", scenario),
        "stop_sequence": stop_sequence(answer),
        "stop_details": stop_details(answer),
    });
    if let (Some(usage), Some(fields)) = (report(&usage(answer), scenario.usage.mode), whole.as_object_mut()) {
        fields.insert("usage".to_owned(), usage);
    }
    whole
}

/// A call block with these arguments.
pub(super) fn call(made: &Made, meta: &Meta, input: &Value) -> Value {
    json!({"type": "tool_use", "id": meta.id("toolu_", made.ordinal), "name": made.name, "input": input})
}
