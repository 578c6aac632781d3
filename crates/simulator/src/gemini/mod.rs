//! The Gemini family: `generateContent`, `streamGenerateContent`, `countTokens`, embeddings, models.
//!
//! Sources: type files and request converters of the PyPI package `google-genai` 3.4.0, read 2026-11-21. That
//! package calls `/v1/models/…` unless told otherwise, older ones `/v1beta/models/…`; both paths are served. It
//! writes some field names in snake case, which the service accepts everywhere.

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

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::answer::{Answer, Finish};
use crate::openai::embed;

/// One entry of the model list.
pub(crate) fn model(id: &str) -> Value {
    json!({
        "name": format!("models/{id}"),
        "version": "001",
        "displayName": id,
        "description": "A simulated model.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent"],
    })
}

/// Answers `embedContent` and `batchEmbedContents`; also returns the prompt tokens.
pub(crate) fn embeddings(body: &Value) -> (Value, u64) {
    let one = |request: &Value| {
        let text = crate::ask::text_of(request.pointer("/content/parts").unwrap_or(&Value::Null));
        let (whole, used) = embed(&json!({"input": text, "dimensions": request.get("outputDimensionality")}), "");
        let values = whole.pointer("/data/0/embedding").cloned().unwrap_or_default();
        (json!({"values": values}), used)
    };
    match body.get("requests").and_then(Value::as_array) {
        Some(requests) => {
            let (vectors, used): (Vec<Value>, Vec<u64>) = requests.iter().map(one).unzip();
            (json!({"embeddings": vectors}), used.iter().sum())
        }
        None => {
            let (vector, used) = one(body);
            (json!({"embedding": vector}), used)
        }
    }
}

fn finish(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop | Finish::Calls | Finish::Sequence(_) => "STOP",
        Finish::Length => "MAX_TOKENS",
        Finish::Filtered => "SAFETY",
        Finish::Refused => "PROHIBITED_CONTENT",
    }
}

/// The usage report when `said` of the visible output tokens have been sent.
fn usage(answer: &Answer, said: u64) -> Value {
    let counts = &answer.counts;
    let mut details = Vec::new();
    let text = counts.prompt.saturating_sub(counts.image + counts.audio);
    for (modality, tokens) in [("TEXT", text), ("IMAGE", counts.image), ("AUDIO", counts.audio)] {
        if tokens > 0 {
            details.push(json!({"modality": modality, "tokenCount": tokens}));
        }
    }
    let mut usage = json!({
        "promptTokenCount": counts.prompt,
        "candidatesTokenCount": said,
        "totalTokenCount": counts.prompt + said + counts.reasoning,
        "promptTokensDetails": details,
    });
    if let Some(fields) = usage.as_object_mut() {
        let media = [("IMAGE", counts.image_output), ("AUDIO", counts.audio_output)];
        let media: Vec<Value> = media
            .into_iter()
            .filter(|(_, tokens)| *tokens > 0 && said == visible(answer))
            .map(|(modality, tokens)| json!({"modality": modality, "tokenCount": tokens}))
            .collect();
        if !media.is_empty() {
            fields.insert("candidatesTokensDetails".to_owned(), json!(media));
        }
        if counts.reasoning > 0 {
            fields.insert("thoughtsTokenCount".to_owned(), json!(counts.reasoning));
        }
        if counts.cached > 0 {
            fields.insert("cachedContentTokenCount".to_owned(), json!(counts.cached));
            fields.insert("cacheTokensDetails".to_owned(), json!([{"modality": "TEXT", "tokenCount": counts.cached}]));
        }
    }
    usage
}

/// Visible output tokens: all but the reasoning.
fn visible(answer: &Answer) -> u64 {
    answer.counts.completion.saturating_sub(answer.counts.reasoning)
}

/// The signature that comes with a part after thinking.
fn signature(text: &str) -> String {
    STANDARD.encode(crate::observe::sha256(text.as_bytes()))
}

/// States the tier that served, as the service does in its head.
pub(crate) fn name_tier(headers: &mut HeaderMap, answer: &Answer) {
    let tier = if answer.tier == "default" { "standard" } else { &answer.tier };
    match HeaderValue::from_str(tier) {
        Ok(tier) => drop(headers.insert("x-gemini-service-tier", tier)),
        Err(error) => tracing::debug!(%error, "tier left out"),
    }
}
