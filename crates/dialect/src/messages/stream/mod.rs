//! The streamed answer that a caller of Messages receives.
//!
//! [`Encoder`] writes `message_start` with the first content, one block after the other, and exactly one ending. Stop
//! reason and usage are held back until [`Encoder::end`], when both are settled. What a provider of the same format says
//! is quoted event by event.

mod calls;

use super::blocks::{self, Thought};
use super::{problem, reply, usage};
use crate::canonical::reply::{Delta, Finish, Native};
use crate::chat::reply::{Bill, Envelope, write};
use crate::outgoing::Outgoing;
use calls::Calls;
use domain::error_kind::ErrorKind;
use domain::usage::Usage;
use serde_json::value::RawValue;

/// An event that keeps intermediaries from giving up while a provider is silent.
pub const KEEP_ALIVE: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// Writes the events of one streamed answer.
#[derive(Debug)]
pub struct Encoder {
    /// The message as it begins, up to its usage.
    head: Vec<u8>,
    id: String,
    hide_reasoning: bool,
    has_started: bool,
    usage: Option<Usage>,
    tier: Option<String>,
    /// The block that text or thinking goes to.
    open: Option<Open>,
    calls: Calls,
    /// Blocks begun so far.
    blocks: u64,
    /// The provider's own words are passed on in place of ours.
    is_quoting: bool,
    quoted_open: Vec<u64>,
    finish: Option<Finish>,
    stop_sequence: Option<String>,
    /// Sealed thinking that came after text: it goes out before the next call, or with the end of an answer with calls.
    /// Without calls it is left out, because clients take the last block for the answer.
    held: Vec<Vec<u8>>,
    has_text: bool,
    has_refusal: bool,
    is_over: bool,
}

#[derive(Debug)]
struct Open {
    index: u64,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Pieces with another index belong to another block.
    Thinking(Option<i64>),
}

impl Encoder {
    /// Makes an encoder. The envelope's metadata is not used: it is only known at the end.
    #[must_use]
    pub fn new(envelope: &Envelope<'_>) -> Self {
        let mut head = Vec::with_capacity(256);
        reply::append_head(&mut head, envelope);
        head.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
        Self {
            head,
            id: envelope.id.to_owned(),
            hide_reasoning: envelope.hide_reasoning,
            has_started: false,
            usage: None,
            tier: None,
            open: None,
            calls: Calls::default(),
            blocks: 0,
            is_quoting: false,
            quoted_open: Vec::new(),
            finish: None,
            stop_sequence: None,
            held: Vec::new(),
            has_text: false,
            has_refusal: false,
            is_over: false,
        }
    }

    /// Appends what the client is to see of one step. Steps after the ending are ignored, and so are further choices,
    /// which the format has no place for.
    pub fn push(&mut self, delta: Delta, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        match delta {
            Delta::Usage(usage) => self.usage = Some(usage),
            Delta::ServiceTier(tier) => self.tier = Some(tier),
            Delta::Finish { choice: 0, finish } => self.finish = Some(finish),
            Delta::Native(native) => self.quote(native, out),
            content if !self.is_quoting => self.push_content(content, out),
            _ => {}
        }
    }

    /// Appends the ending: open blocks are closed, then stop reason, usage and the end mark.
    pub fn end(&mut self, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        self.start(out);
        self.is_over = true;
        if !self.calls.is_empty() {
            self.calls.close_all(out);
            self.release(out);
        }
        self.close(out);
        self.calls.close_all(out);
        for index in std::mem::take(&mut self.quoted_open) {
            append_stop(index, out);
        }
        out.extend_from_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":");
        let has_calls = !self.calls.is_empty();
        write::string(out, blocks::stop_reason(self.finish.as_ref(), has_calls, self.has_refusal));
        write::field(out, "stop_sequence");
        write::string_or_null(out, self.stop_sequence.as_deref());
        out.extend_from_slice(b"},\"usage\":");
        usage::append(out, bill, self.tier.as_deref());
        out.extend_from_slice(b"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"");
        if let Some(metadata) = metadata {
            write::field(out, "openrouter_metadata");
            write::raw(out, metadata);
        }
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends the one event that reports a failure in the middle; the stream ends with it.
    pub fn error(&mut self, kind: ErrorKind, message: &str, provider_code: Option<&str>, out: &mut Vec<u8>) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        problem::append_event(&self.id, kind, message, provider_code, out);
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.has_started {
            return;
        }
        self.has_started = true;
        out.extend_from_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        out.extend_from_slice(&self.head);
        usage::append_first(out, self.usage.as_ref(), self.tier.as_deref());
        out.extend_from_slice(b"}}\n\n");
    }

    fn quote(&mut self, native: Native, out: &mut Outgoing) {
        let (kind, index, field, value) = match native {
            Native::Begin { index, block } => ("content_block_start", index, "content_block", block),
            Native::Grow { index, delta, .. } => ("content_block_delta", index, "delta", delta),
            Native::End { index } => {
                if let Some(at) = self.quoted_open.iter().position(|open| *open == index) {
                    self.quoted_open.remove(at);
                    append_stop(index, out);
                }
                return;
            }
            Native::StopSequence(text) => {
                self.stop_sequence = Some(text);
                return;
            }
            Native::Whole(_) => return,
        };
        self.is_quoting = true;
        self.start(out);
        if kind == "content_block_start" {
            self.quoted_open.push(index);
        }
        append_event_head(kind, index, out);
        write::field(out, field);
        out.json(value);
        out.extend_from_slice(b"}\n\n");
    }

    fn push_content(&mut self, delta: Delta, out: &mut Outgoing) {
        match delta {
            Delta::Text { choice: 0, text } => self.text(text, out),
            Delta::Refusal { choice: 0, text } => {
                self.has_refusal = true;
                self.text(text, out);
            }
            Delta::Reasoning { choice: 0, text, details } => {
                // The structured form knows where one thought ends and the next begins.
                let is_text = |detail: &RawValue| matches!(blocks::thought(detail), Some(Thought::Text { .. }));
                if !details.iter().any(|detail| is_text(detail)) {
                    self.thinking(text, None, out);
                }
                details.iter().for_each(|detail| self.detail(detail, out));
            }
            Delta::ReasoningDetail { choice: 0, detail } => self.detail(&detail, out),
            Delta::ToolCall { choice: 0, index, id, name, arguments } => {
                self.start(out);
                self.release(out);
                self.close(out);
                self.calls.push(index, id.as_deref(), name.as_deref(), arguments, &mut self.blocks, out);
            }
            Delta::Annotation { choice: 0, annotation } => self.citation(&annotation, out),
            Delta::Image { choice: 0, image } => self.image(image, out),
            _ => {}
        }
    }

    /// Writes the sealed thinking that was held back.
    fn release(&mut self, out: &mut Outgoing) {
        for block in std::mem::take(&mut self.held) {
            self.whole(block, out);
        }
    }

    fn text(&mut self, text: String, out: &mut Outgoing) {
        self.has_text = true;
        let index = self.open(Kind::Text, b"{\"type\":\"text\",\"text\":\"\"}", out);
        append_delta(index, "text_delta", "text", text, out);
    }

    fn thinking(&mut self, text: String, place: Option<i64>, out: &mut Outgoing) {
        if self.hide_reasoning || text.is_empty() {
            return;
        }
        let index = self.open_thinking(place, out);
        append_delta(index, "thinking_delta", "thinking", text, out);
    }

    fn open_thinking(&mut self, place: Option<i64>, out: &mut Vec<u8>) -> u64 {
        self.open(Kind::Thinking(place), b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}", out)
    }

    /// An entry of structured reasoning that stands alone.
    fn detail(&mut self, detail: &RawValue, out: &mut Outgoing) {
        if let Some(Thought::Text { text, index, .. }) = blocks::thought(detail) {
            self.thinking(text, index, out);
        }
        self.sign(detail, out);
    }

    /// What ends a thinking block, or is one that nobody can read.
    fn sign(&mut self, detail: &RawValue, out: &mut Outgoing) {
        match blocks::thought(detail) {
            Some(Thought::Text { signature: Some(signature), index: place, .. }) => {
                let index = self.open_thinking(place, out);
                append_delta(index, "signature_delta", "signature", signature, out);
                self.close(out);
            }
            Some(Thought::Sealed(data)) => {
                let mut block = b"{\"type\":\"redacted_thinking\"".to_vec();
                write::optional_string(&mut block, "data", Some(&data));
                block.push(b'}');
                if self.has_text {
                    self.held.push(block);
                } else {
                    self.whole(block, out);
                }
            }
            _ => {}
        }
    }

    fn citation(&mut self, annotation: &RawValue, out: &mut Vec<u8>) {
        let mut citation = Vec::new();
        if !blocks::append_citation(annotation, &mut citation) {
            return;
        }
        let index = self.open(Kind::Text, b"{\"type\":\"text\",\"text\":\"\"}", out);
        append_event_head("content_block_delta", index, out);
        out.extend_from_slice(b",\"delta\":{\"type\":\"citations_delta\",\"citation\":");
        out.extend_from_slice(&citation);
        out.extend_from_slice(b"}}\n\n");
    }

    fn image(&mut self, image: Box<RawValue>, out: &mut Outgoing) {
        let mut block = Vec::new();
        let has_address = blocks::append_image(&image, &mut block);
        drop(image);
        if has_address {
            self.whole(block, out);
        }
    }

    /// A block that comes all at once.
    fn whole(&mut self, block: Vec<u8>, out: &mut Outgoing) {
        self.start(out);
        self.close(out);
        append_event_head("content_block_start", self.blocks, out);
        out.extend_from_slice(b",\"content_block\":");
        out.owned(block);
        out.extend_from_slice(b"}\n\n");
        append_stop(self.blocks, out);
        self.blocks += 1;
    }

    /// The index of the open block of this kind; begins one when another or none is open.
    fn open(&mut self, kind: Kind, block: &[u8], out: &mut Vec<u8>) -> u64 {
        if let Some(open) = self.open.as_ref().filter(|open| open.kind.continues(&kind)) {
            return open.index;
        }
        self.start(out);
        self.close(out);
        self.calls.close_complete(out);
        let index = self.blocks;
        self.blocks += 1;
        append_start(index, block, out);
        self.open = Some(Open { index, kind });
        index
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(open) = self.open.take() {
            append_stop(open.index, out);
        }
    }
}

impl Kind {
    fn continues(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Thinking(Some(own)), Self::Thinking(Some(next))) => own == next,
            (Self::Thinking(_), Self::Thinking(_)) => true,
            _ => self == next,
        }
    }
}

/// Appends an event of a block up to its index; the rest and the closing brace must follow.
fn append_event_head(kind: &str, index: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: {\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"index\":");
    write::number(out, index);
}

fn append_start(index: u64, block: &[u8], out: &mut Vec<u8>) {
    append_event_head("content_block_start", index, out);
    out.extend_from_slice(b",\"content_block\":");
    out.extend_from_slice(block);
    out.extend_from_slice(b"}\n\n");
}

fn append_delta(index: u64, kind: &str, field: &str, text: String, out: &mut Outgoing) {
    append_event_head("content_block_delta", index, out);
    out.extend_from_slice(b",\"delta\":{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'"');
    write::field(out, field);
    out.string(text);
    out.extend_from_slice(b"}}\n\n");
}

fn append_stop(index: u64, out: &mut Vec<u8>) {
    append_event_head("content_block_stop", index, out);
    out.extend_from_slice(b"}\n\n");
}
