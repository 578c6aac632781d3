//! Output items.

use super::reasoning::{Reasoning, write_reasoning};
use crate::canonical::request::DataUrl;
use crate::outgoing::LARGE_BYTES;
use crate::responses::request::{ToolBook, ToolKind};
use crate::upstream::json::Writer;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// More of it will come.
    Open,
    /// It is whole.
    Whole,
    /// It was broken off.
    Cut,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "in_progress",
            Self::Whole => "completed",
            Self::Cut => "incomplete",
        }
    }
}

/// What an item holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// What the model thought.
    Reasoning(Reasoning),
    /// What the model said.
    Message(Message),
    /// A tool that the model wants called.
    Call(Call),
    /// A generated image, by address.
    Image(Arc<String>),
    /// Something that only this format has.
    Native(Box<RawValue>),
}

/// A message of the model.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The visible text.
    pub(crate) text: Option<Arc<String>>,
    /// The text of a refusal.
    pub(crate) refusal: Option<Arc<String>>,
    /// Citations, in the shape of this format.
    pub(crate) annotations: Vec<Box<RawValue>>,
    /// Token probabilities, in the shape of this format.
    pub(crate) logprobs: Vec<Box<RawValue>>,
}

/// A tool call.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// The id that the tool's answer repeats.
    pub(crate) id: String,
    /// The name in the chat form.
    pub(crate) name: String,
    /// The arguments as JSON text.
    pub(crate) arguments: Arc<String>,
}

impl Call {
    /// What a free-form tool is given: the one text in its arguments, or the arguments themselves.
    pub(crate) fn input(&self) -> Cow<'_, str> {
        #[derive(Deserialize)]
        struct Input {
            input: String,
        }
        match serde_json::from_str::<Input>(&self.arguments) {
            Ok(Input { input }) => Cow::Owned(input),
            Err(_) => Cow::Borrowed(&self.arguments),
        }
    }

    /// Whether it calls a free-form tool.
    pub(crate) fn is_custom(&self, book: &ToolBook) -> bool {
        book.find(&self.name).is_some_and(|tool| tool.kind == ToolKind::Custom)
    }
}

/// How items are written for one caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'a> {
    /// The caller's tools.
    pub(crate) book: &'a ToolBook,
    /// The caller wants reasoning that can be sent back.
    pub(crate) wants_sealed: bool,
}

impl Content {
    /// The beginning of an id of such an item.
    pub(crate) fn id_prefix(&self, book: &ToolBook) -> &'static str {
        match self {
            Self::Reasoning(_) => "rs",
            Self::Message(_) => "msg",
            Self::Call(call) if call.is_custom(book) => "ctc",
            Self::Call(_) => "fc",
            Self::Image(_) => "ig",
            Self::Native(_) => "item",
        }
    }

    /// Writes the item.
    pub(crate) fn write(&self, id: &str, status: Status, style: Style<'_>, out: &mut Writer) {
        if let Self::Native(item) = self {
            out.line(item.get());
            return;
        }
        out.begin_object();
        match self {
            Self::Reasoning(reasoning) => write_reasoning(reasoning, id, status, style.wants_sealed, out),
            Self::Message(message) => write_message(message, id, status, out),
            Self::Call(call) => write_call(call, id, status, style.book, out),
            Self::Image(url) => write_image(url, id, status, out),
            Self::Native(_) => {}
        }
        out.end_object();
    }
}

fn write_message(message: &Message, id: &str, status: Status, out: &mut Writer) {
    out.field_text("type", "message");
    out.field_text("id", id);
    out.field_text("role", "assistant");
    out.field_text("status", status.as_str());
    out.field_list("content");
    if status != Status::Open {
        if message.text.is_some() || message.refusal.is_none() {
            message.write_text(out);
        }
        if message.refusal.is_some() {
            message.write_refusal(out);
        }
    }
    out.end_list();
}

impl Message {
    /// Writes the part that holds the text.
    pub(crate) fn write_text(&self, out: &mut Writer) {
        out.begin_object();
        out.field_text("type", "output_text");
        out.key("text");
        match &self.text {
            Some(text) => out.shared(text),
            None => out.text(""),
        }
        list("annotations", &self.annotations, out);
        list("logprobs", &self.logprobs, out);
        out.end_object();
    }

    /// Writes the part that holds the refusal.
    pub(crate) fn write_refusal(&self, out: &mut Writer) {
        out.begin_object();
        out.field_text("type", "refusal");
        out.key("refusal");
        match &self.refusal {
            Some(text) => out.shared(text),
            None => out.text(""),
        }
        out.end_object();
    }
}

/// Lets a text grow that nobody else holds yet.
pub(crate) fn grow(whole: &mut Arc<String>, text: &str) {
    let whole = Arc::make_mut(whole);
    // Doubling what is large already would hold it three times.
    if whole.len().max(text.len()) > LARGE_BYTES && whole.capacity() - whole.len() < text.len() {
        whole.reserve_exact(text.len().max(whole.len() / 8));
    }
    whole.push_str(text);
}

/// Writes a list of values that are JSON already.
pub(crate) fn list(name: &str, values: &[Box<RawValue>], out: &mut Writer) {
    out.field_list(name);
    for value in values {
        out.line(value.get());
    }
    out.end_list();
}

fn write_call(call: &Call, id: &str, status: Status, book: &ToolBook, out: &mut Writer) {
    let known = book.find(&call.name);
    let is_custom = call.is_custom(book);
    out.field_text("type", if is_custom { "custom_tool_call" } else { "function_call" });
    out.field_text("id", id);
    out.field_text("call_id", &call.id);
    out.field_text("name", known.map_or(call.name.as_str(), |tool| tool.name.as_str()));
    if let Some(namespace) = known.and_then(|tool| tool.namespace.as_deref()) {
        out.field_text("namespace", namespace);
    }
    out.key(if is_custom { "input" } else { "arguments" });
    match (status, is_custom) {
        (Status::Open, _) => out.text(""),
        (_, true) => out.text(&call.input()),
        (_, false) => out.shared(&call.arguments),
    }
    out.field_text("status", status.as_str());
}

/// An image: its bytes, when its address holds them.
fn write_image(url: &Arc<String>, id: &str, status: Status, out: &mut Writer) {
    out.field_text("type", "image_generation_call");
    out.field_text("id", id);
    out.field_text("status", status.as_str());
    match (status, DataUrl::parse(url)) {
        (Status::Open, _) => out.field_raw("result", "null"),
        (_, Some(data)) => out.field_shared_end("result", url, url.len() - data.data.len()),
        (_, None) => out.field_shared("result", url),
    }
}
