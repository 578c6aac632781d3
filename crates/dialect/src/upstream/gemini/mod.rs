//! Gemini `generateContent`, version v1beta.
//!
//! Choices where the formats do not meet:
//! - JSON Schemas travel whole, in `parametersJsonSchema` and `responseJsonSchema`, so that nothing has to be cut out of
//!   them to fit the older schema subset;
//! - a tool's answer that is a JSON object is sent as it is; anything else stands under `result`;
//! - invalid arguments of an earlier call travel as `{"_raw": "…"}`;
//! - signatures come back on the part that they were given with: the call whose id a sealed reasoning entry names, else
//!   the first call of the message, else its text;
//! - later system messages stay in place as user text between `<system>` tags.
//!
//! Source: the Gemini API reference and the types of the official Python SDK 3.4.0, read 2026-11-21.

mod config;
mod contents;
mod media;

use super::json::Writer;
use super::names::ToolNames;
use super::turns;
use super::{EncodeError, Notes, Outgoing, Target};
use crate::chat::request::ChatRequest;
use std::collections::HashMap;

pub(super) fn encode(request: &ChatRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    let messages = request.messages();
    let tools = request.tools();
    let mut notes = Notes::default();
    let conversation = turns::arrange(&messages, &mut notes);
    if conversation.turns.is_empty() {
        return Err(EncodeError::prompt("messages", "no message has any content"));
    }
    let called = messages.iter().flat_map(|message| message.calls());
    let call_names = called
        .filter_map(|call| Some((call.id.to_string(), call.function.as_ref()?.name.to_string())))
        .collect::<HashMap<_, _>>();
    let names = ToolNames::choose(&request.traits().tool_names, is_function_char);
    let mut body =
        Body { request, target, names: &names, call_names, out: Writer::with_capacity(request.size() + 512), notes };
    body.out.begin_object();
    body.contents(&conversation.turns)?;
    body.system(&conversation.system)?;
    body.tools(&tools);
    body.generation_config();
    body.service_tier();
    body.out.end_object();
    turns::note_markers(request, &mut body.notes);
    match target.service_tier {
        Some(_) => turns::note_leftovers(request, &[config::READ, &["service_tier"]].concat(), &mut body.notes),
        None => turns::note_leftovers(request, config::READ, &mut body.notes),
    }
    let Body { out, notes, .. } = body;
    let method = if target.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    Ok(Outgoing {
        path: format!("/models/{}:{method}", path_segment(target.upstream_id)),
        headers: Vec::new(),
        body: out.finish().into(),
        notes: notes.0,
        names,
    })
}

struct Body<'a> {
    request: &'a ChatRequest,
    target: &'a Target<'a>,
    names: &'a ToolNames,
    /// Function name by call id: a tool's answer names the function, not the call.
    call_names: HashMap<String, String>,
    out: Writer,
    notes: Notes,
}

impl Body<'_> {
    /// The endpoint's tier. Source: the Gemini API's guides to flex and priority inference, read 2026-11-21.
    fn service_tier(&mut self) {
        if let Some(tier) = self.target.service_tier {
            self.out.field_text("serviceTier", tier);
        }
    }

    /// The model's generation by its name, 0 when the name does not tell.
    fn generation(&self) -> u32 {
        let (_, rest) = self.target.upstream_id.split_once("gemini-").unwrap_or_default();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }
}

/// What a function name may hold.
fn is_function_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

/// The model id for the path: everything but unreserved characters is percent-encoded, slashes included.
fn path_segment(id: &str) -> String {
    let bare = id.strip_prefix("models/").unwrap_or(id);
    let mut out = String::with_capacity(bare.len());
    for byte in bare.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
