//! The wire types of a Messages request, borrowed from the caller's body.

use crate::canonical::request::{Raw, Text};
use serde::Deserialize;

/// One entry of `messages`.
#[derive(Debug, Deserialize)]
pub(super) struct Turn<'a> {
    #[serde(borrow)]
    pub(super) role: Text<'a>,
    /// A string or a list of blocks.
    #[serde(borrow, default)]
    pub(super) content: Option<Raw<'a>>,
}

/// A content block; which fields are there depends on its type.
#[derive(Debug, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) cache_control: Option<Raw<'a>>,
    /// An object for images and documents, a string for search results.
    #[serde(borrow, default)]
    pub(super) source: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) context: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_use_id: Option<Text<'a>>,
    /// A string or a list of blocks.
    #[serde(borrow, default)]
    pub(super) content: Option<Raw<'a>>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) input: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Text<'a>>,
}

/// Where an image or a document comes from.
#[derive(Debug, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) media_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) file_id: Option<Text<'a>>,
    /// A string or a list of blocks.
    #[serde(borrow, default)]
    pub(super) content: Option<Raw<'a>>,
}

/// A tool.
#[derive(Debug, Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) description: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) input_schema: Option<Raw<'a>>,
    #[serde(default)]
    pub(super) strict: Option<bool>,
    #[serde(borrow, default)]
    pub(super) cache_control: Option<Raw<'a>>,
}

/// Which tool the model must call.
#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) disable_parallel_tool_use: Option<bool>,
}

/// How much the model shall think.
#[derive(Debug, Deserialize)]
pub(super) struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) budget_tokens: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub(super) display: Option<Text<'a>>,
}

/// Effort and form of the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OutputConfig<'a> {
    #[serde(borrow)]
    pub(super) effort: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) format: Option<OutputFormat<'a>>,
}

/// The form of the answer.
#[derive(Debug, Deserialize)]
pub(super) struct OutputFormat<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) schema: Option<Raw<'a>>,
}
