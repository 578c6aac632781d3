//! An answer as one document.

use serde_json::{Map, Value, json};

use super::{finish, signature, usage, visible};
use crate::answer::{Answer, Made};
use crate::family::{Meta, finish_word};
use crate::scenario::Scenario;
use crate::usage::report;

/// The whole answer as one document.
pub(crate) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    if let Some(thought) = &answer.reasoning {
        parts.push(json!({"text": thought, "thought": true}));
    }
    if !answer.text.is_empty() && !answer.refused {
        parts.push(json!({"text": answer.text}));
    }
    parts.extend(answer.calls.iter().map(|made| call(made, meta, answer)));
    let candidates: Vec<Value> = (0..answer.choices)
        .map(|index| candidate(index, &parts, finish_word(finish(answer), "ELAPSED", scenario).as_deref()))
        .collect();
    let candidates = if scenario.framing.empty_choices { Vec::new() } else { candidates };
    let right = usage(answer, visible(answer));
    envelope(answer, meta, &candidates, report(&right, scenario.usage.mode))
}

/// One candidate; a missing finish reason is left out, as in the middle of a stream.
pub(super) fn candidate(index: u64, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = Map::new();
    candidate.insert("content".to_owned(), json!({"parts": parts, "role": "model"}));
    candidate.extend(finish.map(|word| ("finishReason".to_owned(), json!(word))));
    if matches!(finish, Some("SAFETY" | "PROHIBITED_CONTENT")) {
        let rating = json!([{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": true}]);
        candidate.insert("safetyRatings".to_owned(), rating);
        candidate.remove("content");
    }
    candidate.insert("index".to_owned(), json!(index));
    Value::Object(candidate)
}

/// A whole response around candidates.
pub(super) fn envelope(answer: &Answer, meta: &Meta, candidates: &[Value], usage: Option<Value>) -> Value {
    let mut whole = json!({"candidates": candidates});
    if let Some(fields) = whole.as_object_mut() {
        fields.extend(usage.map(|usage| ("usageMetadata".to_owned(), usage)));
        fields.insert("modelVersion".to_owned(), json!(answer.model));
        fields.insert("responseId".to_owned(), json!(meta.id("", 0)));
    }
    whole
}

/// A call part; the first one after thinking carries the signature.
pub(super) fn call(made: &Made, meta: &Meta, answer: &Answer) -> Value {
    let mut part = json!({
        "functionCall": {"id": meta.id("call_", made.ordinal), "name": made.name, "args": made.arguments},
    });
    if let (Some(thought), 0, Some(fields)) = (&answer.reasoning, made.ordinal, part.as_object_mut()) {
        fields.insert("thoughtSignature".to_owned(), json!(signature(thought)));
    }
    part
}
