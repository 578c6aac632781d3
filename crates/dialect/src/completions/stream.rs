//! The streamed answer that a caller of completions receives.

use super::reply::logprobs;
use super::request::CompletionsRequest;
use crate::canonical::reply::{Delta, Finish, FinishReason};
use crate::chat::reply::{Bill, Envelope, append_usage, write};
use crate::chat::stream::append_error;
use crate::outgoing::Outgoing;
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Writes the events of one streamed answer.
#[derive(Debug)]
pub struct Encoder {
    /// Everything up to the opening bracket of `choices`.
    head: Vec<u8>,
    echo: String,
    choices: BTreeMap<u32, Option<Finish>>,
    is_over: bool,
}

impl Encoder {
    /// Makes an encoder. The envelope's metadata is not used: it is only known at the end.
    #[must_use]
    pub fn new(request: Option<&CompletionsRequest>, envelope: &Envelope<'_>) -> Self {
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(b"data: {\"id\":");
        write::string(&mut head, envelope.id);
        head.extend_from_slice(b",\"object\":\"text_completion\",\"created\":");
        write::number(&mut head, envelope.created);
        write::optional_string(&mut head, "model", Some(envelope.model));
        write::optional_string(&mut head, "provider", Some(envelope.provider));
        let echo = request.map_or("", CompletionsRequest::echo).to_owned();
        Self { head, echo, choices: BTreeMap::new(), is_over: false }
    }

    /// Appends what the client is to see of one step; steps after the ending are ignored.
    pub fn push(&mut self, delta: Delta, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        match delta {
            Delta::Text { choice, text } | Delta::Refusal { choice, text } => {
                let text = self.begin(choice, text);
                self.chunk(choice, text, None, None, out);
            }
            Delta::Logprobs { choice, logprobs } => {
                let text = self.begin(choice, String::new());
                self.chunk(choice, text, Some(&logprobs), None, out);
            }
            Delta::Finish { choice, finish } => {
                self.choices.insert(choice, Some(finish));
            }
            _ => {}
        }
    }

    /// Appends the ending: one chunk with the finish reason per choice, one with usage, and the end mark.
    pub fn end(&mut self, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Outgoing) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        if self.choices.is_empty() {
            self.choices.insert(0, None);
        }
        for (choice, finish) in &self.choices {
            let finish = finish.clone().unwrap_or(Finish { reason: FinishReason::Stop, native: None });
            self.chunk(*choice, String::new(), None, Some(&finish), out);
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[],\"usage\":");
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
        out.extend_from_slice(
            b",\"choices\":[{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"error\"}]}\n\n",
        );
    }

    /// The text of the first piece of a choice begins with the prompt, when the caller wants it repeated.
    fn begin(&mut self, choice: u32, mut text: String) -> String {
        let is_new = !self.choices.contains_key(&choice);
        self.choices.entry(choice).or_default();
        if is_new && !self.echo.is_empty() {
            text.insert_str(0, &self.echo);
        }
        text
    }

    fn chunk(
        &self,
        choice: u32,
        text: String,
        probabilities: Option<&RawValue>,
        finish: Option<&Finish>,
        out: &mut Outgoing,
    ) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        write::number(out, choice);
        write::field(out, "text");
        out.string(text);
        write::field(out, "logprobs");
        match probabilities {
            Some(probabilities) => out.extend_from_slice(logprobs(probabilities).to_string().as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
        write::field(out, "finish_reason");
        write::string_or_null(out, finish.map(|finish| finish.reason.as_str()));
        write::field(out, "native_finish_reason");
        write::string_or_null(out, finish.and_then(|finish| finish.native.as_deref()));
        out.extend_from_slice(b"}]}\n\n");
    }
}
