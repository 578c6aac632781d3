//! The Anthropic family: messages, token counts, models.
//!
//! Sources: type files of the PyPI package `anthropic` 2.11.0, read 2026-11-21; error texts as the public API words
//! them.

mod error;
mod plain;
mod read;
mod rules;
mod shapes;
mod stream;

pub(crate) use error::error;
pub(crate) use plain::plain;
pub(crate) use read::read;
pub(crate) use rules::validate;
pub(crate) use stream::stream;

use serde_json::{Value, json};

use crate::answer::{Answer, Finish};

/// One entry of the model list.
pub(crate) fn model(id: &str) -> Value {
    json!({
        "type": "model",
        "id": id,
        "display_name": id,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "deprecated_at": null,
        "retires_at": null,
        "line": null,
        "capabilities": null,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    })
}

fn finish(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Calls => "tool_use",
        Finish::Filtered | Finish::Refused => "refusal",
        Finish::Sequence(_) => "stop_sequence",
    }
}

fn stop_sequence(answer: &Answer) -> Option<&str> {
    match &answer.finish {
        Finish::Sequence(stop) => Some(stop),
        _ => None,
    }
}

fn stop_details(answer: &Answer) -> Value {
    match answer.finish {
        Finish::Filtered | Finish::Refused => {
            json!({"type": "refusal", "category": "general_harms", "explanation": null})
        }
        _ => Value::Null,
    }
}

/// The usage report: input excludes what was read from or written to a cache.
fn usage(answer: &Answer) -> Value {
    let counts = &answer.counts;
    let written = counts.cache_write + counts.cache_write_1h;
    json!({
        "input_tokens": counts.prompt.saturating_sub(counts.cached + written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": counts.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write,
            "ephemeral_1h_input_tokens": counts.cache_write_1h,
        },
        "output_tokens": counts.completion,
        "output_tokens_details": {"thinking_tokens": counts.reasoning},
        "service_tier": if answer.tier == "default" { "standard" } else { &answer.tier },
        "inference_geo": "not_available",
        "server_tool_use": (counts.web_searches > 0)
            .then(|| json!({"web_search_requests": counts.web_searches, "web_fetch_requests": 0})),
    })
}

/// The seal under a thinking block; a block sent back with our seal must still match it.
fn signature(thinking: &str) -> String {
    let digest = crate::observe::sha256(thinking.as_bytes());
    format!("{SEAL}{}", digest.get(..32).unwrap_or(&digest))
}

/// How our seals begin.
const SEAL: &str = "simulator-seal-";
