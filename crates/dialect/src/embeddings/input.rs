//! What is to be embedded.

use crate::canonical::request::RawObject;
use crate::chat::request::InvalidRequest;
use serde_json::value::RawValue;

/// Most inputs of one request.
const INPUTS_MAX: usize = 2_048;

/// One thing to embed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A text.
    Text(String),
    /// A text as token ids of the model's own vocabulary.
    Tokens(Vec<u32>),
}

impl Input {
    /// The text that stands for it where only its size matters.
    pub(crate) fn measure(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Tokens(tokens) => "...".repeat(tokens.len()),
        }
    }
}

fn wrong(path: &str, problem: &str) -> InvalidRequest {
    InvalidRequest::prompt(path, problem)
}

/// Reads `input`: a text, token ids, or a list of either.
///
/// # Errors
/// When it is empty, too long, mixed, or of another shape.
pub(crate) fn read(json: &str) -> Result<Vec<Input>, InvalidRequest> {
    if json.starts_with('"') {
        return Ok(vec![one(json, "input")?]);
    }
    let items: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|_ignored| wrong("input", "expected text, token ids, or a list of them"))?;
    let Some(first) = items.first() else { return Err(wrong("input", "must not be empty")) };
    if first.get().starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(vec![one(json, "input")?]);
    }
    if items.len() > INPUTS_MAX {
        return Err(wrong("input", &format!("more than {INPUTS_MAX} inputs")));
    }
    let inputs: Vec<Input> = items
        .iter()
        .enumerate()
        .map(|(index, item)| one(item.get(), &format!("input[{index}]")))
        .collect::<Result<_, _>>()?;
    let texts = inputs.iter().filter(|input| matches!(input, Input::Text(_))).count();
    if texts != 0 && texts != inputs.len() {
        return Err(wrong("input", "texts and token ids cannot be mixed"));
    }
    Ok(inputs)
}

fn one(json: &str, path: &str) -> Result<Input, InvalidRequest> {
    if json.starts_with('{') {
        return content(json, path);
    }
    if json.starts_with('[') {
        let tokens: Vec<u32> =
            serde_json::from_str(json).map_err(|_ignored| wrong(path, "token ids must be integers from 0"))?;
        return if tokens.is_empty() { Err(wrong(path, "must not be empty")) } else { Ok(Input::Tokens(tokens)) };
    }
    let text: String = serde_json::from_str(json).map_err(|_ignored| wrong(path, "expected text or token ids"))?;
    if text.is_empty() { Err(wrong(path, "must not be empty")) } else { Ok(Input::Text(text)) }
}

/// `{"content":[…]}` with text parts; other media have no provider here that could embed them.
fn content(json: &str, path: &str) -> Result<Input, InvalidRequest> {
    let expected = || wrong(path, "expected content with text parts");
    let fields: RawObject<'_> = serde_json::from_str(json).map_err(|_ignored| expected())?;
    let parts = fields.get("content").ok_or_else(expected)?;
    let parts: Vec<RawObject<'_>> = serde_json::from_str(parts.get()).map_err(|_ignored| expected())?;
    let mut texts = Vec::with_capacity(parts.len());
    for part in &parts {
        let text = part.get("text").and_then(|text| serde_json::from_str::<String>(text.get()).ok());
        texts.push(text.ok_or_else(|| wrong(path, "only text can be embedded"))?);
    }
    let text = texts.join("\n");
    if text.is_empty() { Err(wrong(path, "must not be empty")) } else { Ok(Input::Text(text)) }
}
