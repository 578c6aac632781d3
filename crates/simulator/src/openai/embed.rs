//! Embeddings: vectors made from a hash, so that equal texts have equal vectors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::tokens;

/// Length of a vector unless the request says otherwise.
const DIMENSIONS: usize = 16;

/// Longest vector made.
const DIMENSIONS_MAX: usize = 4096;

/// Answers an embedding request; also returns its prompt tokens.
pub(crate) fn embed(body: &Value, model: &str) -> (Value, u64) {
    let inputs = inputs(body.get("input").unwrap_or(&Value::Null));
    let wanted = body.get("dimensions").and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
    let length = wanted.unwrap_or(DIMENSIONS).clamp(1, DIMENSIONS_MAX);
    let as_text = body.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, (text, _))| {
            let vector = vector(text, length);
            let embedding = if as_text { packed(&vector) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let used: u64 = inputs.iter().map(|(_, tokens)| tokens).sum();
    let whole = json!({
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    });
    (whole, used)
}

/// The texts to embed, each with its tokens; a list of numbers is one text of so many tokens.
fn inputs(input: &Value) -> Vec<(String, u64)> {
    let one = |value: &Value| match value {
        Value::String(text) => (text.clone(), tokens::count(text)),
        Value::Array(numbers) => (value.to_string(), u64::try_from(numbers.len()).unwrap_or(u64::MAX)),
        other => (other.to_string(), 1),
    };
    match input {
        Value::Array(entries) if !entries.iter().all(Value::is_number) => entries.iter().map(one).collect(),
        other => vec![one(other)],
    }
}

/// A unit vector that depends on nothing but `text`.
pub(crate) fn vector(text: &str, length: usize) -> Vec<f32> {
    let raw: Vec<f32> = (0..length)
        .map(|at| {
            let digest = crate::observe::sha256(format!("{at}/{text}").as_bytes());
            let head = digest.get(..4).and_then(|head| u16::from_str_radix(head, 16).ok()).unwrap_or(0);
            f32::from(head) / 32_768.0 - 1.0
        })
        .collect();
    let norm = raw.iter().map(|part| part * part).sum::<f32>().sqrt().max(f32::EPSILON);
    raw.iter().map(|part| part / norm).collect()
}

fn packed(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|part| part.to_le_bytes()).collect();
    Value::String(STANDARD.encode(bytes))
}
