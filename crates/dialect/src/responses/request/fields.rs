//! Everything at the top level of a Responses request beside input and tools.

use crate::canonical::request::RawObject;
use crate::chat::request::{InvalidRequest, Top};
use crate::json::Raw;
use crate::upstream::json::Writer;
use crate::upstream::{Change, Notes};

/// Fields that are read by name, or have no counterpart and need no word.
const OWN: &[&str] = &[
    "input",
    "instructions",
    "text",
    "tools",
    "tool_choice",
    "include",
    "store",
    "previous_response_id",
    "conversation",
    "truncation",
    "background",
    "prompt",
    "safety_identifier",
    "client_metadata",
    "stream_options",
    // Of the chat form: they would collide with what is written here.
    "messages",
    "response_format",
    "verbosity",
    "n",
];

/// Fields of the Responses form that mean something only to its own provider.
const NATIVE: &[&str] = &["context_management", "moderation", "access_programs", "prompt_cache_retention"];

/// Refuses what would need stored state: an answer from half a conversation is worse than none.
pub(super) fn check_state(top: &Top<'_>) -> Result<(), InvalidRequest> {
    if let Some(store) = top.get("store")
        && store.get() != "false"
    {
        return Err(InvalidRequest::field("store", "must be false: answers are not stored"));
    }
    check_history(top)?;
    if top.get("background").is_some_and(|value| value.get() != "false") {
        return Err(InvalidRequest::field("background", "is not supported: answers are not stored"));
    }
    if top.get("input").is_some() {
        return Ok(());
    }
    match top.get("prompt") {
        Some(_) => Err(InvalidRequest::field("prompt", "stored prompts are not kept here, send input")),
        None => Err(InvalidRequest::prompt("input", "is required")),
    }
}

/// Refuses what points at a part of the conversation that is not here.
pub(super) fn check_history(top: &Top<'_>) -> Result<(), InvalidRequest> {
    for name in ["previous_response_id", "conversation"] {
        if top.get(name).is_some() {
            return Err(InvalidRequest::field(name, "is not supported: nothing is stored, send the whole history"));
        }
    }
    Ok(())
}

/// Copies every field that both forms spell the same.
pub(super) fn write_copied(top: &Top<'_>, out: &mut Writer, notes: &mut Notes) {
    for (name, value) in top.iter() {
        if NATIVE.contains(&name) {
            notes.dropped(name, "only providers of the Responses format know it");
        } else if !OWN.contains(&name) {
            out.field_raw(name, value.get());
        }
    }
    if top.get("prompt").is_some() {
        notes.dropped("prompt", "stored prompts are not kept here");
    }
}

/// Writes the fields that the chat form spells otherwise.
pub(super) fn write_renamed(top: &Top<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    if let Some(text) = top.get("text") {
        write_text(text, out)?;
    }
    if top.get("user").is_none()
        && let Some(id) = top.get("safety_identifier")
    {
        out.field_raw("user", id.get());
    }
    let wants_logprobs = includes(top, "message.output_text.logprobs")
        || top.get("top_logprobs").is_some_and(|count| count.get() != "0");
    if wants_logprobs && top.get("logprobs").is_none() {
        out.field_raw("logprobs", "true");
    }
    let wants_fitting = top.get("truncation").is_some_and(|word| word.get() == "\"auto\"");
    if wants_fitting && top.get("transforms").is_none() && top.get("plugins").is_none() {
        out.field_raw("transforms", r#"["middle-out"]"#);
    }
    Ok(())
}

/// Whether `include` names something. A list that is none, or names what nobody knows, includes nothing.
pub(super) fn includes(top: &Top<'_>, wanted: &str) -> bool {
    let list = top.get("include").and_then(|list| serde_json::from_str::<Vec<String>>(list.get()).ok());
    list.is_some_and(|list| list.iter().any(|name| name == wanted))
}

fn write_text(text: Raw<'_>, out: &mut Writer) -> Result<(), InvalidRequest> {
    let expected = || InvalidRequest::field("text", "expected an object");
    let text: RawObject<'_> = serde_json::from_str(text.get()).map_err(|_ignored| expected())?;
    let given = |name: &str| text.get(name).filter(|value| value.get() != "null");
    if let Some(verbosity) = given("verbosity") {
        out.field_raw("verbosity", verbosity.get());
    }
    let Some(format) = given("format") else { return Ok(()) };
    let wrong = || InvalidRequest::field("text.format", "expected an object with a type");
    let fields: RawObject<'_> = serde_json::from_str(format.get()).map_err(|_ignored| wrong())?;
    let kind = fields.get("type").ok_or_else(wrong)?;
    out.field_object("response_format");
    out.field_raw("type", kind.get());
    if kind.get() == "\"json_schema\"" {
        out.field_object("json_schema");
        for (name, value) in fields.iter().filter(|(name, value)| *name != "type" && value.get() != "null") {
            out.field_raw(name, value.get());
        }
        out.end_object();
    } else {
        for (name, value) in fields.iter().filter(|(name, _)| *name != "type") {
            out.field_raw(name, value.get());
        }
    }
    out.end_object();
    Ok(())
}

/// Notes that a field was left out of the chat form.
pub(super) fn note_dropped(notes: &mut Notes, field: &str, reason: &str) {
    let is_known = notes.0.iter().any(|note| note.field == field && note.change == Change::Dropped);
    if !is_known {
        notes.dropped(field, reason);
    }
}
