//! The response object: the whole answer, and the frame around a streamed one.
//!
//! Both official SDKs of the API check what they receive: fields that a caller did not set are there as null, and times
//! are whole seconds.

mod item;
mod reasoning;
mod shapes;

pub(crate) use item::{Call, Content, Message, Status, Style, grow, list};
pub(crate) use reasoning::{Reasoning, detail_id, text_part};
pub(crate) use shapes::{annotation, image_url, logprobs};

use super::request::{ResponsesRequest, ToolBook};
use crate::canonical::reply::{Choice, FinishReason, Reply};
use crate::chat::reply::{Bill, Envelope};
use crate::upstream::json::Writer;
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;
use std::sync::Arc;

/// What every state of a response object repeats.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The id without its prefix.
    pub(crate) id: String,
    created: i64,
    model: String,
    provider: String,
    echo: Vec<u8>,
    /// The error that ended the answer by its length before it began.
    cause: Option<ErrorKind>,
}

/// One item of the output.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its id.
    pub(crate) id: String,
    /// How far it has come.
    pub(crate) status: Status,
    /// What it holds.
    pub(crate) content: Content,
}

/// How the whole answer stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State<'a> {
    /// It is being made.
    Running,
    /// It is over, and this is why and what it cost.
    Ended(FinishReason, &'a Bill<'a>),
    /// It broke.
    Failed(ErrorKind, &'a str),
}

impl State<'_> {
    /// The word for it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "in_progress",
            Self::Ended(FinishReason::Length | FinishReason::ContentFilter, _) => "incomplete",
            Self::Ended(FinishReason::Error, _) | Self::Failed(..) => "failed",
            Self::Ended(..) => "completed",
        }
    }
}

/// Parameters that are repeated, with what stands for a missing one; empty means that the field is left out.
const ECHO: &[(&str, &str)] = &[
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", ""),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("temperature", "null"),
    ("top_p", "null"),
    ("presence_penalty", "null"),
    ("frequency_penalty", "null"),
    ("top_logprobs", ""),
    ("reasoning", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("truncation", "\"disabled\""),
    ("user", ""),
    ("safety_identifier", ""),
    ("prompt_cache_key", ""),
];

impl Frame {
    /// The frame of an answer; `request` is `None` when nothing is known of it.
    pub(crate) fn new(request: Option<&ResponsesRequest>, envelope: &Envelope<'_>) -> Self {
        let mut echo = Writer::behind(b"{".to_vec());
        for (name, missing) in ECHO {
            match request.and_then(|request| request.field(name)) {
                Some(value) => echo.field_line(name, value),
                None if missing.is_empty() => {}
                None => echo.field_raw(name, missing),
            }
        }
        Self {
            id: envelope.id.strip_prefix("gen-").unwrap_or(envelope.id).to_owned(),
            created: envelope.created,
            model: envelope.model.to_owned(),
            provider: envelope.provider.to_owned(),
            echo: echo.finish().split_off(1),
            cause: None,
        }
    }

    /// Names the error in whose place the answer is given.
    pub(crate) const fn set_cause(&mut self, cause: Option<ErrorKind>) {
        self.cause = cause;
    }

    /// Writes the response object in some state.
    pub(crate) fn write(&self, state: State<'_>, output: &[Slot], tail: &Tail<'_>, out: &mut Writer) {
        out.begin_object();
        out.field_text("id", &format!("resp_{}", self.id));
        out.field_text("object", "response");
        out.field_plain("created_at", self.created);
        match state {
            State::Ended(_, bill) => out.field_plain("completed_at", bill.ended_at),
            State::Running | State::Failed(..) => out.field_raw("completed_at", "null"),
        }
        out.field_text("status", state.as_str());
        out.field_text("model", &self.model);
        if !self.provider.is_empty() {
            out.field_text("provider", &self.provider);
        }
        write_problem(state, out);
        if let (State::Ended(..), Some(cause)) = (state, self.cause) {
            out.field_text("error_type", cause.as_str());
        }
        out.field_list("output");
        for slot in output {
            slot.content.write(&slot.id, slot.status, tail.style, out);
        }
        out.end_list();
        out.bytes(b",");
        out.bytes(&self.echo);
        out.field_raw("previous_response_id", "null");
        out.field_raw("background", "false");
        out.field_raw("store", "false");
        match tail.service_tier {
            Some(tier) => out.field_text("service_tier", tier),
            None => out.field_raw("service_tier", "null"),
        }
        match state {
            State::Ended(_, bill) => write_usage(bill, out),
            State::Running | State::Failed(..) => out.field_raw("usage", "null"),
        }
        if let Some(metadata) = tail.metadata {
            out.field_line("openrouter_metadata", metadata.get());
        }
        out.end_object();
    }
}

/// What only the end of an answer knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tail<'a> {
    /// How items are written.
    pub(crate) style: Style<'a>,
    /// The tier that was really used.
    pub(crate) service_tier: Option<&'a str>,
    /// `openrouter_metadata`, if it was asked for.
    pub(crate) metadata: Option<&'a RawValue>,
}

fn write_problem(state: State<'_>, out: &mut Writer) {
    match state {
        State::Failed(kind, message) => write_error(kind, message, out),
        State::Ended(FinishReason::Error, _) => {
            write_error(ErrorKind::ProviderUnavailable, "The provider broke the answer off", out);
        }
        State::Running | State::Ended(..) => out.field_raw("error", "null"),
    }
    let reason = match state {
        State::Ended(FinishReason::Length, _) => "max_output_tokens",
        State::Ended(FinishReason::ContentFilter, _) => "content_filter",
        _ => return out.field_raw("incomplete_details", "null"),
    };
    out.field_object("incomplete_details");
    out.field_text("reason", reason);
    out.end_object();
}

fn write_error(kind: ErrorKind, message: &str, out: &mut Writer) {
    out.field_object("error");
    out.field_text("code", code(kind));
    out.field_text("message", message);
    out.end_object();
    out.field_text("error_type", kind.as_str());
}

/// The format's own word for a failure. Source: the documented mapping (2026-08-22).
const fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimitExceeded => "rate_limit_exceeded",
        ErrorKind::ContextLengthExceeded | ErrorKind::InvalidRequest | ErrorKind::InvalidPrompt => "invalid_prompt",
        ErrorKind::ContentPolicyViolation => "image_content_policy_violation",
        _ => "server_error",
    }
}

fn write_usage(bill: &Bill<'_>, out: &mut Writer) {
    let usage = bill.usage;
    out.field_object("usage");
    out.field_plain("input_tokens", usage.prompt_tokens());
    out.field_object("input_tokens_details");
    out.field_plain("cached_tokens", usage.input_cache_read);
    out.field_plain("cache_write_tokens", usage.cache_write_tokens());
    out.end_object();
    out.field_plain("output_tokens", usage.completion_tokens());
    out.field_object("output_tokens_details");
    out.field_plain("reasoning_tokens", usage.output_reasoning);
    out.end_object();
    out.field_plain("total_tokens", usage.total_tokens());
    out.field_raw("cost", &bill.cost.to_usd());
    out.field_plain("is_byok", bill.is_byok);
    out.field_object("cost_details");
    out.field_raw("upstream_inference_cost", &bill.upstream_cost.to_usd());
    out.field_raw("upstream_inference_input_cost", &bill.prompt_cost.to_usd());
    out.field_raw("upstream_inference_output_cost", &bill.completion_cost.to_usd());
    out.end_object();
    out.end_object();
}

/// Writes the answer as the body of a plain call.
#[must_use]
pub fn encode(request: Option<&ResponsesRequest>, reply: &Reply, envelope: &Envelope<'_>, bill: &Bill<'_>) -> Vec<u8> {
    encode_for(None, request, reply, envelope, bill)
}

/// Writes an answer that stands in the place of an error.
pub(crate) fn encode_for(
    cause: Option<ErrorKind>,
    request: Option<&ResponsesRequest>,
    reply: &Reply,
    envelope: &Envelope<'_>,
    bill: &Bill<'_>,
) -> Vec<u8> {
    let plain = ToolBook::default();
    let style = Style {
        book: request.map_or(&plain, ResponsesRequest::tools),
        wants_sealed: request.is_some_and(ResponsesRequest::wants_sealed),
    };
    let mut frame = Frame::new(request, envelope);
    frame.set_cause(cause);
    let choice = reply.choices.first();
    let contents = choice.map(|choice| contents(choice, envelope.hide_reasoning)).unwrap_or_default();
    let mut slots: Vec<Slot> = contents
        .into_iter()
        .enumerate()
        .map(|(at, content)| slot(&frame.id, at, content, style.book))
        .map(|slot| Slot { status: Status::Whole, ..slot })
        .collect();
    let finish = choice.map(|choice| choice.finish.reason).unwrap_or_default();
    if let Some(last) = slots.last_mut() {
        last.status = last_status(finish);
    }
    let tail = Tail { style, service_tier: reply.service_tier.as_deref(), metadata: envelope.metadata };
    let mut out = Writer::with_capacity(2_048);
    frame.write(State::Ended(finish, bill), &slots, &tail, &mut out);
    out.finish()
}

/// An open slot for the item at a place of the output. Reasoning keeps the provider's id, which must come back with it.
pub(crate) fn slot(answer: &str, at: usize, content: Content, book: &ToolBook) -> Slot {
    let own = match &content {
        Content::Reasoning(reasoning) => reasoning.id.clone(),
        _ => None,
    };
    let id = own.unwrap_or_else(|| format!("{}_{answer}_{at}", content.id_prefix(book)));
    Slot { id, status: Status::Open, content }
}

/// What the last item of an answer came to.
pub(crate) const fn last_status(finish: FinishReason) -> Status {
    match finish {
        FinishReason::Length | FinishReason::ContentFilter | FinishReason::Error => Status::Cut,
        FinishReason::Stop | FinishReason::ToolCalls => Status::Whole,
    }
}

/// The items of a whole answer.
fn contents(choice: &Choice, hides_reasoning: bool) -> Vec<Content> {
    let message = &choice.message;
    let mut contents = Vec::new();
    if !hides_reasoning {
        contents.extend(reasoning_of(choice).into_iter().map(Content::Reasoning));
    }
    contents.extend(message.items.iter().cloned().map(Content::Native));
    contents.extend(message.images.iter().filter_map(|image| image_url(image)).map(Arc::new).map(Content::Image));
    let says_nothing = contents.is_empty() && message.tool_calls.is_empty();
    let has_text = message.content.as_ref().is_some_and(|text| !text.is_empty());
    if has_text || message.refusal.is_some() || says_nothing {
        contents.push(Content::Message(Message {
            text: message.content.clone().map(Arc::new),
            refusal: message.refusal.clone().map(Arc::new),
            annotations: message.annotations.iter().filter_map(|entry| annotation(entry)).collect(),
            logprobs: choice.logprobs.as_deref().map(logprobs).unwrap_or_default(),
        }));
    }
    contents.extend(message.tool_calls.iter().map(|call| {
        Content::Call(Call {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: Arc::new(call.arguments.clone()),
        })
    }));
    contents
}

/// The reasoning of a whole answer: one item for every id that the provider gave.
fn reasoning_of(choice: &Choice) -> Vec<Reasoning> {
    let message = &choice.message;
    let mut items: Vec<Reasoning> = Vec::new();
    let mut is_readable = false;
    for detail in &message.reasoning_details {
        let id = detail_id(detail);
        let is_same = items.last().is_some_and(|last| id.is_none() || last.id.is_none() || last.id == id);
        if !is_same {
            items.push(Reasoning::default());
        }
        is_readable |= items.last_mut().and_then(|last| last.add_detail(detail)).is_some();
    }
    if let Some(text) = message.reasoning.as_deref().filter(|_| !is_readable) {
        if items.is_empty() {
            items.push(Reasoning::default());
        }
        if let Some(first) = items.first_mut() {
            first.add_text(text, false, None);
        }
    }
    items
}
