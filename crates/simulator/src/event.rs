//! One event of a stream, before it is framed.

use serde_json::Value;

/// An event: a name, its data, and what of the answer it carries.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// `event:` line, if the family has one.
    pub name: Option<&'static str>,
    /// Data on one line.
    pub data: String,
    /// The piece of text, reasoning or arguments in it; `None` when it carries no content.
    pub piece: Option<String>,
}

impl Event {
    /// An event that carries no content.
    pub(crate) fn new(name: Option<&'static str>, data: &Value) -> Self {
        Self { name, data: data.to_string(), piece: None }
    }

    /// An event that carries `piece`.
    pub(crate) fn content(name: Option<&'static str>, data: &Value, piece: &str) -> Self {
        Self { name, data: data.to_string(), piece: Some(piece.to_owned()) }
    }

    /// An event of raw data, such as an end mark.
    pub(crate) fn raw(data: &str) -> Self {
        Self { name: None, data: data.to_owned(), piece: None }
    }

    /// Whether it carries content.
    pub(crate) fn is_content(&self) -> bool {
        self.piece.is_some()
    }
}
