//! Vectors, as the provider and as the caller writes them.

use super::request::EmbeddingsRequest;
use crate::canonical::reply::{Choice, Finish, FinishReason, Reply, UpstreamError};
use crate::chat::reply::{Bill, Envelope};
use crate::upstream::json::Writer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::catalog::Family;
use domain::usage::{Usage, UsageSource};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct OpenAiBody {
    data: Vec<OpenAiVector>,
    model: Option<String>,
    #[serde(default)]
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct OpenAiVector {
    embedding: Box<RawValue>,
    #[serde(default)]
    index: Option<usize>,
}

#[derive(Deserialize)]
struct OpenAiUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
}

#[derive(Deserialize)]
struct GeminiBody {
    embeddings: Vec<GeminiVector>,
}

#[derive(Deserialize)]
struct GeminiVector {
    values: Box<RawValue>,
}

/// Reads the vectors in a provider's whole answer, in the order of the inputs. Gemini reports no usage.
///
/// # Errors
/// When the body is an error or holds no vectors.
pub(crate) fn decode(family: Family, json: &str) -> Result<Reply, UpstreamError> {
    let unreadable = |_error: serde_json::Error| UpstreamError::unreadable("the provider's answer holds no vectors");
    if family == Family::Gemini {
        let body: GeminiBody = serde_json::from_str(json).map_err(unreadable)?;
        let embeddings = body.embeddings.into_iter().map(|vector| vector.values).collect();
        return Ok(Reply { embeddings, choices: complete(), ..Reply::default() });
    }
    let mut body: OpenAiBody = serde_json::from_str(json).map_err(unreadable)?;
    body.data.sort_by_key(|vector| vector.index);
    let usage = body.usage.map(|usage| Usage {
        input_fresh: usage.prompt_tokens.max(usage.total_tokens).min(u64::from(u32::MAX)),
        source: UsageSource::Reported,
        ..Usage::default()
    });
    let embeddings = body.data.into_iter().map(|vector| vector.embedding).collect();
    Ok(Reply { embeddings, usage, model: body.model, choices: complete(), ..Reply::default() })
}

/// Vectors are an answer, though they hold no text: without an ending they would count as an empty one, which is free.
fn complete() -> Vec<Choice> {
    vec![Choice { finish: Finish { reason: FinishReason::Stop, native: Some("stop".to_owned()) }, ..Choice::default() }]
}

/// Writes the vectors as the body of a plain call.
#[must_use]
pub fn encode(request: Option<&EmbeddingsRequest>, reply: &Reply, envelope: &Envelope<'_>, bill: &Bill<'_>) -> Vec<u8> {
    let is_packed = request.is_some_and(|request| request.is_packed);
    let mut out =
        Writer::with_capacity(reply.embeddings.iter().map(|vector| vector.get().len() + 64).sum::<usize>() + 512);
    out.begin_object();
    out.field_text("object", "list");
    out.field_text("id", envelope.id);
    out.field_text("model", envelope.model);
    out.field_text("provider", envelope.provider);
    out.field_list("data");
    for (index, vector) in reply.embeddings.iter().enumerate() {
        out.begin_object();
        out.field_text("object", "embedding");
        out.field_plain("index", index);
        match packed(vector).filter(|_| is_packed) {
            Some(text) => out.field_text("embedding", &text),
            None => out.field_line("embedding", vector.get()),
        }
        out.end_object();
    }
    out.end_list();
    write_usage(bill, &mut out);
    if let Some(metadata) = envelope.metadata {
        out.field_line("openrouter_metadata", metadata.get());
    }
    out.end_object();
    out.finish()
}

/// Numbers as 32-bit floats, little-endian, in base64; `None` for what is packed already.
fn packed(vector: &RawValue) -> Option<String> {
    let numbers: Vec<f32> = serde_json::from_str(vector.get()).ok()?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Some(STANDARD.encode(bytes))
}

fn write_usage(bill: &Bill<'_>, out: &mut Writer) {
    out.field_object("usage");
    out.field_plain("prompt_tokens", bill.usage.prompt_tokens());
    out.field_plain("total_tokens", bill.usage.total_tokens());
    out.field_raw("cost", &bill.cost.to_usd());
    out.field_plain("is_byok", bill.is_byok);
    out.field_object("cost_details");
    out.field_raw("upstream_inference_cost", &bill.upstream_cost.to_usd());
    out.field_raw("upstream_inference_prompt_cost", &bill.prompt_cost.to_usd());
    out.field_raw("upstream_inference_completions_cost", &bill.completion_cost.to_usd());
    out.end_object();
    out.end_object();
}
