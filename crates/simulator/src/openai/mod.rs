//! The OpenAI family: chat completions, embeddings, models.
//!
//! Sources: type files of the PyPI package `openai` 3.52.0, read 2026-11-21; error texts as the public API words them.

mod completions;
mod embed;
mod error;
mod plain;
mod read;
mod responses;
mod rules;
mod shapes;
mod stream;

pub(crate) use embed::embed;
pub(crate) use error::error;
pub(crate) use responses::error_event as response_error;
pub(crate) use rules::validate;

use serde_json::{Value, json};

use crate::answer::{Answer, Finish};
use crate::ask::Ask;
use crate::event::Event;
use crate::family::{Incoming, Meta, Operation};
use crate::scenario::Scenario;

/// Build that every answer claims to come from.
const FINGERPRINT: &str = "fp_simulator";

/// Reads a request in any of the family's forms.
pub(crate) fn read(incoming: &Incoming<'_>) -> Ask {
    match incoming.operation {
        Operation::Complete => completions::read(incoming.body),
        Operation::Respond => responses::read(incoming.body),
        _ => read::read(incoming.body),
    }
}

/// The whole answer as one document, in the form that was asked for.
pub(crate) fn plain(answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
    match meta.operation {
        Operation::Complete => completions::plain(answer, meta, scenario),
        Operation::Respond => responses::plain(answer, meta, scenario),
        _ => plain::plain(answer, meta, scenario),
    }
}

/// The whole answer as events, in the form that was asked for.
pub(crate) fn stream(answer: &Answer, ask: &Ask, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
    match meta.operation {
        Operation::Complete => completions::stream(answer, ask, meta, scenario),
        Operation::Respond => responses::stream(answer, meta, scenario),
        _ => stream::stream(answer, ask, meta, scenario),
    }
}

/// One entry of the model list.
pub(crate) fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_750_000_000, "owned_by": "simulator"})
}

fn finish(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop | Finish::Refused | Finish::Sequence(_) => "stop",
        Finish::Length => "length",
        Finish::Calls => "tool_calls",
        Finish::Filtered => "content_filter",
    }
}

fn usage(answer: &Answer) -> Value {
    let counts = &answer.counts;
    json!({
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "prompt_tokens_details": {
            "cached_tokens": counts.cached,
            "cache_write_tokens": counts.cache_write + counts.cache_write_1h,
            "audio_tokens": counts.audio,
            "image_tokens": counts.image,
        },
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "audio_tokens": counts.audio_output,
            "image_tokens": counts.image_output,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
