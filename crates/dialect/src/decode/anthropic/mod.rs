//! Anthropic Messages.
//!
//! Source: the provider's API reference and the types of its official SDK (2026-11). A whole message and a stream
//! share the handling of blocks: a whole block is one that begins, grows once and ends.

mod blocks;
mod parts;

use super::stream::StreamError;
use super::usage::{self, AnthropicUsage};
use super::wire::{Text, boxed, filled, owned, present};
use super::{failure, finish};
use crate::canonical::reply::{Delta, FinishReason, Native};
use blocks::Blocks;
use domain::usage::Usage;
use parts::{BlockDelta, Event, Message, Quoted};
use serde_json::value::RawValue;

/// State of one streamed message.
#[derive(Debug, Default, Clone)]
pub(super) struct Stream {
    has_started: bool,
    has_finish: bool,
    is_done: bool,
    counts: AnthropicUsage,
    usage: Option<Usage>,
    service_tier: Option<String>,
    /// Whether the provider's own words are wanted beside the neutral steps.
    is_quoted: bool,
    blocks: Blocks,
}

/// Reads a whole message; `is_quoted` adds its blocks in the provider's own words.
pub(super) fn whole(json: &str, is_quoted: bool, out: &mut Vec<Delta>) -> Result<(), StreamError> {
    let message: Message<'_> = serde_json::from_str(json).map_err(super::openai::malformed)?;
    if present(message.error).is_some() {
        out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
        return Ok(());
    }
    if message.content.is_none() {
        return Err(StreamError::Json);
    }
    let mut stream = Stream::default();
    stream.start(&message, out);
    if is_quoted {
        let quoted: Quoted<'_> = serde_json::from_str(json).map_err(super::openai::malformed)?;
        out.extend(quoted.content.into_iter().flatten().map(|block| Delta::Native(Native::Whole(boxed(block)))));
    }
    stop_sequence(message.stop_sequence.as_ref(), out);
    for (index, block) in (0u64..).zip(message.content.into_iter().flatten()) {
        stream.blocks.begin(index, block, out)?;
        stream.blocks.end(index, out);
    }
    stream.end(message.stop_reason.as_ref(), out);
    stream.finish(out);
    Ok(())
}

/// Passes on the event of a content block as the provider wrote it.
fn quote(kind: &str, index: u64, json: &str, out: &mut Vec<Delta>) {
    let read = || serde_json::from_str::<Quoted<'_>>(json).unwrap_or_default();
    let piece = match kind {
        "content_block_start" => read().content_block.map(|block| Native::Begin { index, block: boxed(block) }),
        "content_block_stop" => Some(Native::End { index }),
        _ => None,
    };
    out.extend(piece.map(Delta::Native));
}

fn stop_sequence(text: Option<&Text<'_>>, out: &mut Vec<Delta>) {
    out.extend(filled(text).map(|text| Delta::Native(Native::StopSequence(text.to_owned()))));
}

impl Stream {
    /// Asks for the provider's own words beside the neutral steps.
    pub(super) const fn quoted(mut self) -> Self {
        self.is_quoted = true;
        self
    }

    /// Reads one event; its name is only needed when the data does not repeat it.
    pub(super) fn event(&mut self, name: Option<&str>, json: &str, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let event: Event<'_> = serde_json::from_str(json).map_err(super::openai::malformed)?;
        let kind = filled(event.r#type.as_ref()).or(name).unwrap_or_default();
        if present(event.error).is_some() {
            out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
            return Ok(());
        }
        if self.is_quoted && kind != "content_block_delta" {
            quote(kind, event.index.unwrap_or(0), json, out);
        }
        match kind {
            "message_start" => {
                if let Some(message) = &event.message {
                    self.start(message, out);
                }
            }
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.blocks.begin(event.index.unwrap_or(0), block, out)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = event.delta {
                    self.grow(event.index.unwrap_or(0), delta, json, out);
                }
            }
            "content_block_stop" => self.blocks.end(event.index.unwrap_or(0), out),
            "message_delta" => {
                stop_sequence(event.delta.as_ref().and_then(|delta| delta.stop_sequence.as_ref()), out);
                let reason = event.delta.as_ref().and_then(|delta| delta.stop_reason.as_ref());
                self.end(reason, out);
                self.count(event.usage, out);
            }
            "message_stop" if !self.is_done => {
                self.is_done = true;
                out.push(Delta::Done);
            }
            "error" => out.push(Delta::Error(failure::of_body(None, json.as_bytes()))),
            // Pings, and event types that came later than this build.
            _ => {}
        }
        Ok(())
    }

    /// Takes the next piece of a block. Callers who are shown the provider's own words need no more than the length of ours.
    fn grow(&mut self, index: u64, delta: BlockDelta<'_>, json: &str, out: &mut Vec<Delta>) {
        let start = out.len();
        self.blocks.grow(index, delta, out);
        if self.is_quoted {
            let output_bytes = out.drain(start..).map(|delta| delta.output_bytes()).sum();
            let quoted = serde_json::from_str::<Quoted<'_>>(json).unwrap_or_default().delta;
            out.extend(quoted.map(|delta| Delta::Native(Native::Grow { index, delta: boxed(delta), output_bytes })));
        }
    }

    /// Ends the message: blocks that the provider left open.
    pub(super) fn finish(&mut self, out: &mut Vec<Delta>) {
        self.blocks.end_all(out);
        if !self.has_finish && self.blocks.has_calls() {
            let finish = crate::canonical::reply::Finish { reason: FinishReason::ToolCalls, native: None };
            out.push(Delta::Finish { choice: 0, finish });
        }
    }

    fn start(&mut self, message: &Message<'_>, out: &mut Vec<Delta>) {
        if !self.has_started {
            self.has_started = true;
            let upstream_id = owned(message.id.as_ref());
            self.blocks.set_upstream_id(upstream_id.as_deref());
            out.push(Delta::Start { upstream_id, model: owned(message.model.as_ref()) });
            out.push(Delta::Role(0));
        }
        self.count(message.usage, out);
    }

    fn end(&mut self, reason: Option<&Text<'_>>, out: &mut Vec<Delta>) {
        let Some(native) = filled(reason) else { return };
        if self.has_finish {
            return;
        }
        self.has_finish = true;
        self.blocks.end_all(out);
        let mut finish = finish::from_anthropic(native);
        if finish.reason == FinishReason::Stop && self.blocks.has_calls() {
            finish.reason = FinishReason::ToolCalls;
        }
        out.push(Delta::Finish { choice: 0, finish });
    }

    fn count(&mut self, raw: Option<&RawValue>, out: &mut Vec<Delta>) {
        #[derive(serde::Deserialize)]
        struct Tier {
            service_tier: Option<String>,
        }
        let Some(raw) = present(raw) else { return };
        if let Ok(Tier { service_tier: Some(mut tier) }) = serde_json::from_str(raw.get())
            && self.service_tier.as_ref() != Some(&tier)
        {
            self.service_tier = Some(tier.clone());
            // The ordinary tier has another name in chat completions, whose clients may check the word.
            if tier == "standard" {
                "default".clone_into(&mut tier);
            }
            out.push(Delta::ServiceTier(tier));
        }
        let Ok(counts) = serde_json::from_str::<AnthropicUsage>(raw.get()) else { return };
        self.counts.replace(&counts);
        if let Some(usage) = self.counts.normal() {
            let usage = usage::after(self.usage.as_ref(), usage);
            self.usage = Some(usage);
            out.push(Delta::Usage(usage));
        }
    }
}
