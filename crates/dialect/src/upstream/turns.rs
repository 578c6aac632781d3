//! A conversation as formats with two speakers want it: system text apart, then turns that alternate.

use super::{Change, Notes};
use crate::canonical::request::{Content, Message, Part, Role};

/// Messages in the order in which a two-speaker format takes them.
#[derive(Debug)]
pub(crate) struct Conversation<'m, 'r> {
    /// The system and developer messages that come before anything else.
    pub(crate) system: Vec<&'m Message<'r>>,
    /// Turns; neighbours never have the same speaker.
    pub(crate) turns: Vec<Turn<'m, 'r>>,
}

/// Everything that one side says before the other side speaks.
#[derive(Debug)]
pub(crate) struct Turn<'m, 'r> {
    /// The model speaks; else the user's side: people, tools, later system messages.
    pub(crate) is_model: bool,
    /// The messages with their index in the request; tool answers first, because they must follow the calls directly.
    pub(crate) messages: Vec<(usize, &'m Message<'r>)>,
}

/// Sorts messages into system text and turns. Messages without any content are left out, since providers refuse them.
///
/// A conversation of nothing but system messages keeps its last one as the user's turn: two-speaker formats need one.
pub(crate) fn arrange<'m, 'r>(messages: &'m [Message<'r>], notes: &mut Notes) -> Conversation<'m, 'r> {
    let mut leading = messages.iter().take_while(|message| is_system(message)).count();
    if leading == messages.len() {
        leading = leading.saturating_sub(1);
        notes.add("messages", Change::Translated, "the last system message became the user's turn");
    } else if messages.iter().skip(leading).any(is_system) {
        notes.add("messages", Change::Translated, "later system messages became marked user text");
    }
    let mut turns: Vec<Turn<'m, 'r>> = Vec::new();
    for (index, message) in messages.iter().enumerate().skip(leading).filter(|(_, message)| says_something(message)) {
        let is_model = message.role == Role::Assistant;
        match turns.last_mut().filter(|turn| turn.is_model == is_model) {
            Some(turn) => turn.messages.push((index, message)),
            None => turns.push(Turn { is_model, messages: vec![(index, message)] }),
        }
    }
    for turn in &mut turns {
        turn.messages.sort_by_key(|(_, message)| message.role != Role::Tool);
    }
    Conversation { system: messages.iter().take(leading).collect(), turns }
}

/// System and developer speak for the operator.
pub(crate) fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

fn says_something(message: &Message<'_>) -> bool {
    let content = match &message.content {
        Content::Absent => false,
        Content::Text(text) => !is_blank(text),
        Content::Parts(parts) => parts.iter().any(|part| !is_empty_part(part)),
    };
    let is_tool = message.role == Role::Tool;
    is_tool || content || !message.calls().is_empty() || message.refusal.as_deref().is_some_and(|text| !is_blank(text))
}

/// Text that providers refuse as empty.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// A text part that providers refuse as empty.
pub(crate) fn is_empty_part(part: &Part<'_>) -> bool {
    part.as_text().is_some_and(is_blank)
}

/// A tool call's arguments as a JSON object.
pub(crate) enum Arguments<'a> {
    /// The caller's text is a JSON object already.
    Object(&'a str),
    /// No text: no arguments.
    Empty,
    /// Anything else; it travels as text under `_raw`, so that nothing is lost and the provider gets an object.
    Text(&'a str),
}

impl<'a> Arguments<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Self::Empty;
        }
        let is_object = trimmed.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok();
        if is_object { Self::Object(trimmed) } else { Self::Text(text) }
    }

    /// Writes the object as the value of `name`.
    pub(crate) fn write(&self, name: &str, out: &mut super::json::Writer) {
        match self {
            Self::Object(json) => out.field_raw(name, json),
            Self::Empty => out.field_raw(name, "{}"),
            Self::Text(text) => {
                out.field_object(name);
                out.field_text("_raw", text);
                out.end_object();
            }
        }
    }
}

/// Marks a system message that stands inside the conversation, for formats that know only one at the start.
pub(crate) const SYSTEM_OPEN: &str = "<system>\n";
/// Ends the mark.
pub(crate) const SYSTEM_CLOSE: &str = "\n</system>";

/// What a model without enforced schemas is told, before the schema itself.
pub(crate) const SCHEMA_INSTRUCTION: &str =
    "Answer with one JSON value that conforms to this JSON Schema, and with nothing else:\n";
/// What a model without a JSON mode is told.
pub(crate) const JSON_INSTRUCTION: &str = "Answer with one JSON object and with nothing else.";

/// Fields of the chat request that every format reads, or that need no word.
const READ_BY_ALL: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "stream",
    "stream_options",
    "reasoning",
    "reasoning_effort",
    "response_format",
    "temperature",
    "top_p",
];

/// Notes that prompt-cache markers are left out for a provider that caches without being asked.
pub(crate) fn note_markers(request: &crate::chat::request::ChatRequest, notes: &mut Notes) {
    if request.shape().has_cache_markers {
        notes.dropped("cache_control", "the provider caches unasked");
    }
}

/// Notes the fields that have no counterpart in a format, which reads these beside the common ones, and are not meant for this
/// router.
pub(crate) fn note_leftovers(request: &crate::chat::request::ChatRequest, read: &[&str], notes: &mut Notes) {
    for (name, _) in request.fields() {
        let is_read = READ_BY_ALL.contains(&name) || read.contains(&name);
        if !is_read && !super::openai::OURS.contains(&name) {
            notes.dropped(name, "this wire format has no counterpart");
        }
    }
}
