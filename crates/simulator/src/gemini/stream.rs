//! An answer as a stream of partial responses, each with the usage so far.

use serde_json::{Value, json};

use super::plain::{call, candidate, envelope};
use super::{finish, signature, usage, visible};
use crate::answer::Answer;
use crate::delivery::piece_bytes;
use crate::event::Event;
use crate::family::{Meta, finish_word};
use crate::scenario::{FinishRule, Scenario, UsageRule};
use crate::tokens::{count, pieces};
use crate::usage::{report, reports};

/// The whole answer as partial responses; the last one of each candidate has the finish reason.
pub(crate) fn stream(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    let mut events = Vec::new();
    for index in 0..answer.choices {
        let parts = parts(answer, meta, scenario);
        let mut said = 0;
        for (part, piece, tokens) in parts {
            said += tokens;
            let right = usage(answer, said.min(visible(answer)));
            let running = match scenario.usage.mode {
                UsageRule::First if !events.is_empty() => None,
                UsageRule::First => Some(usage(answer, visible(answer))),
                mode => report(&right, mode),
            };
            let whole = envelope(answer, meta, &[candidate(index, &[part], None)], running);
            events.push(Event::content(None, &whole, &piece));
        }
        if scenario.framing.empty_choices {
            events.push(Event::new(None, &envelope(answer, meta, &[], None)));
        }
        last(&mut events, answer, meta, scenario, index);
    }
    events
}

/// The end of a candidate: an empty text, as the service sends it, with finish reason and full usage.
fn last(events: &mut Vec<Event>, answer: &Answer, meta: &Meta, scenario: &Scenario, index: u64) {
    let word = finish_word(finish(answer), "ELAPSED", scenario);
    let part = match &answer.reasoning {
        Some(thought) if answer.calls.is_empty() => json!({"text": "", "thoughtSignature": signature(thought)}),
        _ => json!({"text": ""}),
    };
    let reports = match scenario.usage.mode {
        UsageRule::First => Vec::new(),
        mode => reports(&usage(answer, visible(answer)), mode),
    };
    let times = reports.len().max(if scenario.answer.finish == Some(FinishRule::Twice) { 2 } else { 1 });
    for at in 0..times {
        let usage = reports.get(at).or(reports.last()).cloned();
        let candidates = [candidate(index, std::slice::from_ref(&part), word.as_deref())];
        events.push(Event::new(None, &envelope(answer, meta, &candidates, usage)));
    }
}

/// Parts in order, each with its visible piece and the tokens it counts for.
fn parts(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Vec<(Value, String, u64)> {
    let bytes = piece_bytes(scenario);
    let mut parts: Vec<(Value, String, u64)> = Vec::new();
    for piece in pieces(answer.reasoning.as_deref().unwrap_or_default(), bytes) {
        parts.push((json!({"text": piece, "thought": true}), piece.to_owned(), 0));
    }
    let text = if answer.refused { "" } else { answer.text.as_str() };
    for piece in pieces(text, bytes) {
        parts.push((json!({"text": piece}), piece.to_owned(), count(piece)));
    }
    for made in &answer.calls {
        let arguments = made.arguments.to_string();
        let tokens = count(&made.name) + count(&arguments);
        parts.push((call(made, meta, answer), arguments, tokens));
    }
    parts
}
