//! The streamed answer that a caller of chat completions receives.
//!
//! [`Encoder`] writes one chunk per step and exactly one ending, whatever the provider duplicated or left out: the
//! finish reasons and the usage are held back until [`Encoder::end`], when both are settled.

use super::reply::{Bill, Envelope, append_usage, write};
use crate::canonical::reply::{Delta, Finish, FinishReason};
use crate::outgoing::Outgoing;
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A comment that keeps intermediaries from giving up while a provider is silent.
pub const KEEP_ALIVE: &[u8] = b": OPENROUTER PROCESSING\n\n";

/// Writes the events of one streamed answer.
#[derive(Debug)]
pub struct Encoder {
    /// Everything up to the opening bracket of `choices`.
    head: Vec<u8>,
    /// Everything after the closing bracket of `choices`.
    tail: Vec<u8>,
    hide_reasoning: bool,
    fingerprint: Option<String>,
    service_tier: Option<String>,
    choices: Vec<ChoiceState>,
    is_over: bool,
}

#[derive(Debug)]
struct ChoiceState {
    index: u32,
    has_role: bool,
    has_calls: bool,
    finish: Option<Finish>,
    details: u32,
    images: u32,
    annotations: u32,
}

impl ChoiceState {
    const fn new(index: u32) -> Self {
        Self { index, has_role: false, has_calls: false, finish: None, details: 0, images: 0, annotations: 0 }
    }

    /// The place of the first entry that a step adds to a list of this choice; the list grows by the step's entries.
    fn place(&mut self, delta: &Delta) -> u32 {
        let (list, entries) = match delta {
            Delta::Reasoning { details, .. } => (&mut self.details, u32::try_from(details.len()).unwrap_or(u32::MAX)),
            Delta::ReasoningDetail { .. } => (&mut self.details, 1),
            Delta::Image { .. } => (&mut self.images, 1),
            Delta::Annotation { .. } => (&mut self.annotations, 1),
            _ => return 0,
        };
        let place = *list;
        *list = list.saturating_add(entries);
        place
    }
}

impl Encoder {
    /// Makes an encoder. The envelope's metadata is not used: it is only known at the end.
    #[must_use]
    pub fn new(envelope: &Envelope<'_>) -> Self {
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(b"data: {\"id\":");
        write::string(&mut head, envelope.id);
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        write::number(&mut head, envelope.created);
        write::optional_string(&mut head, "model", Some(envelope.model));
        write::optional_string(&mut head, "provider", Some(envelope.provider));
        Self {
            head,
            tail: Vec::new(),
            hide_reasoning: envelope.hide_reasoning,
            fingerprint: None,
            service_tier: None,
            choices: Vec::new(),
            is_over: false,
        }
    }

    /// Appends what the client is to see of one step: at most one event, and none for steps without content.
    ///
    /// The role comes with the first piece of each choice. Steps after the ending are ignored.
    pub fn push(&mut self, delta: Delta, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        match delta {
            Delta::Role(choice) => {
                self.state(choice);
            }
            Delta::Finish { choice, finish } => self.state(choice).finish = Some(finish),
            Delta::Fingerprint(fingerprint) => {
                self.fingerprint = Some(fingerprint);
                self.build_tail();
            }
            Delta::ServiceTier(tier) => {
                self.service_tier = Some(tier);
                self.build_tail();
            }
            Delta::Start { .. } | Delta::Usage(_) | Delta::Error(_) | Delta::Done => {}
            content => self.push_content(content, out),
        }
    }

    /// Appends the ending: one finish chunk per choice, one chunk with usage and without choices, and the end mark.
    pub fn end(&mut self, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Vec<u8>) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        if self.choices.is_empty() {
            self.state(0);
        }
        self.choices.sort_by_key(|state| state.index);
        for state in &self.choices {
            self.append_finish(state, out);
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[]");
        out.extend_from_slice(&self.tail);
        write::field(out, "usage");
        append_usage(out, bill);
        if let Some(metadata) = metadata {
            write::field(out, "openrouter_metadata");
            write::raw(out, metadata);
        }
        out.extend_from_slice(b"}\n\ndata: [DONE]\n\n");
    }

    /// Appends the one event that reports a failure in the middle; the stream ends with it and without an end mark.
    pub fn error(
        &mut self,
        status: u16,
        kind: ErrorKind,
        message: &str,
        provider_code: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        out.extend_from_slice(&self.head);
        append_error(status, kind, message, provider_code, out);
        out.extend_from_slice(b",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"");
        out.extend_from_slice(b",\"native_finish_reason\":null}]");
        out.extend_from_slice(&self.tail);
        out.extend_from_slice(b"}\n\n");
    }

    /// Whether the ending or the failure has been written.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn push_content(&mut self, delta: Delta, out: &mut Outgoing) {
        let is_reasoning = matches!(delta, Delta::Reasoning { .. } | Delta::ReasoningDetail { .. });
        if is_reasoning && self.hide_reasoning {
            return;
        }
        let Some(choice) = choice_of(&delta) else { return };
        let state = self.state(choice);
        let begins = !state.has_role;
        state.has_role = true;
        state.has_calls |= matches!(delta, Delta::ToolCall { .. });
        let place = state.place(&delta);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        write::number(out, choice);
        out.extend_from_slice(b",\"delta\":{");
        let logprobs = append_delta(out, delta, begins, place);
        out.extend_from_slice(b"},\"finish_reason\":null,\"native_finish_reason\":null");
        if let Some(logprobs) = logprobs {
            write::field(out, "logprobs");
            out.json(logprobs);
        }
        out.extend_from_slice(b"}]");
        out.extend_from_slice(&self.tail);
        out.extend_from_slice(b"}\n\n");
    }

    fn append_finish(&self, state: &ChoiceState, out: &mut Vec<u8>) {
        let unsaid = if state.has_calls { FinishReason::ToolCalls } else { FinishReason::Stop };
        let (reason, native) = match &state.finish {
            Some(finish) => (finish.reason, finish.native.as_deref()),
            None => (unsaid, None),
        };
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        write::number(out, state.index);
        out.extend_from_slice(b",\"delta\":{");
        if !state.has_role {
            out.extend_from_slice(b"\"role\":\"assistant\",\"content\":\"\"");
        }
        out.push(b'}');
        write::optional_string(out, "finish_reason", Some(reason.as_str()));
        write::field(out, "native_finish_reason");
        write::string_or_null(out, native);
        out.extend_from_slice(b"}]");
        out.extend_from_slice(&self.tail);
        out.extend_from_slice(b"}\n\n");
    }

    fn state(&mut self, index: u32) -> &mut ChoiceState {
        let at = match self.choices.iter().position(|state| state.index == index) {
            Some(at) => at,
            None => {
                self.choices.push(ChoiceState::new(index));
                self.choices.len() - 1
            }
        };
        &mut self.choices[at]
    }

    /// A chunk may not hold these as null, so they are written once they are known.
    fn build_tail(&mut self) {
        self.tail.clear();
        write::optional_string(&mut self.tail, "system_fingerprint", self.fingerprint.as_deref());
        write::optional_string(&mut self.tail, "service_tier", self.service_tier.as_deref());
    }
}

/// Appends the field that says what went wrong within a stream.
pub(crate) fn append_error(
    status: u16,
    kind: ErrorKind,
    message: &str,
    provider_code: Option<&str>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b",\"error\":{\"code\":");
    write::number(out, status);
    write::optional_string(out, "message", Some(message));
    out.extend_from_slice(b",\"metadata\":{\"error_type\":");
    write::string(out, kind.as_str());
    write::optional_string(out, "provider_code", provider_code);
    out.extend_from_slice(b"}}");
}

const fn choice_of(delta: &Delta) -> Option<u32> {
    match delta {
        Delta::Text { choice, .. }
        | Delta::Reasoning { choice, .. }
        | Delta::ReasoningDetail { choice, .. }
        | Delta::ToolCall { choice, .. }
        | Delta::Refusal { choice, .. }
        | Delta::Image { choice, .. }
        | Delta::Audio { choice, .. }
        | Delta::Annotation { choice, .. }
        | Delta::Logprobs { choice, .. } => Some(*choice),
        _ => None,
    }
}

/// Appends the fields of a `delta` object; `place` is where its list entries stand in their list. Gives back the token
/// probabilities, which stand beside the object.
fn append_delta(out: &mut Outgoing, delta: Delta, begins: bool, place: u32) -> Option<Box<RawValue>> {
    if begins {
        out.extend_from_slice(b"\"role\":\"assistant\",");
    }
    match delta {
        Delta::Text { text, .. } => {
            out.extend_from_slice(b"\"content\":");
            out.string(text);
        }
        Delta::Reasoning { text, details, .. } => {
            out.extend_from_slice(b"\"content\":\"\",\"reasoning\":");
            out.string(text);
            if !details.is_empty() {
                append_entries(out, "reasoning_details", details, place);
            }
        }
        Delta::ReasoningDetail { detail, .. } => {
            out.extend_from_slice(b"\"content\":\"\"");
            append_entries(out, "reasoning_details", vec![detail], place);
        }
        Delta::ToolCall { index, id, name, arguments, .. } => {
            out.extend_from_slice(b"\"content\":null,\"tool_calls\":[{\"index\":");
            write::number(out, index);
            write::optional_string(out, "id", id.as_deref());
            out.extend_from_slice(b",\"type\":\"function\",\"function\":{");
            if let Some(name) = name {
                out.extend_from_slice(b"\"name\":");
                out.string(name);
                out.push(b',');
            }
            out.extend_from_slice(b"\"arguments\":");
            out.string(arguments);
            out.extend_from_slice(b"}}]");
        }
        Delta::Refusal { text, .. } => {
            out.extend_from_slice(b"\"refusal\":");
            out.string(text);
        }
        Delta::Image { image, .. } => {
            out.extend_from_slice(b"\"content\":\"\"");
            append_entries(out, "images", vec![image], place);
        }
        Delta::Audio { audio, .. } => {
            out.extend_from_slice(b"\"audio\":");
            out.json(audio);
        }
        Delta::Annotation { annotation, .. } => {
            out.extend_from_slice(b"\"content\":\"\"");
            append_entries(out, "annotations", vec![annotation], place);
        }
        Delta::Logprobs { logprobs, .. } => {
            out.extend_from_slice(b"\"content\":\"\"");
            return Some(logprobs);
        }
        _ => out.extend_from_slice(b"\"content\":\"\""),
    }
    None
}

/// Appends a list of entries, each with its place: accumulating clients join the pieces of a list by `index` and fail
/// without it (the `stream` helper of the official `openai` package 3.52.0, seen 2026-11-21).
fn append_entries(out: &mut Outgoing, name: &str, entries: Vec<Box<RawValue>>, first: u32) {
    write::field(out, name);
    out.push(b'[');
    for (place, entry) in (first..).zip(entries) {
        if place > first {
            out.push(b',');
        }
        if has_index(&entry) {
            out.json(entry);
        } else {
            out.extend_from_slice(b"{\"index\":");
            write::number(out, place);
            out.rest_of_object(entry);
        }
    }
    out.push(b']');
}

/// Whether an entry needs no index: it has one, or it is no object that could take one.
fn has_index(entry: &RawValue) -> bool {
    let fields = serde_json::from_str::<HashMap<String, serde::de::IgnoredAny>>(entry.get());
    fields.map_or(true, |fields| fields.contains_key("index"))
}
