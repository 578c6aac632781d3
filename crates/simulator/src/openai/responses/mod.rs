//! The responses form: items in, items out.
//!
//! Source: `types/responses/*` of the PyPI package `openai` 3.52.0, read 2026-11-21.

mod read;
mod shape;
mod stream;

pub(super) use read::{read, rules};
pub(super) use shape::SHAPE;
pub(super) use stream::stream;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Finish, Made};
use crate::ask::Kind;
use crate::event::Event;
use crate::family::{Meta, Refusal};
use crate::scenario::Scenario;
use crate::usage::report;

/// The whole answer as one document.
pub(super) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    let output: Vec<Value> = items(answer, meta).iter().map(|item| item.document(true)).collect();
    let usage = report(&usage(answer), scenario.usage.mode);
    let status = match answer.finish {
        Finish::Length | Finish::Filtered => "incomplete",
        _ => "completed",
    };
    document(answer, meta, status, &output, usage)
}

/// The event that reports an error in the middle of a stream.
pub(crate) fn error_event(refusal: &Refusal, before: u32) -> Event {
    let body = super::error(refusal);
    let field = |name: &str| body.pointer(name).cloned().unwrap_or_default();
    let code = match field("/error/code") {
        Value::Null => field("/error/type"),
        code => code,
    };
    let data = json!({
        "type": "error", "code": code, "message": field("/error/message"), "param": null, "sequence_number": before,
    });
    Event::new(Some("error"), &data)
}

/// The response object in some state.
fn document(answer: &Answer, meta: &Meta, status: &str, output: &[Value], usage: Option<Value>) -> Value {
    let incomplete = match answer.finish {
        Finish::Length if status == "incomplete" => json!({"reason": "max_output_tokens"}),
        Finish::Filtered if status == "incomplete" => json!({"reason": "content_filter"}),
        _ => Value::Null,
    };
    let ended = (status != "in_progress").then_some(meta.created);
    let mut whole = json!({
        "id": meta.id("resp_", 0),
        "object": "response",
        "created_at": meta.created,
        "completed_at": ended,
        "status": status,
        "error": null,
        "incomplete_details": incomplete,
        "instructions": null,
        "max_output_tokens": null,
        "metadata": {},
        "model": answer.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "service_tier": answer.tier,
        "store": false,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
    });
    if let Some(fields) = whole.as_object_mut() {
        fields.extend(usage.map(|usage| ("usage".to_owned(), usage)));
    }
    whole
}

fn usage(answer: &Answer) -> Value {
    let counts = &answer.counts;
    json!({
        "input_tokens": counts.prompt,
        "input_tokens_details": {
            "cached_tokens": counts.cached,
            "cache_write_tokens": counts.cache_write + counts.cache_write_1h,
        },
        "output_tokens": counts.completion,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.prompt + counts.completion,
    })
}

/// One output item.
enum Item<'a> {
    /// Reasoning with a summary.
    Reasoning { id: String, text: &'a str, sealed: bool },
    /// A message of one part.
    Message { id: String, text: &'a str, refused: bool },
    /// A tool call.
    Call { id: String, call_id: String, made: &'a Made },
}

fn items<'a>(answer: &'a Answer, meta: &Meta) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    if let Some(text) = &answer.reasoning {
        items.push(Item::Reasoning { id: meta.id("rs_", 0), text, sealed: answer.sealed });
    }
    if !answer.text.is_empty() {
        items.push(Item::Message { id: meta.id("msg_", 0), text: &answer.text, refused: answer.refused });
    }
    items.extend(answer.calls.iter().map(|made| Item::Call {
        id: meta.id(if made.kind == Kind::Custom { "ctc_" } else { "fc_" }, made.ordinal),
        call_id: meta.id("call_", made.ordinal),
        made,
    }));
    items
}

impl Item<'_> {
    /// The item, complete or as it looks when it begins.
    fn document(&self, complete: bool) -> Value {
        let status = if complete { "completed" } else { "in_progress" };
        let say = |text: &str| if complete { text.to_owned() } else { String::new() };
        match self {
            Self::Reasoning { id, text, sealed } => {
                let summary: Vec<Value> =
                    complete.then(|| json!({"type": "summary_text", "text": text})).into_iter().collect();
                let item = json!({"type": "reasoning", "id": id, "summary": summary});
                if *sealed && complete { joined(item, &json!({"encrypted_content": seal(id)})) } else { item }
            }
            Self::Message { id, text, refused } => {
                let parts: Vec<Value> = complete.then(|| part(text, *refused)).into_iter().collect();
                json!({"type": "message", "id": id, "role": "assistant", "status": status, "content": parts})
            }
            Self::Call { id, call_id, made } => {
                let head = json!({"id": id, "call_id": call_id, "name": made.name, "status": status});
                let said = say(&given(made));
                match &made.kind {
                    Kind::Custom => joined(head, &json!({"type": "custom_tool_call", "input": said})),
                    Kind::Function => joined(head, &json!({"type": "function_call", "arguments": said})),
                    Kind::Within(namespace) => {
                        joined(head, &json!({"type": "function_call", "arguments": said, "namespace": namespace}))
                    }
                }
            }
        }
    }
}

/// What a tool is called with: arguments as JSON, or the free text of one that takes any.
fn given(made: &Made) -> String {
    match (&made.kind, made.arguments.get("input").and_then(Value::as_str)) {
        (Kind::Custom, Some(input)) => input.to_owned(),
        _ => made.arguments.to_string(),
    }
}

/// How our seals begin.
const SEAL: &str = "simulator-seal-";

/// The seal of the reasoning with this id; an item sent back with both must have them from the same answer.
fn seal(id: &str) -> String {
    let digest = crate::observe::sha256(id.as_bytes());
    format!("{SEAL}{}", digest.get(..32).unwrap_or(&digest))
}

fn part(text: &str, refused: bool) -> Value {
    if refused {
        return json!({"type": "refusal", "refusal": text});
    }
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// Joins the fields of two objects.
fn joined(first: Value, second: &Value) -> Value {
    let mut whole = match first {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    whole.extend(second.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}
