//! A chat completion as chunks.

use serde_json::{Map, Value, json};

use super::{FINGERPRINT, finish, usage};
use crate::answer::{Answer, Made};
use crate::ask::Ask;
use crate::event::Event;
use crate::family::{Meta, finish_word};
use crate::scenario::{DoneMark, FinishRule, Fragments, Scenario, UsageRule};
use crate::tokens::pieces;
use crate::usage::reports;

/// Bytes of arguments in each fragment unless the scenario says otherwise.
const ARGUMENT_BYTES: usize = 8;

/// The whole answer as chunks, the end mark included.
pub(crate) fn stream(answer: &Answer, ask: &Ask, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    let chunks = Chunks { answer, ask, meta, scenario };
    let mut events = Vec::new();
    for index in 0..answer.choices {
        chunks.choice(&mut events, index);
    }
    chunks.ending(&mut events);
    events
}

struct Chunks<'a> {
    answer: &'a Answer,
    ask: &'a Ask,
    meta: &'a Meta,
    scenario: &'a Scenario,
}

impl Chunks<'_> {
    fn choice(&self, events: &mut Vec<Event>, index: u64) {
        let reports_first = self.scenario.usage.mode == UsageRule::First && index == 0;
        let opening = match (self.scenario.framing.role_missing, self.answer.calls.is_empty()) {
            (true, _) => json!({"content": ""}),
            (false, true) => json!({"role": "assistant", "content": "", "refusal": null}),
            (false, false) => json!({"role": "assistant", "content": null}),
        };
        let usage = reports_first.then(|| usage(self.answer));
        events.push(Event::new(self.name(), &self.chunk(index, &opening, None, usage)));
        let bytes = self.piece_bytes();
        let say = |events: &mut Vec<Event>, field: &str, text: &str| {
            for piece in pieces(text, bytes) {
                let chunk = self.chunk(index, &json!({ field: piece }), None, None);
                events.push(Event::content(self.name(), &chunk, piece));
            }
        };
        if let Some(reasoning) = &self.answer.reasoning {
            say(events, "reasoning_content", reasoning);
        }
        if self.scenario.framing.empty_choices {
            events.push(Event::new(self.name(), &self.envelope(&[], None)));
        }
        say(events, if self.answer.refused { "refusal" } else { "content" }, &self.answer.text);
        for (fragments, piece) in self.fragments() {
            let chunk = self.chunk(index, &json!({ "tool_calls": fragments }), None, None);
            events.push(Event::content(self.name(), &chunk, &piece));
        }
        if let Some(word) = finish_word(finish(self.answer), "eos", self.scenario) {
            let twice = self.scenario.answer.finish == Some(FinishRule::Twice);
            for _ in 0..=u8::from(twice) {
                events.push(Event::new(self.name(), &self.chunk(index, &json!({}), Some(&word), None)));
            }
        }
    }

    fn ending(&self, events: &mut Vec<Event>) {
        let wanted = self.ask.include_usage && self.scenario.usage.mode != UsageRule::First;
        let mut last: Vec<Event> = Vec::new();
        if wanted {
            for report in reports(&usage(self.answer), self.scenario.usage.mode) {
                last.push(Event::new(self.name(), &self.envelope(&[], Some(report))));
            }
        }
        let done = Event::raw("[DONE]");
        match self.scenario.framing.done {
            DoneMark::Missing => events.extend(last),
            DoneMark::Once => events.extend(last.into_iter().chain([done])),
            DoneMark::Twice => events.extend(last.into_iter().chain([done.clone(), done])),
            DoneMark::BeforeUsage => events.extend(std::iter::once(done).chain(last)),
            DoneMark::DataAfter => {
                let late = self.chunk(0, &json!({"content": "late"}), None, None);
                events.extend(last.into_iter().chain([done, Event::new(self.name(), &late)]));
            }
        }
    }

    fn name(&self) -> Option<&'static str> {
        self.scenario.framing.event_names.then_some("chat.completion.chunk")
    }

    fn piece_bytes(&self) -> usize {
        crate::delivery::piece_bytes(self.scenario)
    }

    fn chunk(&self, index: u64, delta: &Value, finish: Option<&str>, usage: Option<Value>) -> Value {
        let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
        self.envelope(&[choice], usage)
    }

    fn envelope(&self, choices: &[Value], usage: Option<Value>) -> Value {
        let mut chunk = json!({
            "id": self.meta.id("chatcmpl-", 0),
            "object": "chat.completion.chunk",
            "created": self.meta.created,
            "model": self.answer.model,
            "service_tier": self.answer.tier,
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
        });
        if let Some(fields) = chunk.as_object_mut()
            && (usage.is_some() || self.ask.include_usage)
        {
            fields.insert("usage".to_owned(), usage.unwrap_or(Value::Null));
        }
        chunk
    }

    /// The fragments of all calls, chunk by chunk, with the piece of arguments each chunk carries.
    fn fragments(&self) -> Vec<(Vec<Value>, String)> {
        let rule = self.scenario.answer.fragments;
        let per_call: Vec<Vec<(Vec<Value>, String)>> =
            self.answer.calls.iter().map(|made| self.call_fragments(made, rule)).collect();
        if rule != Some(Fragments::Interleaved) {
            return per_call.into_iter().flatten().collect();
        }
        let longest = per_call.iter().map(Vec::len).max().unwrap_or(0);
        (0..longest).flat_map(|at| per_call.iter().filter_map(move |fragments| fragments.get(at).cloned())).collect()
    }

    fn call_fragments(&self, made: &Made, rule: Option<Fragments>) -> Vec<(Vec<Value>, String)> {
        let id = self.meta.id("call_", made.ordinal);
        let arguments = made.arguments.to_string();
        let index = match rule {
            Some(Fragments::IndexMissing) => None,
            Some(Fragments::IndexAllZero) => Some(0),
            _ => Some(made.ordinal),
        };
        let part = |id: Option<&str>, name: Option<&str>, arguments: Option<&str>| {
            let mut function = Map::new();
            function.extend(name.map(|name| ("name".to_owned(), json!(name))));
            function.extend(arguments.map(|text| ("arguments".to_owned(), json!(text))));
            let mut part = Map::new();
            part.extend(index.map(|index| ("index".to_owned(), json!(index))));
            part.extend(id.map(|id| ("id".to_owned(), json!(id))));
            if id.is_some_and(|id| !id.is_empty()) {
                part.insert("type".to_owned(), json!("function"));
            }
            part.insert("function".to_owned(), Value::Object(function));
            Value::Object(part)
        };
        let head_id = (rule != Some(Fragments::IdMissing)).then_some(id.as_str());
        let name = made.name.as_str();
        let bytes = self.scenario.answer.argument_bytes.unwrap_or(ARGUMENT_BYTES);
        let rest = pieces(&arguments, bytes);
        let later = |piece: &str| match rule {
            Some(Fragments::IdBlank) => part(Some(""), None, Some(piece)),
            Some(Fragments::IdRepeated | Fragments::IndexAllZero) => part(Some(&id), None, Some(piece)),
            Some(Fragments::NameRepeated) => part(None, Some(name), Some(piece)),
            _ => part(None, None, Some(piece)),
        };
        let mut chunks = Vec::new();
        let mut rest = rest.into_iter();
        match rule {
            Some(Fragments::Whole) => {
                return vec![(vec![part(head_id, Some(name), Some(&arguments))], arguments.clone())];
            }
            Some(Fragments::SharedIndex) => {
                let first = rest.next().unwrap_or_default();
                chunks.push((vec![part(head_id, Some(name), Some("")), later(first)], first.to_owned()));
            }
            Some(Fragments::NameFirst) => {
                chunks.push((vec![part(None, Some(name), None)], String::new()));
                chunks.push((vec![part(head_id, None, Some(""))], String::new()));
            }
            _ => chunks.push((vec![part(head_id, Some(name), Some(""))], String::new())),
        }
        chunks.extend(rest.map(|piece| (vec![later(piece)], piece.to_owned())));
        chunks
    }
}
