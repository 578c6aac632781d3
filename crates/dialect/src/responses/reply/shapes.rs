//! Small shapes that chat completions nest and Responses do not.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A citation: `{"type":"url_citation","url_citation":{…}}` becomes one flat object.
pub(crate) fn annotation(entry: &RawValue) -> Option<Box<RawValue>> {
    let fields: Map<String, Value> = serde_json::from_str(entry.get()).ok()?;
    let kind = fields.get("type")?.as_str()?.to_owned();
    let Some(Value::Object(inner)) = fields.get(&kind) else { return Some(entry.to_owned()) };
    let mut flat = Map::new();
    flat.insert("type".to_owned(), Value::String(kind.clone()));
    flat.extend(inner.clone());
    if kind == "url_citation" {
        for place in ["start_index", "end_index"] {
            flat.entry(place).or_insert(Value::from(0));
        }
        let url = flat.get("url").cloned().unwrap_or_default();
        flat.entry("title").or_insert(url);
    }
    to_raw_value(&flat).ok()
}

/// Token probabilities: the entries of `content`, each with the lists that this format demands.
pub(crate) fn logprobs(logprobs: &RawValue) -> Vec<Box<RawValue>> {
    let whole: Value = serde_json::from_str(logprobs.get()).unwrap_or_default();
    let entries = whole.get("content").and_then(Value::as_array).cloned().unwrap_or_default();
    entries.into_iter().filter_map(|entry| to_raw_value(&complete(entry)).ok()).collect()
}

fn complete(mut entry: Value) -> Value {
    let bytes = |token: &Map<String, Value>| {
        let text = token.get("token").and_then(Value::as_str).unwrap_or_default();
        Value::from(text.bytes().map(u64::from).collect::<Vec<_>>())
    };
    if let Some(token) = entry.as_object_mut() {
        if token.get("bytes").is_none_or(Value::is_null) {
            token.insert("bytes".to_owned(), bytes(token));
        }
        let others = token.entry("top_logprobs").or_insert_with(|| Value::Array(Vec::new()));
        for other in others.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            if other.get("bytes").is_none_or(Value::is_null) {
                other.insert("bytes".to_owned(), bytes(other));
            }
        }
    }
    entry
}

/// The address of a generated image.
pub(crate) fn image_url(image: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Image<'a> {
        #[serde(borrow)]
        image_url: Address<'a>,
    }
    #[derive(Deserialize)]
    struct Address<'a> {
        #[serde(borrow)]
        url: Cow<'a, str>,
    }
    let image: Image<'_> = serde_json::from_str(image.get()).ok()?;
    Some(image.image_url.url.into_owned())
}
