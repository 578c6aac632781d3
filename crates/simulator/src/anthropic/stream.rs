//! A message as events: `message_start`, blocks, `message_delta`, `message_stop`.

use serde_json::{Value, json};

use super::plain::call;
use super::{finish, signature, stop_details, stop_sequence, usage};
use crate::answer::Answer;
use crate::delivery::piece_bytes;
use crate::event::Event;
use crate::family::{Meta, finish_word};
use crate::scenario::{FinishRule, Scenario, UsageRule};
use crate::tokens::pieces;
use crate::usage::reports;

/// Bytes of arguments in each delta unless the scenario says otherwise.
const ARGUMENT_BYTES: usize = 8;

/// The whole answer as events.
pub(crate) fn stream(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    let mut events = vec![start(answer, meta, scenario)];
    let mut blocks = Blocks { events: &mut events, index: 0 };
    let bytes = piece_bytes(scenario);
    if let Some(thinking) = &answer.reasoning {
        blocks.open(&json!({"type": "thinking", "thinking": "", "signature": ""}));
        for piece in pieces(thinking, bytes) {
            blocks.delta(&json!({"type": "thinking_delta", "thinking": piece}), Some(piece));
        }
        blocks.delta(&json!({"type": "signature_delta", "signature": signature(thinking)}), None);
        blocks.close();
    }
    if !answer.text.is_empty() {
        blocks.open(&json!({"type": "text", "text": "", "citations": null}));
        for piece in pieces(&answer.text, bytes) {
            blocks.delta(&json!({"type": "text_delta", "text": piece}), Some(piece));
        }
        blocks.close();
    }
    for made in &answer.calls {
        blocks.open(&call(made, meta, &json!({})));
        blocks.delta(&json!({"type": "input_json_delta", "partial_json": ""}), None);
        let bytes = scenario.answer.argument_bytes.unwrap_or(ARGUMENT_BYTES);
        for piece in pieces(&made.arguments.to_string(), bytes) {
            blocks.delta(&json!({"type": "input_json_delta", "partial_json": piece}), Some(piece));
        }
        blocks.close();
    }
    ending(&mut events, answer, scenario);
    events
}

/// The first event; like the real one it reports the input and one token of output.
fn start(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Event {
    let mut message = json!({
        "id": meta.id("msg_", 0),
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [],
        "container": null,
        "stop_reason": null,
        "stop_sequence": null,
        "stop_details": null,
    });
    let mode = scenario.usage.mode;
    let mut first = usage(answer);
    if mode != UsageRule::First
        && let Some(output) = first.get_mut("output_tokens")
    {
        *output = json!(answer.counts.completion.min(1));
    }
    let report = match mode {
        // Here the last report of the stream is the wrong one; the first stays right.
        UsageRule::Twice | UsageRule::Decreasing => Some(first),
        _ => reports(&first, mode).pop(),
    };
    if let Some(fields) = message.as_object_mut() {
        fields.extend(report.map(|report| ("usage".to_owned(), report)));
        if scenario.framing.role_missing {
            fields.remove("role");
        }
    }
    event("message_start", &json!({"message": message}))
}

fn ending(events: &mut Vec<Event>, answer: &Answer, scenario: &Scenario) {
    let reports = match scenario.usage.mode {
        UsageRule::First => Vec::new(),
        mode => reports(&usage(answer), mode),
    };
    let finish = finish_word(finish(answer), "elapsed", scenario);
    let delta = json!({
        "container": null,
        "stop_reason": finish,
        "stop_sequence": stop_sequence(answer),
        "stop_details": stop_details(answer),
    });
    let times = reports.len().max(if scenario.answer.finish == Some(FinishRule::Twice) { 2 } else { 1 });
    for at in 0..times {
        let mut fields = json!({"delta": delta});
        if let (Some(report), Some(fields)) = (reports.get(at).or(reports.last()), fields.as_object_mut()) {
            let mut report = report.clone();
            if let Some(report) = report.as_object_mut() {
                report.retain(|name, _| !matches!(name.as_str(), "cache_creation" | "service_tier" | "inference_geo"));
            }
            fields.insert("usage".to_owned(), report);
        }
        events.push(event("message_delta", &fields));
    }
    if scenario.framing.done != crate::scenario::DoneMark::Missing {
        events.push(event("message_stop", &json!({})));
    }
}

struct Blocks<'a> {
    events: &'a mut Vec<Event>,
    index: usize,
}

impl Blocks<'_> {
    fn open(&mut self, block: &Value) {
        self.events.push(event("content_block_start", &json!({"index": self.index, "content_block": block})));
        if self.index == 0 {
            self.events.push(event("ping", &json!({})));
        }
    }

    fn delta(&mut self, delta: &Value, piece: Option<&str>) {
        let mut event = event("content_block_delta", &json!({"index": self.index, "delta": delta}));
        event.piece = piece.map(str::to_owned);
        self.events.push(event);
    }

    fn close(&mut self) {
        self.events.push(event("content_block_stop", &json!({"index": self.index})));
        self.index += 1;
    }
}

/// An event whose data repeats its name as `type`.
fn event(name: &'static str, fields: &Value) -> Event {
    let mut data = json!({"type": name});
    if let (Some(data), Some(fields)) = (data.as_object_mut(), fields.as_object()) {
        data.extend(fields.clone());
    }
    Event::new(Some(name), &data)
}
