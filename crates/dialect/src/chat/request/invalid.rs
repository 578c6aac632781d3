//! Why a request is refused, and the limits that it is held to.

use domain::error_kind::ErrorKind;

/// Longest message, in characters.
const MESSAGE_MAX: usize = 200;
/// Longest piece of the caller's input that a message repeats, in characters.
const ECHO_MAX: usize = 100;

/// A request that cannot be served as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidRequest {
    /// `InvalidRequest`, `InvalidPrompt` for messages, `InvalidImage`, or `PayloadTooLarge`.
    pub kind: ErrorKind,
    /// What is wrong, at most 200 characters, repeating at most 100 characters of input.
    pub message: String,
    /// The field that is wrong, e.g. `temperature` or `messages[3].content`.
    pub param: Option<String>,
}

impl InvalidRequest {
    /// The whole body is at fault.
    pub(crate) fn body(message: impl AsRef<str>) -> Self {
        Self { kind: ErrorKind::InvalidRequest, message: clip(message.as_ref(), MESSAGE_MAX), param: None }
    }

    /// One top-level field is at fault.
    pub(crate) fn field(name: &str, problem: impl AsRef<str>) -> Self {
        Self::at(ErrorKind::InvalidRequest, name, problem)
    }

    /// A message is at fault.
    pub(crate) fn prompt(path: &str, problem: impl AsRef<str>) -> Self {
        Self::at(ErrorKind::InvalidPrompt, path, problem)
    }

    /// An image is at fault.
    pub(crate) fn image(path: &str, problem: impl AsRef<str>) -> Self {
        Self::at(ErrorKind::InvalidImage, path, problem)
    }

    fn at(kind: ErrorKind, path: &str, problem: impl AsRef<str>) -> Self {
        let path = clip(path, ECHO_MAX);
        let message = clip(&format!("{path}: {}", problem.as_ref()), MESSAGE_MAX);
        Self { kind, message, param: Some(path) }
    }
}

/// The first `most` characters of `text` without control characters, for messages that repeat input.
pub(crate) fn clip(text: &str, most: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

/// Repeats input in a message: clipped to 100 characters.
pub(crate) fn echo(text: &str) -> String {
    clip(text, ECHO_MAX)
}

/// The parser's words without the caller's: it quotes the value that it did not expect, which may be a whole prompt.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = without_types(error.to_string());
    let quote = if text.starts_with("unknown variant `") { ", expected" } else { "\"" };
    let (first, last) = match quote {
        "\"" => (text.find('"'), text.rfind('"').map(|at| at + 1)),
        after => (text.find(" `"), text.find(after)),
    };
    match (first, last) {
        (Some(first), Some(last)) if first < last => {
            format!("{}{}", text.get(..first).unwrap_or_default().trim_end(), text.get(last..).unwrap_or_default())
        }
        _ => text,
    }
}

/// The parser names the type that it wanted to make of an object; callers know no such types.
fn without_types(text: String) -> String {
    let Some((before, named)) = text.split_once("expected struct ") else { return text };
    let after = named.split_once(' ').map_or(String::new(), |(_type, after)| format!(" {after}"));
    format!("{before}expected an object{after}")
}

/// How large a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested objects and lists, the body itself included.
    pub depth: usize,
    /// Values in the whole body, counted roughly.
    pub nodes: usize,
    /// Top-level fields.
    pub fields: usize,
    /// Bytes of one object key.
    pub key_bytes: usize,
    /// Messages.
    pub messages: usize,
    /// Tools.
    pub tools: usize,
    /// Images in all messages together.
    pub images: usize,
    /// Fallback models.
    pub models: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            nodes: 200_000,
            fields: 256,
            key_bytes: 64 * 1024,
            messages: 100_000,
            tools: 128,
            images: 64,
            models: 32,
        }
    }
}
