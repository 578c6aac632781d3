//! A chat request that says things as Responses does, as some editors send it.
//!
//! Three things are understood: `input` in place of `messages`, tools that have their name beside their type, and a choice of
//! tool in the same form. Such a request is read like one of Responses and answered like one of chat completions. `store` and
//! `background` mean nothing here; what names stored state is refused, because an answer from half a conversation is worse
//! than none.

use super::items::write_messages;
use super::parts::{given, text_of};
use super::tools::{ToolBook, write_choice, write_tools};
use super::{Form, ResponsesRequest, fields};
use crate::canonical::request::RawObject;
use crate::chat::request::{ChatRequest, InvalidRequest, Limits, Top, parse, range_in};
use crate::inbound::Origin;
use crate::json::Raw;
use crate::upstream::Notes;
use crate::upstream::json::Writer;
use std::sync::Arc;

/// Fields of the chat form that hold unless the Responses form says the same thing.
const CHAT: &[&str] = &["messages", "response_format", "verbosity", "n"];

/// Whether the conversation or the choice of tool is written as Responses has it. Tools are looked at when they are read.
pub(crate) fn is_mixed(top: &Top<'_>) -> bool {
    let has_input_only = top.get("messages").is_none() && top.get("input").is_some();
    has_input_only || top.get("tool_choice").is_some_and(is_flat_choice)
}

fn is_flat_choice(choice: Raw<'_>) -> bool {
    if !choice.get().starts_with('{') {
        return false;
    }
    let fields: RawObject<'_> = serde_json::from_str(choice.get()).unwrap_or_default();
    let has = |name: &str| given(&fields, name).is_some();
    match text_of(&fields, "type").unwrap_or_default().as_str() {
        "function" | "custom" => has("name") && !has("function") && !has("custom"),
        "allowed_tools" => has("tools") && !has("allowed_tools"),
        _ => false,
    }
}

/// Reads a chat request of which [`is_mixed`] holds, or which has tools of that form.
///
/// # Errors
/// As [`super::parse`], except that what is only about storing the answer is passed over.
pub(crate) fn parse_mixed(text: String, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let top = Top::read(&text, limits)?;
    let has_messages = top.get("messages").is_some();
    fields::check_history(&top)?;
    let (mut notes, mut book) = (Notes::default(), ToolBook::default());
    let mut out = Writer::with_capacity(text.len() + 512);
    out.begin_object();
    fields::write_copied(&top, &mut out, &mut notes);
    let format = top.get("text").and_then(|text| serde_json::from_str::<RawObject<'_>>(text.get()).ok());
    let is_said = |name: &str| format.as_ref().is_some_and(|format| given(format, name).is_some());
    for name in CHAT.iter().copied() {
        let is_said = match name {
            "response_format" => is_said("format"),
            other => is_said(other),
        };
        if let Some(value) = top.get(name).filter(|_| !is_said) {
            out.field_raw(name, value.get());
        }
    }
    fields::write_renamed(&top, &mut out)?;
    let tool_places = write_tools(&top, limits, &mut book, &mut out, &mut notes)?;
    write_choice(&top, &book, !tool_places.is_empty(), &mut out, &mut notes);
    let places = if has_messages { Vec::new() } else { write_messages(&top, limits, &mut book, &mut out, &mut notes)? };
    out.end_object();
    let fields = top.iter().map(|(name, value)| (name.to_owned(), range_in(&text, value.get()))).collect();
    let form = if has_messages { Form::Messages } else { Form::Input };
    let own =
        ResponsesRequest { fields, tools: book, notes: notes.0, places, tool_places, wants_sealed: false, form, text };
    match parse(out.finish().into(), limits) {
        Ok(chat) => Ok(chat.with_origin(Origin::Mixed(Arc::new(own)))),
        Err(invalid) => Err(own.locate(invalid)),
    }
}
