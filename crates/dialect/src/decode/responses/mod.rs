//! OpenAI Responses.
//!
//! Items are read as they grow; one that arrives whole, because nothing of it was streamed, is read from its end. Items
//! that chat completions have no form for are kept as they are, for callers of the same format.
//!
//! Source: the provider's API reference and the types of its official SDK 3.52.0 (`types/responses`), read 2026-11-21.

mod items;
mod wire;

use super::failure;
use super::stream::StreamError;
use super::tools::Calls;
use super::usage::{self, ResponsesUsage};
use super::wire::{Text, filled, owned, present};
use crate::canonical::reply::{Delta, Finish, FinishReason, UpstreamError};
use domain::usage::Usage;
use serde_json::value::RawValue;
use std::collections::HashMap;
use wire::{Event, Response};

/// The most output items that one answer may have.
const ITEMS_MAX: usize = 4_096;

/// State of one streamed answer.
#[derive(Debug, Default, Clone)]
pub(super) struct Stream {
    has_started: bool,
    upstream_id: Option<String>,
    service_tier: Option<String>,
    calls: Calls,
    /// What has been streamed of each item.
    seen: HashMap<u64, Seen>,
    details: Details,
    searches: u64,
    usage: Option<Usage>,
}

/// What has been streamed of an item.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    has_text: bool,
    has_refusal: bool,
    has_reasoning: bool,
    has_arguments: bool,
    is_call: bool,
    is_custom: bool,
    annotations: usize,
}

/// Numbers the entries of structured reasoning.
#[derive(Debug, Default, Clone)]
struct Details {
    count: u64,
    /// Kind, item and part of the entry that grows.
    open: Option<(&'static str, Option<String>, u64)>,
    has_summary: bool,
}

/// Reads a whole answer.
pub(super) fn whole(json: &str, out: &mut Vec<Delta>) -> Result<(), StreamError> {
    let mut stream = Stream::default();
    let response: Response<'_> = serde_json::from_str(json).map_err(malformed)?;
    let is_answer = response.output.is_some() || response.status.is_some();
    if !is_answer && (present(response.error).or(response.message).or(response.detail)).is_some() {
        out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
        return Ok(());
    }
    if !is_answer {
        return Err(StreamError::Json);
    }
    stream.start(&response, out);
    for (index, item) in (0u64..).zip(response.output.iter().flatten()) {
        stream.item_done(index, item, out)?;
    }
    stream.end(&response, out);
    stream.finish(out);
    Ok(())
}

impl Stream {
    /// Reads one event; the name on the `event:` line stands in for a missing `type`.
    pub(super) fn event(&mut self, name: Option<&str>, json: &str, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let event: Event<'_> = serde_json::from_str(json).map_err(malformed)?;
        let kind = event.kind.as_ref().map(Text::as_str).or(name).unwrap_or_default();
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                let response = read_response(&event)?;
                self.start(&response, out);
            }
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                let response = read_response(&event)?;
                self.start(&response, out);
                // Whatever was not streamed is in the whole answer.
                for (index, item) in (0u64..).zip(response.output.iter().flatten()) {
                    if !self.seen.contains_key(&index) {
                        self.item_done(index, item, out)?;
                    }
                }
                self.end(&response, out);
            }
            "error" => {
                let error = present(event.error).map_or(json, RawValue::get);
                out.push(Delta::Error(failure::of_field(error)));
            }
            // Some proxies send an error without saying so in its type.
            "" => out.push(Delta::Error(failure::of_body(None, json.as_bytes()))),
            _ => self.item_event(kind, &event, out)?,
        }
        Ok(())
    }

    /// Ends the answer: what only the end can tell.
    pub(super) fn finish(&mut self, out: &mut Vec<Delta>) {
        self.calls.complete(0, out);
    }

    fn start(&mut self, response: &Response<'_>, out: &mut Vec<Delta>) {
        if !self.has_started {
            self.has_started = true;
            self.upstream_id = owned(response.id.as_ref());
            out.push(Delta::Start { upstream_id: self.upstream_id.clone(), model: owned(response.model.as_ref()) });
            out.push(Delta::Role(0));
        }
        // "auto" is what was asked for and not what was used.
        let tier = filled(response.service_tier.as_ref()).filter(|tier| *tier != "auto");
        if let Some(tier) = tier.filter(|tier| self.service_tier.as_deref() != Some(tier)) {
            self.service_tier = Some(tier.to_owned());
            out.push(Delta::ServiceTier(tier.to_owned()));
        }
    }

    fn end(&mut self, response: &Response<'_>, out: &mut Vec<Delta>) {
        let reported = present(response.usage).and_then(|raw| serde_json::from_str::<ResponsesUsage>(raw.get()).ok());
        if let Some(usage) = reported.and_then(|reported| reported.normal(self.searches)) {
            let usage = usage::after(self.usage.as_ref(), usage);
            self.usage = Some(usage);
            out.push(Delta::Usage(usage));
        }
        let status = filled(response.status.as_ref()).unwrap_or("completed");
        if let Some(error) = present(response.error).filter(|_| status != "completed") {
            out.push(Delta::Error(failure::of_field(error.get())));
            return;
        }
        if matches!(status, "failed" | "cancelled") {
            out.push(Delta::Error(UpstreamError::unreadable("the provider broke the answer off")));
            return;
        }
        self.calls.complete(0, out);
        let why = response.incomplete_details.as_ref().and_then(|details| filled(details.reason.as_ref()));
        let native = if status == "incomplete" { why.unwrap_or(status) } else { status };
        let reason = match (status, why) {
            ("incomplete", Some("content_filter")) => FinishReason::ContentFilter,
            ("incomplete", _) => FinishReason::Length,
            _ if !self.calls.is_empty() => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        let finish = Finish { reason, native: Some(native.chars().take(100).collect()) };
        out.push(Delta::Finish { choice: 0, finish });
        out.push(Delta::Done);
    }
}

fn read_response<'a>(event: &Event<'a>) -> Result<Response<'a>, StreamError> {
    let raw = present(event.response).ok_or(StreamError::Json)?;
    serde_json::from_str(raw.get()).map_err(malformed)
}

/// The parser's text may quote the answer, which must not travel in an error.
fn malformed(_: serde_json::Error) -> StreamError {
    StreamError::Json
}
