//! The streamed answer as events.
//!
//! [`Encoder`] numbers every event, opens and closes items in order, and repeats the whole answer in its last event, as
//! the format demands: it holds the text of the answer until then.

mod items;

use super::reply::{Content, Frame, Message, Reasoning, Slot, State, Status, Style, Tail, last_status};
use super::request::{ResponsesRequest, ToolBook};
use crate::canonical::reply::{Delta, Finish, FinishReason};
use crate::chat::reply::{Bill, Envelope};
use crate::outgoing::Outgoing;
use crate::upstream::json::Writer;
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Writes the events of one streamed answer.
#[derive(Debug)]
pub struct Encoder {
    frame: Frame,
    book: ToolBook,
    wants_sealed: bool,
    hides_reasoning: bool,
    sequence: u64,
    slots: Vec<Slot>,
    /// The slot of each tool call, in the order of their indices.
    calls: Vec<usize>,
    /// Pieces of the open reasoning item that have begun.
    texts_begun: usize,
    /// Token probabilities of the text that comes next.
    logprobs: Vec<Box<RawValue>>,
    service_tier: Option<String>,
    finish: Option<Finish>,
    has_begun: bool,
    is_over: bool,
}

impl Encoder {
    /// Makes an encoder; `request` is `None` when nothing is known of it. The envelope's metadata is not used.
    #[must_use]
    pub fn new(request: Option<&ResponsesRequest>, envelope: &Envelope<'_>) -> Self {
        Self {
            frame: Frame::new(request, envelope),
            book: request.map(|request| request.tools().clone()).unwrap_or_default(),
            wants_sealed: request.is_some_and(ResponsesRequest::wants_sealed),
            hides_reasoning: envelope.hide_reasoning,
            sequence: 0,
            slots: Vec::new(),
            calls: Vec::new(),
            texts_begun: 0,
            logprobs: Vec::new(),
            service_tier: None,
            finish: None,
            has_begun: false,
            is_over: false,
        }
    }

    /// Appends the events of one step; steps after the ending, and of other choices than the first, are ignored.
    pub fn push(&mut self, delta: Delta, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        match delta {
            Delta::Finish { choice: 0, finish } => self.finish = Some(finish),
            Delta::ServiceTier(tier) => self.service_tier = Some(tier),
            content if content.is_content() => self.on(out, |encoder, out| encoder.content(content, out)),
            _ => {}
        }
    }

    /// Appends the ending of a complete answer: what is open is closed, and the whole answer follows.
    pub fn end(&mut self, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        let unsaid = if self.calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
        let finish = self.finish.as_ref().map_or(unsaid, |finish| finish.reason);
        self.on(out, |encoder, out| {
            if encoder.slots.is_empty() {
                // A client that reads the answer's text finds one, if an empty one.
                encoder.open(Content::Message(Message { text: Some(Arc::default()), ..Message::default() }), out);
                encoder.part_added(out, 0, |part| Message::default().write_text(part));
            }
            encoder.close_all(last_status(finish), out);
            encoder.whole(State::Ended(finish, bill), metadata, out);
            if finish != FinishReason::Error {
                out.bytes(b"data: [DONE]\n\n");
            }
        });
        self.is_over = true;
    }

    /// Appends the ending of an answer that became too long, which is cut off there and names the error in whose place it
    /// is given.
    ///
    /// Source: the documented mapping of errors to this format (2026-08-22).
    pub fn end_too_long(&mut self, cause: ErrorKind, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Outgoing) {
        self.frame.set_cause(Some(cause));
        self.finish = Some(Finish { reason: FinishReason::Length, native: None });
        self.end(bill, metadata, out);
    }

    /// Appends the one event that reports a failure in the middle; nothing follows it.
    pub fn error(&mut self, kind: ErrorKind, message: &str, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        self.on(out, |encoder, out| {
            for slot in encoder.slots.iter_mut().filter(|slot| slot.status == Status::Open) {
                slot.status = Status::Cut;
            }
            encoder.whole(State::Failed(kind, message), None, out);
        });
        self.is_over = true;
    }

    /// Runs a step on the output, after the two events with which every answer begins.
    fn on(&mut self, out: &mut Outgoing, step: impl FnOnce(&mut Self, &mut Writer)) {
        let mut writer = Writer::behind(std::mem::take(out));
        if !self.has_begun {
            self.has_begun = true;
            for name in ["response.created", "response.in_progress"] {
                self.response_event(name, State::Running, None, &mut writer);
            }
        }
        step(self, &mut writer);
        *out = writer.into_outgoing();
    }

    fn content(&mut self, delta: Delta, out: &mut Writer) {
        match delta {
            Delta::Text { choice: 0, text } => self.text(text, out),
            Delta::Refusal { choice: 0, text } => self.refusal(text, out),
            Delta::Reasoning { choice: 0, text, details } => self.reasoning(&text, &details, out),
            Delta::ReasoningDetail { choice: 0, detail } => self.reasoning("", std::slice::from_ref(&detail), out),
            Delta::ToolCall { choice: 0, index, id, name, arguments } => {
                self.call(index, id.as_deref(), name.as_deref(), arguments, out);
            }
            Delta::Image { choice: 0, image } => self.image(image, out),
            Delta::Item { choice: 0, item } => self.native(item, out),
            Delta::Annotation { choice: 0, annotation } => self.annotation(&annotation, out),
            Delta::Logprobs { choice: 0, logprobs } => self.logprobs.extend(super::reply::logprobs(&logprobs)),
            _ => {}
        }
    }

    /// The last event: the whole answer.
    fn whole(&mut self, state: State<'_>, metadata: Option<&RawValue>, out: &mut Writer) {
        let name = match state.as_str() {
            "completed" => "response.completed",
            "incomplete" => "response.incomplete",
            _ => "response.failed",
        };
        self.response_event(name, state, metadata, out);
    }

    fn response_event(&mut self, name: &str, state: State<'_>, metadata: Option<&RawValue>, out: &mut Writer) {
        begin_event(name, &mut self.sequence, out);
        out.key("response");
        let style = Style { book: &self.book, wants_sealed: self.wants_sealed };
        let tail = Tail { style, service_tier: self.service_tier.as_deref(), metadata };
        self.frame.write(state, &self.slots, &tail, out);
        end_event(out);
    }

    /// Opens an item at the end of the output and returns its place.
    fn open(&mut self, content: Content, out: &mut Writer) -> usize {
        let at = self.slots.len();
        let is_reasoning = matches!(content, Content::Reasoning(_));
        self.slots.push(super::reply::slot(&self.frame.id, at, content, &self.book));
        if is_reasoning {
            self.texts_begun = 0;
        }
        self.item_event("response.output_item.added", at, out);
        at
    }

    fn item_event(&mut self, name: &str, at: usize, out: &mut Writer) {
        let Some(slot) = self.slots.get(at) else { return };
        begin_event(name, &mut self.sequence, out);
        out.field_plain("output_index", at);
        out.key("item");
        let style = Style { book: &self.book, wants_sealed: self.wants_sealed };
        slot.content.write(&slot.id, slot.status, style, out);
        end_event(out);
    }

    /// The open item at the end of the output, if it is the one that `is_wanted` looks for.
    fn last_open(&self, is_wanted: impl Fn(&Content) -> bool) -> Option<usize> {
        let at = self.slots.len().checked_sub(1)?;
        self.slots.get(at).filter(|slot| slot.status == Status::Open && is_wanted(&slot.content)).map(|_slot| at)
    }

    fn message(&mut self, at: usize) -> Option<&mut Message> {
        match &mut self.slots.get_mut(at)?.content {
            Content::Message(message) => Some(message),
            _ => None,
        }
    }

    fn reasoning_at(&mut self, at: usize) -> Option<&mut Reasoning> {
        match &mut self.slots.get_mut(at)?.content {
            Content::Reasoning(reasoning) => Some(reasoning),
            _ => None,
        }
    }
}

/// Begins an event; its fields follow.
fn begin_event(name: &str, sequence: &mut u64, out: &mut Writer) {
    out.bytes(b"event: ");
    out.bytes(name.as_bytes());
    out.bytes(b"\ndata: {");
    out.field_text("type", name);
    out.field_plain("sequence_number", *sequence);
    *sequence += 1;
}

fn end_event(out: &mut Writer) {
    out.bytes(b"}\n\n");
}
