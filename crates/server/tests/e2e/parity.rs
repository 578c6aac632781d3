//! Promise M11: the same usage costs the same, whatever the caller's dialect, the provider's format and the form of the answer.

use simulator::Family;
use testkit::{Answer, AppBuilder, Ask, nanos};

mod table;
mod tiers;

use serde_json::{Value, json};

/// The provider formats: name of the provider, the simulator's family, the format's name and the path below the address.
pub const FORMATS: [(&str, Family, &str, &str); 4] = [
    ("chat-like", Family::OpenAi, "openai", "/v1"),
    ("responses-like", Family::OpenAi, "openai-responses", "/v1"),
    ("anthropic-like", Family::Anthropic, "anthropic", ""),
    ("gemini-like", Family::Gemini, "gemini", "/v1beta"),
];

/// The dialects in.
pub const DIALECTS: [Dialect; 4] = [Dialect::Chat, Dialect::Responses, Dialect::Messages, Dialect::Completions];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Chat,
    Responses,
    Messages,
    Completions,
}

/// Adds a simulated provider of every format.
pub async fn every_format(mut builder: AppBuilder) -> AppBuilder {
    for (slug, _, format, path) in FORMATS {
        builder = builder.simulated_as(slug, format, path).await;
    }
    builder
}

/// The smallest PNG: one transparent pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// The same short question with so many images in a dialect; `None` where the dialect has no images.
pub fn question(dialect: Dialect, model: &str, images: usize, stream: bool, more: &Value) -> Option<Ask> {
    let address = format!("data:image/png;base64,{PIXEL}");
    let (path, limit, name, content) = match dialect {
        Dialect::Chat => {
            let image = json!({"type": "image_url", "image_url": {"url": address}});
            ("/api/v1/chat/completions", "max_tokens", "messages", said("text", &image, images))
        }
        Dialect::Responses => {
            let image = json!({"type": "input_image", "image_url": address, "detail": "auto"});
            ("/api/v1/responses", "max_output_tokens", "input", said("input_text", &image, images))
        }
        Dialect::Messages => {
            let source = json!({"type": "base64", "media_type": "image/png", "data": PIXEL});
            let image = json!({"type": "image", "source": source});
            ("/api/v1/messages", "max_tokens", "messages", said("text", &image, images))
        }
        Dialect::Completions if images > 0 => return None,
        Dialect::Completions => ("/api/v1/completions", "max_tokens", "prompt", json!("look")),
    };
    let mut body = json!({"model": model, "stream": stream, limit: 4000, name: content});
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    Some(Ask::json("POST", path, &body))
}

fn said(kind: &str, image: &Value, images: usize) -> Value {
    let mut parts = vec![json!({"type": kind, "text": "look"})];
    parts.extend(std::iter::repeat_n(image.clone(), images));
    json!([{"role": "user", "content": parts}])
}

/// The one document or the events of an answer.
fn documents(answer: &Answer) -> Vec<Value> {
    serde_json::from_slice(&answer.body).map_or_else(|_events| answer.events(), |whole| vec![whole])
}

/// The last of something in an answer: beside the answer's own fields, or within the response of an event.
fn last_of(answer: &Answer, pointer: &str) -> Option<Value> {
    let nested = format!("/response{pointer}");
    let found = |document: &Value| document.pointer(pointer).or_else(|| document.pointer(&nested)).cloned();
    documents(answer).iter().rev().find_map(found)
}

/// The cost that an answer shows, in nano-dollars.
fn cost(answer: &Answer) -> i64 {
    nanos(&last_of(answer, "/usage/cost").unwrap_or_else(|| panic!("no cost in {}", answer.text())))
}
