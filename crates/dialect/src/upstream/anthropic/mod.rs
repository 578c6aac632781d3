//! Anthropic Messages, version 2023-06-01.
//!
//! Choices where the formats do not meet:
//! - system and developer messages at the start become `system` blocks; later ones stay where they are, as user text
//!   between `<system>` tags, because this version knows no system turn;
//! - a JSON Schema goes to `output_config.format` when the catalogue says `structured_outputs`; else the schema is an
//!   instruction at the end of the system text, so that the answer stays plain text in either case;
//! - invalid arguments of an earlier tool call travel as `{"_raw": "…"}`;
//! - a caller of Messages is quoted instead of translated, see [`quote`];
//! - thinking is left out, with a note, where the API would refuse it: limit too small, forced tool, prefill, or a tool
//!   loop whose signed thinking the caller did not send back.
//!
//! Source: the Messages API reference and the types of the official Python SDK 2.11.0, read 2026-11-21.

mod blocks;
mod options;
mod quote;
mod thinking;
mod tools;

use super::json::Writer;
use super::names::{ToolNames, is_plain};
use super::turns::{self, Conversation};
use super::{EncodeError, Notes, Outgoing, Target};
use crate::canonical::request::{Message, Tool};
use crate::chat::request::ChatRequest;
use crate::inbound::Origin;
use thinking::Thinking;

/// The API version that all of this is written for.
const VERSION: &str = "2023-06-01";
/// Cache markers that the API takes in one request.
const MARKERS_MAX: usize = 4;

pub(super) fn encode(request: &ChatRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    if let Origin::Messages(original) = request.origin()
        && !request.is_rewritten()
        && quote::is_possible(request, target, original)
    {
        return Ok(quote::encode(request, target, original));
    }
    let messages = request.messages();
    let tools = request.tools();
    let mut notes = Notes::default();
    let conversation = turns::arrange(&messages, &mut notes);
    let (limit, thinking) = thinking::decide(request, target, &messages, &mut notes);
    let names = ToolNames::choose(&request.traits().tool_names, is_plain);
    let mut body = Body {
        request,
        target,
        names: &names,
        call_ids: ToolNames::choose(&call_ids(&messages), is_plain),
        thinking,
        markers_to_skip: markers(request, &messages, &tools).saturating_sub(MARKERS_MAX),
        out: Writer::with_capacity(request.size() + 512),
        notes,
    };
    body.write(limit, &conversation, &tools)?;
    turns::note_leftovers(request, options::READ, &mut body.notes);
    let Body { out, notes, .. } = body;
    Ok(Outgoing {
        path: "/messages".to_owned(),
        headers: vec![("anthropic-version", VERSION.to_owned())],
        body: out.finish().into(),
        notes: notes.0,
        names,
    })
}

/// Call ids, once each: the API takes only letters, digits, `_` and `-` in them.
fn call_ids(messages: &[Message<'_>]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let made = messages.iter().flat_map(Message::calls).map(|call| &*call.id);
    let answered = messages.iter().filter_map(|message| message.tool_call_id.as_deref());
    made.chain(answered).filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

fn markers(request: &ChatRequest, messages: &[Message<'_>], tools: &[Tool<'_>]) -> usize {
    let in_tools = tools.iter().filter(|tool| tool.cache_control.is_some()).count();
    let in_messages = messages.iter().map(blocks::markers_in).sum::<usize>();
    in_tools + in_messages + usize::from(request.field("cache_control").is_some())
}

struct Body<'a> {
    request: &'a ChatRequest,
    target: &'a Target<'a>,
    names: &'a ToolNames,
    call_ids: ToolNames,
    thinking: Thinking,
    /// The earliest markers are given up, since later ones cache more.
    markers_to_skip: usize,
    out: Writer,
    notes: Notes,
}

impl Body<'_> {
    /// Writes the body; tools, system and messages in the order in which the API counts cache markers.
    fn write(&mut self, limit: u64, talk: &Conversation<'_, '_>, tools: &[Tool<'_>]) -> Result<(), EncodeError> {
        if talk.turns.is_empty() {
            return Err(EncodeError::prompt("messages", "no message has any content"));
        }
        self.out.begin_object();
        self.out.field_text("model", self.target.upstream_id);
        self.out.field_plain("max_tokens", limit);
        self.tools(tools);
        self.system(&talk.system)?;
        self.turns(&talk.turns)?;
        self.thinking();
        self.output_config();
        self.sampling();
        self.others();
        self.out.end_object();
        Ok(())
    }
}
