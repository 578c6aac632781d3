//! The embeddings request.

use super::input::{self, Input};
use crate::chat::request::{ChatRequest, InvalidRequest, Limits, Top};
use crate::inbound::Origin;
use crate::upstream::json::Writer;
use bytes::Bytes;
use std::sync::Arc;

/// Fields that have the same meaning for every kind of request.
const SHARED: &[&str] =
    &["model", "models", "provider", "user", "session_id", "trace", "metadata", "preset", "pin", "max_cost", "explain"];
/// Longest vector that can be asked for.
const DIMENSIONS_MAX: u64 = 65_536;

/// What is to be embedded, and how the vectors shall look.
#[derive(Debug, Clone)]
pub struct EmbeddingsRequest {
    pub(crate) inputs: Vec<Input>,
    pub(crate) dimensions: Option<u64>,
    pub(crate) is_packed: bool,
    pub(crate) input_type: Option<String>,
}

/// Reads and checks an embeddings request.
///
/// # Errors
/// When the body is no JSON object within the limits, or a field holds what it must not.
pub fn parse(body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let text = String::from_utf8(body.into()).map_err(|_ignored| InvalidRequest::body("The body is not UTF-8"))?;
    let top = Top::read(&text, limits)?;
    let input = top.get("input").ok_or_else(|| InvalidRequest::prompt("input", "is required"))?;
    let request = EmbeddingsRequest {
        inputs: input::read(input.get())?,
        dimensions: read_dimensions(&top)?,
        is_packed: read_format(&top)?,
        input_type: read_text(&top, "input_type")?,
    };
    let mut out = Writer::with_capacity(text.len() + 64);
    out.begin_object();
    for (name, value) in top.iter().filter(|(name, _)| SHARED.contains(name)) {
        out.field_raw(name, value.get());
    }
    out.field_list("messages");
    out.begin_object();
    out.field_text("role", "user");
    out.field_text("content", &request.inputs.iter().map(Input::measure).collect::<Vec<_>>().join("\n"));
    out.end_object();
    out.end_list();
    out.end_object();
    let chat = crate::chat::request::parse(out.finish().into(), limits)?;
    Ok(chat.with_origin(Origin::Embeddings(Arc::new(request))))
}

fn read_dimensions(top: &Top<'_>) -> Result<Option<u64>, InvalidRequest> {
    let Some(value) = top.get("dimensions") else { return Ok(None) };
    match serde_json::from_str::<u64>(value.get()) {
        Ok(dimensions) if (1..=DIMENSIONS_MAX).contains(&dimensions) => Ok(Some(dimensions)),
        _ => Err(InvalidRequest::field("dimensions", format!("expected an integer from 1 to {DIMENSIONS_MAX}"))),
    }
}

fn read_format(top: &Top<'_>) -> Result<bool, InvalidRequest> {
    match read_text(top, "encoding_format")?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(_) => Err(InvalidRequest::field("encoding_format", "expected float or base64")),
    }
}

fn read_text(top: &Top<'_>, name: &str) -> Result<Option<String>, InvalidRequest> {
    let Some(value) = top.get(name) else { return Ok(None) };
    serde_json::from_str(value.get()).map(Some).map_err(|_ignored| InvalidRequest::field(name, "expected a string"))
}
