//! OpenAI Responses, without anything stored at the provider.
//!
//! Choices where the formats do not meet:
//! - a caller of the same format has its input and tools sent byte for byte, except for items that only this router or
//!   another provider can read;
//! - system and developer messages stay messages of the input, in their places;
//! - `strict` is always said: this format enforces schemas when nothing is said, chat completions do not;
//! - reasoning comes back as items with their sealed content; what another provider sealed is left out, with a note.
//!
//! Source: the Responses API reference and the types of the official Python SDK 3.52.0, read 2026-11-21.

mod input;
mod options;
mod own;
mod tools;

use super::json::Writer;
use super::names::{ToolNames, is_plain};
use super::turns::{note_leftovers, note_markers};
use super::{EncodeError, Notes, Outgoing, Target};
use crate::chat::request::ChatRequest;
use crate::responses::request::ResponsesRequest;

/// Longest id of a call.
const CALL_ID_MAX: usize = 64;
/// The least output limit in tokens that the provider takes.
pub(super) const LIMIT_MIN: u64 = 16;

pub(super) fn encode(request: &ChatRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    let own = request.origin().responses().filter(|own| !request.is_rewritten() && own::can_be_sent(request, own));
    let names = match own {
        Some(own) => own.tools().flattened(),
        None => ToolNames::choose(&request.traits().tool_names, is_plain),
    };
    let mut body = Body {
        request,
        target,
        names: &names,
        call_ids: ToolNames::choose(&input::long_call_ids(request), |_character| true),
        out: Writer::with_capacity(request.size() + 512),
        notes: Notes::default(),
    };
    match own {
        Some(own) => body.write_own(own)?,
        None => body.write_translated()?,
    }
    let Body { out, notes, .. } = body;
    Ok(Outgoing {
        path: "/responses".to_owned(),
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
    call_ids: ToolNames,
    out: Writer,
    notes: Notes,
}

impl Body<'_> {
    fn write_translated(&mut self) -> Result<(), EncodeError> {
        self.notes.0.extend(self.request.origin().notes().iter().cloned());
        self.out.begin_object();
        self.out.field_text("model", self.target.upstream_id);
        self.input()?;
        self.tools();
        self.text();
        self.sampling();
        self.reasoning();
        self.include();
        self.ending();
        self.out.end_object();
        if self.request.choices() > 1 {
            self.notes.dropped("n", "this provider gives one answer");
        }
        note_markers(self.request, &mut self.notes);
        note_leftovers(self.request, options::READ, &mut self.notes);
        Ok(())
    }

    fn write_own(&mut self, own: &ResponsesRequest) -> Result<(), EncodeError> {
        self.out.begin_object();
        self.out.field_text("model", self.target.upstream_id);
        for (name, value) in own.fields() {
            self.own_field(name, value)?;
        }
        self.own_reasoning(own);
        self.ending();
        self.out.end_object();
        Ok(())
    }
}
