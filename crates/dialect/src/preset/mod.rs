//! Presets: a stored set of model, parameters and system prompt under the request's own fields.
//!
//! All of it is bytes to bytes. [`reference()`] finds out whether a body names a preset, [`merge()`] lays the body over it, and
//! [`content()`] takes from a body what a preset keeps. The merge is shallow: a field that the request has replaces the
//! preset's, whole. What the caller wrote is never written anew.

mod content;
mod merge;
mod reference;
mod tools;

pub use content::{Content, content};
pub use merge::merge;
pub use reference::{Reference, reference};

use crate::inbound::Dialect;

/// The form of a body: where its system prompt stands and how its tools look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Chat completions.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// OpenAI Responses.
    Responses,
}

impl From<Dialect> for Form {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Chat | Dialect::Completions | Dialect::Embeddings => Self::Chat,
            Dialect::Messages => Self::Messages,
            Dialect::Responses => Self::Responses,
        }
    }
}

/// Fields that mean the same thing: when the request has one of a group, the preset's fields of that group are left out.
const ALIASES: [&[&str]; 4] = [
    &["max_tokens", "max_completion_tokens", "max_output_tokens"],
    &["stop", "stop_sequences"],
    &["reasoning", "reasoning_effort", "thinking"],
    &["response_format", "text"],
];

/// The names under which a field counts as set, itself included.
fn aliases(name: &str) -> impl Iterator<Item = &str> {
    let group = ALIASES.iter().find(|group| group.contains(&name)).copied().unwrap_or_default();
    group.iter().copied().chain(std::iter::once(name))
}

#[cfg(test)]
mod tests;
