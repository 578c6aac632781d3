//! A Responses request as a chat request, with what the way back needs.
//!
//! [`translate`] writes the chat request that every foreign format is made from. The caller's own text stays beside it in
//! [`ResponsesRequest`]: a provider of the same format is sent the caller's input and tools byte for byte, and the answer
//! repeats the caller's parameters. What chat requests cannot say is left out with a note, never refused, unless leaving it
//! out would answer another question than the one that was asked.

mod fields;
mod items;
mod mixed;
mod parts;
mod tools;

pub(crate) use mixed::{is_mixed, parse_mixed};
pub use tools::ToolBook;
pub(crate) use tools::{INPUT, ToolKind, flat_name};

use crate::chat::request::{ChatRequest, InvalidRequest, Limits, Top};
use crate::inbound::Origin;
use crate::upstream::json::Writer;
use crate::upstream::{Note, Notes};
use bytes::Bytes;
use items::write_messages;
use std::ops::Range;
use std::sync::Arc;
use tools::{write_choice, write_tools};

/// A Responses request whose chat form has been written.
#[derive(Debug, Clone)]
pub struct ResponsesRequest {
    text: String,
    fields: Vec<(String, Range<usize>)>,
    tools: ToolBook,
    notes: Vec<Note>,
    /// Where each message of the chat form comes from.
    places: Vec<Place>,
    /// Where each tool of the chat form comes from.
    tool_places: Vec<usize>,
    wants_sealed: bool,
    form: Form,
}

/// Where the conversation stands in what the caller wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In `input` and `instructions`.
    Input,
    /// In `messages`.
    Messages,
}

/// Where a message of the chat form stood in the Responses form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `instructions`.
    Instructions,
    /// The text or list item of `input`.
    Input(usize),
}

/// Reads and checks a Responses request.
///
/// # Errors
/// As [`translate`], and whatever is wrong with the chat form, said in the caller's own words.
pub fn parse(body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let (chat, request) = translate(body, limits)?;
    match crate::chat::request::parse(chat, limits) {
        Ok(chat) => Ok(chat.with_origin(Origin::Responses(Arc::new(request)))),
        Err(invalid) => Err(request.locate(invalid)),
    }
}

/// Puts a Responses request into the chat form.
///
/// # Errors
/// When the body is no JSON object within the limits, lacks `input`, asks for stored state, or holds a content part that
/// cannot be understood. Everything else is checked when the chat form is parsed; see [`ResponsesRequest::locate`].
pub fn translate(body: Bytes, limits: &Limits) -> Result<(Bytes, ResponsesRequest), InvalidRequest> {
    let text = String::from_utf8(body.into()).map_err(|_ignored| InvalidRequest::body("The body is not UTF-8"))?;
    let top = Top::read(&text, limits)?;
    fields::check_state(&top)?;
    let mut notes = Notes::default();
    let mut out = Writer::with_capacity(text.len() + 512);
    out.begin_object();
    fields::write_copied(&top, &mut out, &mut notes);
    fields::write_renamed(&top, &mut out)?;
    let mut book = ToolBook::default();
    let tool_places = write_tools(&top, limits, &mut book, &mut out, &mut notes)?;
    write_choice(&top, &book, !tool_places.is_empty(), &mut out, &mut notes);
    let places = write_messages(&top, limits, &mut book, &mut out, &mut notes)?;
    out.end_object();
    let wants_sealed = fields::includes(&top, "reasoning.encrypted_content");
    let fields =
        top.iter().map(|(name, value)| (name.to_owned(), crate::chat::request::range_in(&text, value.get()))).collect();
    let chat = out.finish().into();
    let form = Form::Input;
    let notes = notes.0;
    Ok((chat, ResponsesRequest { fields, tools: book, notes, places, tool_places, wants_sealed, form, text }))
}

impl ResponsesRequest {
    /// The JSON of a top-level field as the caller wrote it; `None` when it is missing or `null`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let (_, range) = self.fields.iter().find(|(field, _)| field == name)?;
        self.text.get(range.clone())
    }

    /// All top-level fields that are not `null`, in the caller's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, range)| Some((name.as_str(), self.text.get(range.clone())?)))
    }

    /// What the chat form could not say.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How tools are named in the chat form.
    #[must_use]
    pub const fn tools(&self) -> &ToolBook {
        &self.tools
    }

    /// Whether the caller wants reasoning that can be sent back.
    #[must_use]
    pub const fn wants_sealed(&self) -> bool {
        self.wants_sealed
    }

    /// Names the caller's own field in a complaint about the chat form.
    #[must_use]
    pub fn locate(&self, mut invalid: InvalidRequest) -> InvalidRequest {
        let Some(param) = invalid.param.take() else { return invalid };
        let own = self.own_path(&param);
        if let Some(rest) = invalid.message.strip_prefix(&param) {
            invalid.message = crate::chat::request::clip(&format!("{own}{rest}"), 200);
        }
        invalid.param = Some(own);
        invalid
    }

    fn own_path(&self, path: &str) -> String {
        if let Some((index, rest)) = indexed(path, "messages[").filter(|_| self.form == Form::Input) {
            return match self.places.get(index) {
                Some(Place::Input(item)) if self.field("input").is_some_and(|input| input.starts_with('[')) => {
                    format!("input[{item}]{rest}")
                }
                Some(Place::Instructions) => format!("instructions{rest}"),
                _ => format!("input{rest}"),
            };
        }
        if let Some((index, rest)) = indexed(path, "tools[") {
            return format!("tools[{}]{rest}", self.tool_places.get(index).copied().unwrap_or(index));
        }
        match path {
            "messages" if self.form == Form::Input => "input".to_owned(),
            "response_format" if self.field("text").is_some() => "text.format".to_owned(),
            "verbosity" if self.field("text").is_some() => "text.verbosity".to_owned(),
            other => other
                .strip_prefix("response_format.json_schema")
                .map_or(other.to_owned(), |rest| format!("text.format{rest}")),
        }
    }
}

/// `messages[3].content` as 3 and `.content`.
fn indexed<'p>(path: &'p str, head: &str) -> Option<(usize, &'p str)> {
    let (index, rest) = path.strip_prefix(head)?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}
