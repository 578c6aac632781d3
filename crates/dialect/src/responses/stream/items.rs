//! Items while they grow: their parts, their pieces, and what closes them.

use super::{Encoder, begin_event, end_event};
use crate::responses::reply::{
    Call, Content, Message, Reasoning, Status, annotation, detail_id, grow, image_url, list, text_part,
};
use crate::upstream::json::Writer;
use serde_json::value::RawValue;
use std::sync::Arc;

impl Encoder {
    pub(super) fn text(&mut self, text: String, out: &mut Writer) {
        let at = self.open_message(|message| message.refusal.is_none(), out);
        self.begin_text(at, out);
        let logprobs = std::mem::take(&mut self.logprobs);
        if let Some(message) = self.message(at) {
            grow(message.text.get_or_insert_default(), &text);
        }
        self.piece(
            "response.output_text.delta",
            at,
            "content_index",
            0,
            |out| {
                said("delta", text, out);
                list("logprobs", &logprobs, out);
            },
            out,
        );
        if let Some(message) = self.message(at) {
            message.logprobs.extend(logprobs);
        }
    }

    pub(super) fn refusal(&mut self, text: String, out: &mut Writer) {
        let at = self.open_message(|_message| true, out);
        let Some(message) = self.message(at) else { return };
        let index = usize::from(message.text.is_some());
        if message.refusal.is_none() {
            message.refusal = Some(Arc::default());
            self.part_added(out, index, |part| {
                Message { refusal: Some(Arc::default()), ..Message::default() }.write_refusal(part);
            });
        }
        if let Some(refusal) = self.message(at).and_then(|message| message.refusal.as_mut()) {
            grow(refusal, &text);
        }
        self.piece("response.refusal.delta", at, "content_index", index, |out| said("delta", text, out), out);
    }

    pub(super) fn annotation(&mut self, entry: &RawValue, out: &mut Writer) {
        let Some(entry) = annotation(entry) else { return };
        let at = self.open_message(|message| message.refusal.is_none(), out);
        self.begin_text(at, out);
        let place = self.message(at).map_or(0, |message| message.annotations.len());
        self.piece(
            "response.output_text.annotation.added",
            at,
            "content_index",
            0,
            |out| {
                out.field_plain("annotation_index", place);
                out.field_line("annotation", entry.get());
            },
            out,
        );
        if let Some(message) = self.message(at) {
            message.annotations.push(entry);
        }
    }

    fn open_message(&mut self, fits: impl Fn(&Message) -> bool, out: &mut Writer) -> usize {
        let is_wanted = |content: &Content| matches!(content, Content::Message(message) if fits(message));
        if let Some(at) = self.last_open(is_wanted) {
            return at;
        }
        self.close_all(Status::Whole, out);
        self.open(Content::Message(Message::default()), out)
    }

    fn begin_text(&mut self, at: usize, out: &mut Writer) {
        let Some(message) = self.message(at).filter(|message| message.text.is_none()) else { return };
        message.text = Some(Arc::default());
        self.part_added(out, 0, |part| Message::default().write_text(part));
    }

    /// A part of the last item has begun.
    pub(super) fn part_added(&mut self, out: &mut Writer, index: usize, write: impl FnOnce(&mut Writer)) {
        let at = self.slots.len().saturating_sub(1);
        self.piece(
            "response.content_part.added",
            at,
            "content_index",
            index,
            |out| {
                out.key("part");
                write(out);
            },
            out,
        );
    }

    pub(super) fn reasoning(&mut self, text: &str, details: &[Box<RawValue>], out: &mut Writer) {
        if self.hides_reasoning {
            return;
        }
        let mut is_readable = false;
        for detail in details {
            let at = self.open_reasoning(detail_id(detail).as_deref(), out);
            let Some(piece) = self.reasoning_at(at).and_then(|reasoning| reasoning.add_detail(detail)) else {
                continue;
            };
            is_readable = true;
            self.reasoning_piece(at, &piece, out);
        }
        if !is_readable && !text.is_empty() {
            let at = self.open_reasoning(None, out);
            if let Some(reasoning) = self.reasoning_at(at) {
                reasoning.add_text(text, false, None);
            }
            self.reasoning_piece(at, text, out);
        }
    }

    fn open_reasoning(&mut self, id: Option<&str>, out: &mut Writer) -> usize {
        let is_same = |content: &Content| match content {
            Content::Reasoning(open) => id.is_none() || open.id.is_none() || open.id.as_deref() == id,
            _ => false,
        };
        if let Some(at) = self.last_open(is_same) {
            return at;
        }
        self.close_all(Status::Whole, out);
        self.open(Content::Reasoning(Reasoning::named(id)), out)
    }

    /// Writes the next readable piece, which the item holds already.
    fn reasoning_piece(&mut self, at: usize, piece: &str, out: &mut Writer) {
        let Some((count, is_summary, index)) = self.reasoning_at(at).and_then(|reasoning| {
            let is_summary = reasoning.texts.last()?.is_summary;
            let alike = reasoning.texts.iter().filter(|text| text.is_summary == is_summary).count();
            Some((reasoning.texts.len(), is_summary, alike.saturating_sub(1)))
        }) else {
            return;
        };
        if count > self.texts_begun {
            self.end_reasoning_text(at, self.texts_begun, out);
            self.texts_begun = count;
            let (name, field, kind) = part_names("added", is_summary);
            self.piece(
                name,
                at,
                field,
                index,
                |out| {
                    out.key("part");
                    text_part(kind, &Arc::default(), out);
                },
                out,
            );
        }
        let name = if is_summary { "response.reasoning_summary_text.delta" } else { "response.reasoning_text.delta" };
        let field = if is_summary { "summary_index" } else { "content_index" };
        self.piece(name, at, field, index, |out| out.field_text("delta", piece), out);
    }

    /// Closes the last of the first `begun` readable pieces.
    fn end_reasoning_text(&mut self, at: usize, begun: usize, out: &mut Writer) {
        let Some((is_summary, index, text)) = self.reasoning_at(at).and_then(|reasoning| {
            let (last, before) = reasoning.texts.get(..begun)?.split_last()?;
            let index = before.iter().filter(|text| text.is_summary == last.is_summary).count();
            Some((last.is_summary, index, Arc::clone(&last.text)))
        }) else {
            return;
        };
        let name = if is_summary { "response.reasoning_summary_text.done" } else { "response.reasoning_text.done" };
        let (part_name, field, kind) = part_names("done", is_summary);
        self.piece(name, at, field, index, |out| out.field_shared("text", &text), out);
        self.piece(
            part_name,
            at,
            field,
            index,
            |out| {
                out.key("part");
                text_part(kind, &text, out);
            },
            out,
        );
    }

    pub(super) fn call(
        &mut self,
        index: u32,
        id: Option<&str>,
        name: Option<&str>,
        arguments: String,
        out: &mut Writer,
    ) {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let at = match self.calls.get(place).copied() {
            Some(at) => {
                if let (Some(name), Some(call)) = (name, self.call_at(at)) {
                    call.name.push_str(name);
                }
                at
            }
            None => {
                self.close_before_call(out);
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                let call = Call { id: text(id), name: text(name), arguments: Arc::default() };
                let at = self.open(Content::Call(call), out);
                self.calls.push(at);
                at
            }
        };
        self.arguments(at, arguments, out);
    }

    fn arguments(&mut self, at: usize, arguments: String, out: &mut Writer) {
        let is_open = self.slots.get(at).is_some_and(|slot| slot.status == Status::Open);
        if arguments.is_empty() || !is_open {
            return;
        }
        let is_custom = self.slots.get(at).is_some_and(|slot| is_custom(&slot.content, self));
        if let Some(call) = self.call_at(at) {
            grow(&mut call.arguments, &arguments);
        }
        // The text of a free-form call is known once its arguments are whole.
        if !is_custom {
            let name = "response.function_call_arguments.delta";
            self.piece(name, at, "", 0, |out| said("delta", arguments, out), out);
        }
    }

    fn call_at(&mut self, at: usize) -> Option<&mut Call> {
        match &mut self.slots.get_mut(at)?.content {
            Content::Call(call) => Some(call),
            _ => None,
        }
    }

    /// Closes what a new call puts an end to. Calls may grow side by side, so one that is not whole stays open.
    fn close_before_call(&mut self, out: &mut Writer) {
        for at in 0..self.slots.len() {
            let is_growing = self.slots.get(at).is_some_and(|slot| match &slot.content {
                Content::Call(call) => serde_json::from_str::<serde::de::IgnoredAny>(&call.arguments).is_err(),
                _ => false,
            });
            if !is_growing {
                self.close(at, Status::Whole, out);
            }
        }
    }

    pub(super) fn image(&mut self, image: Box<RawValue>, out: &mut Writer) {
        let url = image_url(&image);
        drop(image);
        let Some(url) = url else { return };
        self.close_all(Status::Whole, out);
        let at = self.open(Content::Image(Arc::new(url)), out);
        self.piece("response.image_generation_call.completed", at, "", 0, |_out| {}, out);
        self.close(at, Status::Whole, out);
    }

    pub(super) fn native(&mut self, item: Box<RawValue>, out: &mut Writer) {
        self.close_all(Status::Whole, out);
        let at = self.open(Content::Native(item), out);
        self.close(at, Status::Whole, out);
    }

    /// Closes every open item, the last one with `last`.
    pub(super) fn close_all(&mut self, last: Status, out: &mut Writer) {
        let count = self.slots.len();
        for at in 0..count {
            self.close(at, if at + 1 == count { last } else { Status::Whole }, out);
        }
    }

    fn close(&mut self, at: usize, status: Status, out: &mut Writer) {
        let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.status == Status::Open) else { return };
        slot.status = status;
        match &slot.content {
            Content::Reasoning(_) => self.end_reasoning_text(at, self.texts_begun, out),
            Content::Message(_) => self.end_message(at, out),
            Content::Call(_) => self.end_call(at, out),
            Content::Image(_) | Content::Native(_) => {}
        }
        self.item_event("response.output_item.done", at, out);
    }

    fn end_message(&mut self, at: usize, out: &mut Writer) {
        let Some(message) = self.message(at) else { return };
        let message = std::mem::take(message);
        if let Some(text) = &message.text {
            self.piece(
                "response.output_text.done",
                at,
                "content_index",
                0,
                |out| {
                    out.field_shared("text", text);
                    list("logprobs", &message.logprobs, out);
                },
                out,
            );
            self.piece(
                "response.content_part.done",
                at,
                "content_index",
                0,
                |out| {
                    out.key("part");
                    message.write_text(out);
                },
                out,
            );
        }
        if let Some(refusal) = &message.refusal {
            let index = usize::from(message.text.is_some());
            self.piece(
                "response.refusal.done",
                at,
                "content_index",
                index,
                |out| out.field_shared("refusal", refusal),
                out,
            );
            self.piece(
                "response.content_part.done",
                at,
                "content_index",
                index,
                |out| {
                    out.key("part");
                    message.write_refusal(out);
                },
                out,
            );
        }
        if let Some(place) = self.message(at) {
            *place = message;
        }
    }

    fn end_call(&mut self, at: usize, out: &mut Writer) {
        let is_custom = self.slots.get(at).is_some_and(|slot| is_custom(&slot.content, self));
        let name = self.call_at(at).map(|call| call.name.clone()).unwrap_or_default();
        let name = self.book.find(&name).map_or(name.clone(), |tool| tool.name.clone());
        let Some(call) = self.call_at(at) else { return };
        if is_custom {
            let input = call.input().into_owned();
            self.piece("response.custom_tool_call_input.delta", at, "", 0, |out| out.field_text("delta", &input), out);
            self.piece("response.custom_tool_call_input.done", at, "", 0, |out| out.field_text("input", &input), out);
            return;
        }
        let arguments = Arc::clone(&call.arguments);
        self.piece(
            "response.function_call_arguments.done",
            at,
            "",
            0,
            |out| {
                out.field_text("name", &name);
                out.field_shared("arguments", &arguments);
            },
            out,
        );
    }

    /// One event about an item: `field` names the index of a part, if there is one.
    fn piece(
        &mut self,
        name: &str,
        at: usize,
        field: &str,
        index: usize,
        write: impl FnOnce(&mut Writer),
        out: &mut Writer,
    ) {
        let Some(slot) = self.slots.get(at) else { return };
        begin_event(name, &mut self.sequence, out);
        out.field_text("item_id", &slot.id);
        out.field_plain("output_index", at);
        if !field.is_empty() {
            out.field_plain(field, index);
        }
        write(out);
        end_event(out);
    }
}

fn said(name: &str, text: String, out: &mut Writer) {
    out.key(name);
    out.string(text);
}

fn is_custom(content: &Content, encoder: &Encoder) -> bool {
    matches!(content, Content::Call(call) if call.is_custom(&encoder.book))
}

/// Event, index field and part type of a reasoning part that is added or done.
fn part_names(step: &str, is_summary: bool) -> (&'static str, &'static str, &'static str) {
    match (step, is_summary) {
        ("added", true) => ("response.reasoning_summary_part.added", "summary_index", "summary_text"),
        (_, true) => ("response.reasoning_summary_part.done", "summary_index", "summary_text"),
        ("added", false) => ("response.content_part.added", "content_index", "reasoning_text"),
        (_, false) => ("response.content_part.done", "content_index", "reasoning_text"),
    }
}
