//! Output items, piece by piece or whole.

use super::super::tools::{Fragment, Scope};
use super::super::wire::{Text, boxed, filled, image_at, pieces, present, raw_json, taken};
use super::wire::{Event, Item, Part};
use super::{ITEMS_MAX, Seen, Stream, StreamError, malformed};
use crate::canonical::reply::Delta;
use crate::chat::reply::write;
use crate::responses::request::{INPUT, flat_name};
use crate::responses::sealed::OPENAI_FORMAT;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

impl Stream {
    pub(super) fn item_event(
        &mut self,
        kind: &str,
        event: &Event<'_>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        let index = event.output_index.unwrap_or(0);
        match kind {
            "response.output_item.added" => {
                if let Some(item) = present(event.item) {
                    self.item_added(index, item, out)?;
                }
            }
            "response.output_item.done" => {
                if let Some(item) = present(event.item) {
                    self.item_done(index, item, out)?;
                }
            }
            "response.output_text.delta" => {
                self.logprobs(event.logprobs, out);
                if let Some(text) = text_of(event.delta) {
                    self.seen(index)?.has_text = true;
                    out.push(Delta::Text { choice: 0, text });
                }
            }
            "response.refusal.delta" => {
                if let Some(text) = text_of(event.delta) {
                    self.seen(index)?.has_refusal = true;
                    out.push(Delta::Refusal { choice: 0, text });
                }
            }
            "response.output_text.annotation.added" => {
                if let Some(entry) = present(event.annotation) {
                    self.seen(index)?.annotations += 1;
                    out.extend(annotation(entry));
                }
            }
            "response.reasoning_summary_text.delta" => {
                self.reasoning(index, event, "reasoning.summary", event.summary_index, out)?;
            }
            "response.reasoning_text.delta" => {
                self.reasoning(index, event, "reasoning.text", event.content_index, out)?;
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                if let Some(piece) = text_of(event.delta) {
                    self.arguments(index, piece, out)?;
                }
            }
            // Everything else repeats what was said, or tells how a hosted tool is getting on.
            _ => {}
        }
        Ok(())
    }

    fn seen(&mut self, index: u64) -> Result<&mut Seen, StreamError> {
        if self.seen.len() >= ITEMS_MAX && !self.seen.contains_key(&index) {
            return Err(StreamError::TooManyCalls { limit: ITEMS_MAX });
        }
        Ok(self.seen.entry(index).or_default())
    }

    fn reasoning(
        &mut self,
        index: u64,
        event: &Event<'_>,
        kind: &'static str,
        part: Option<u64>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        let Some(text) = text_of(event.delta) else { return Ok(()) };
        self.seen(index)?.has_reasoning = true;
        let id = filled(event.item_id.as_ref());
        self.reasoning_piece(kind, id, part.unwrap_or(0), &text, out);
        Ok(())
    }

    /// A piece of readable reasoning; summaries are paragraphs, so a new one begins behind a blank line.
    fn reasoning_piece(&mut self, kind: &'static str, id: Option<&str>, part: u64, text: &str, out: &mut Vec<Delta>) {
        let key = Some((kind, id.map(str::to_owned), part));
        let is_new = self.details.open != key;
        if is_new {
            self.details.open = key;
            self.details.count += 1;
        }
        let is_summary = kind == "reasoning.summary";
        let begins_paragraph = is_new && is_summary && self.details.has_summary;
        self.details.has_summary |= is_summary;
        let field = if is_summary { "summary" } else { "text" };
        for (place, piece) in pieces(text).enumerate() {
            let details = self.detail(kind, field, piece, id).into_iter().collect();
            let break_before = if begins_paragraph && place == 0 { "\n\n" } else { "" };
            out.push(Delta::Reasoning { choice: 0, text: [break_before, piece].concat(), details });
        }
    }

    fn detail(&self, kind: &str, field: &str, text: &str, id: Option<&str>) -> Option<Box<RawValue>> {
        let index = self.details.count.saturating_sub(1);
        let mut entry = json!({"type": kind, "format": OPENAI_FORMAT, "index": index});
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(field.to_owned(), Value::from(text));
            entry.extend(id.map(|id| ("id".to_owned(), Value::from(id))));
        }
        raw_json(&entry)
    }

    fn item_added(&mut self, index: u64, item: &RawValue, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let item: Item<'_> = serde_json::from_str(item.get()).map_err(malformed)?;
        let kind = item.kind.as_ref().map(Text::as_str).unwrap_or_default();
        if matches!(kind, "function_call" | "custom_tool_call") {
            self.begin_call(index, kind, &item, out)?;
        }
        Ok(())
    }

    fn begin_call(&mut self, index: u64, kind: &str, item: &Item<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let is_custom = kind == "custom_tool_call";
        let seen = self.seen(index)?;
        if seen.is_call {
            return Ok(());
        }
        seen.is_call = true;
        seen.is_custom = is_custom;
        let name = flat_name(filled(item.namespace.as_ref()), filled(item.name.as_ref()).unwrap_or_default());
        let opening = format!("{{\"{INPUT}\":\"");
        let fragment = Fragment {
            index: Some(index),
            id: filled(item.call_id.as_ref()).or_else(|| filled(item.id.as_ref())),
            name: Some(&name),
            arguments: if is_custom { opening.into() } else { Cow::Borrowed("") },
        };
        let scope = Scope { choice: 0, upstream_id: self.upstream_id.as_deref() };
        self.calls.push_whole(scope, fragment, out)
    }

    /// Further arguments; the text of a free-form call goes into the one argument that stands for it.
    fn arguments(&mut self, index: u64, piece: String, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let seen = self.seen(index)?;
        seen.has_arguments = true;
        let is_custom = seen.is_custom;
        let text = if is_custom { escaped(&piece) } else { piece };
        let scope = Scope { choice: 0, upstream_id: self.upstream_id.as_deref() };
        self.calls.grow(scope, Fragment { index: Some(index), arguments: text.into(), ..Fragment::default() }, out);
        Ok(())
    }

    /// An item is whole: what was not streamed of it is read now.
    pub(super) fn item_done(&mut self, index: u64, raw: &RawValue, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let mut item: Item<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
        match item.kind.as_ref().map(Text::as_str).unwrap_or_default() {
            "message" => self.message_done(index, item.content.take(), out)?,
            "reasoning" => self.reasoning_done(index, &item, out)?,
            "function_call" => self.call_done(index, "function_call", item, out)?,
            "custom_tool_call" => self.call_done(index, "custom_tool_call", item, out)?,
            "image_generation_call" => {
                self.seen(index)?;
                if let Some(data) = filled(item.result.as_ref()) {
                    let image = image_at(&["data:image/png;base64,", data]);
                    out.extend(image.map(|image| Delta::Image { choice: 0, image }));
                }
            }
            kind => {
                self.seen(index)?;
                self.searches += u64::from(kind == "web_search_call");
                out.push(Delta::Item { choice: 0, item: boxed(raw) });
            }
        }
        Ok(())
    }

    fn message_done(
        &mut self,
        index: u64,
        content: Option<Vec<Part<'_>>>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        let seen = *self.seen(index)?;
        let mut place = 0;
        for part in content.into_iter().flatten() {
            if let Some(text) = taken(part.refusal.filter(|_| !seen.has_refusal)) {
                out.push(Delta::Refusal { choice: 0, text });
            }
            if let Some(text) = taken(part.text.filter(|_| !seen.has_text)) {
                self.logprobs(part.logprobs, out);
                out.push(Delta::Text { choice: 0, text });
            }
            for entry in part.annotations.iter().flatten().copied() {
                place += 1;
                if place > seen.annotations {
                    out.extend(annotation(entry));
                }
            }
        }
        Ok(())
    }

    fn reasoning_done(&mut self, index: u64, item: &Item<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let has_reasoning = self.seen(index)?.has_reasoning;
        let id = filled(item.id.as_ref());
        if !has_reasoning {
            for (kind, parts) in [("reasoning.summary", &item.summary), ("reasoning.text", &item.content)] {
                for (part, text) in (0u64..).zip(parts.iter().flatten().filter_map(|part| filled(part.text.as_ref()))) {
                    self.reasoning_piece(kind, id, part, text, out);
                }
            }
        }
        if let Some(data) = filled(item.encrypted_content.as_ref()) {
            self.details.open = None;
            self.details.count += 1;
            let detail = self.detail("reasoning.encrypted", "data", data, id);
            out.extend(detail.map(|detail| Delta::ReasoningDetail { choice: 0, detail }));
        }
        Ok(())
    }

    fn call_done(&mut self, index: u64, kind: &str, item: Item<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        self.begin_call(index, kind, &item, out)?;
        let seen = *self.seen(index)?;
        let given = if seen.is_custom { item.input } else { item.arguments };
        if let Some(given) = taken(given.filter(|_| !seen.has_arguments)) {
            self.arguments(index, given, out)?;
        }
        if seen.is_custom {
            let scope = Scope { choice: 0, upstream_id: self.upstream_id.as_deref() };
            self.calls.grow(
                scope,
                Fragment { index: Some(index), arguments: "\"}".into(), ..Fragment::default() },
                out,
            );
        }
        Ok(())
    }

    /// Token probabilities, in the shape of chat completions.
    fn logprobs(&self, list: Option<&RawValue>, out: &mut Vec<Delta>) {
        let Some(list) = present(list).filter(|list| list.get().len() > 2) else { return };
        let whole = format!("{{\"content\":{},\"refusal\":null}}", list.get());
        out.extend(RawValue::from_string(whole).ok().map(|logprobs| Delta::Logprobs { choice: 0, logprobs }));
    }
}

/// The text of a piece; empty pieces say nothing.
fn text_of(delta: Option<&RawValue>) -> Option<String> {
    taken(Text::read(present(delta)?.get()))
}

/// A text as it stands within a JSON string.
fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    write::escaped(&mut out, text.as_bytes());
    String::from_utf8(out).unwrap_or_else(|other| String::from_utf8_lossy(other.as_bytes()).into_owned())
}

/// A citation in the shape of chat completions.
fn annotation(entry: &RawValue) -> Option<Delta> {
    let mut fields: Map<String, Value> = serde_json::from_str(entry.get()).ok()?;
    let kind = fields.remove("type")?.as_str()?.to_owned();
    let mut nested = Map::new();
    nested.insert("type".to_owned(), Value::from(kind.clone()));
    nested.insert(kind, Value::Object(fields));
    Some(Delta::Annotation { choice: 0, annotation: raw_json(&nested)? })
}
