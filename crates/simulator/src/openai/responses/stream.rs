//! A response as events, numbered in sequence.

use serde_json::{Value, json};

use super::{Item, document, given, items, joined, part, plain, usage};
use crate::answer::{Answer, Made};
use crate::ask::Kind;
use crate::delivery::piece_bytes;
use crate::event::Event;
use crate::family::Meta;
use crate::scenario::{FinishRule, Scenario, UsageRule};
use crate::tokens::pieces;

/// Bytes of arguments in each delta unless the scenario says otherwise.
const ARGUMENT_BYTES: usize = 8;

/// The whole answer as events.
pub(crate) fn stream(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    let mut out = Numbered { events: Vec::new() };
    let early = (scenario.usage.mode == UsageRule::First).then(|| usage(answer));
    let begun = json!({"response": document(answer, meta, "in_progress", &[], early)});
    out.push("response.created", &begun, None);
    out.push("response.in_progress", &begun, None);
    for (at, item) in items(answer, meta).iter().enumerate() {
        out.push("response.output_item.added", &json!({"output_index": at, "item": item.document(false)}), None);
        out.item(at, item, scenario);
        out.push("response.output_item.done", &json!({"output_index": at, "item": item.document(true)}), None);
    }
    let mut whole = plain(answer, meta, scenario);
    if let (UsageRule::First, Some(fields)) = (scenario.usage.mode, whole.as_object_mut()) {
        fields.remove("usage");
    }
    let name = if whole["status"] == "completed" { "response.completed" } else { "response.incomplete" };
    let times = match scenario.answer.finish {
        Some(FinishRule::Missing) => 0,
        Some(FinishRule::Twice) => 2,
        _ => 1,
    };
    for _ in 0..times {
        out.push(name, &json!({"response": whole}), None);
    }
    out.events
}

struct Numbered {
    events: Vec<Event>,
}

impl Numbered {
    fn push(&mut self, name: &'static str, fields: &Value, piece: Option<&str>) {
        let head = json!({"type": name, "sequence_number": self.events.len()});
        let mut event = Event::new(Some(name), &joined(head, fields));
        event.piece = piece.map(str::to_owned);
        self.events.push(event);
    }

    fn item(&mut self, at: usize, item: &Item<'_>, scenario: &Scenario) {
        let bytes = piece_bytes(scenario);
        match item {
            Item::Reasoning { id, text, .. } => {
                let place = json!({"item_id": id, "output_index": at, "summary_index": 0});
                let with = |more: Value| joined(more, &place);
                let summary = |text: &str| json!({"part": {"type": "summary_text", "text": text}});
                self.push("response.reasoning_summary_part.added", &with(summary("")), None);
                for piece in pieces(text, bytes) {
                    self.push("response.reasoning_summary_text.delta", &with(json!({"delta": piece})), Some(piece));
                }
                self.push("response.reasoning_summary_text.done", &with(json!({"text": text})), None);
                self.push("response.reasoning_summary_part.done", &with(summary(text)), None);
            }
            Item::Message { id, text, refused } => self.message(&(id.as_str(), at), text, *refused, bytes),
            Item::Call { id, made, .. } => {
                let bytes = scenario.answer.argument_bytes.unwrap_or(ARGUMENT_BYTES);
                self.call(&json!({"item_id": id, "output_index": at}), made, bytes);
            }
        }
    }

    fn call(&mut self, place: &Value, made: &Made, bytes: usize) {
        let said = given(made);
        let (delta, done, whole) = match made.kind {
            Kind::Custom => (
                "response.custom_tool_call_input.delta",
                "response.custom_tool_call_input.done",
                json!({"input": said}),
            ),
            Kind::Function | Kind::Within(_) => (
                "response.function_call_arguments.delta",
                "response.function_call_arguments.done",
                json!({"arguments": said, "name": made.name}),
            ),
        };
        for piece in pieces(&said, bytes) {
            self.push(delta, &joined(json!({"delta": piece}), place), Some(piece));
        }
        self.push(done, &joined(whole, place), None);
    }

    fn message(&mut self, (id, at): &(&str, usize), text: &str, refused: bool, bytes: usize) {
        let place = json!({"item_id": id, "output_index": at, "content_index": 0});
        let with = |more: Value| joined(more, &place);
        let (delta, done) = match refused {
            true => ("response.refusal.delta", "response.refusal.done"),
            false => ("response.output_text.delta", "response.output_text.done"),
        };
        self.push("response.content_part.added", &with(json!({"part": part("", refused)})), None);
        for piece in pieces(text, bytes) {
            let fields = if refused { json!({"delta": piece}) } else { json!({"delta": piece, "logprobs": []}) };
            self.push(delta, &with(fields), Some(piece));
        }
        let whole = if refused { json!({"refusal": text}) } else { json!({"text": text, "logprobs": []}) };
        self.push(done, &with(whole), None);
        self.push("response.content_part.done", &with(json!({"part": part(text, refused)})), None);
    }
}
