//! Everything beside the conversation: answer format, sampling, reasoning, limits.

use super::{Body, LIMIT_MIN};
use crate::chat::request::{AnswerFormat, LIMIT_FIELDS};
use crate::upstream::Change;
use crate::upstream::openai::is_dear_tier;

/// Fields of the chat request that this format reads, beside those that every format reads.
pub(super) const READ: &[&str] = &[
    "n",
    "parallel_tool_calls",
    "logprobs",
    "top_logprobs",
    "user",
    "verbosity",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
];

impl Body<'_> {
    pub(super) fn text(&mut self) {
        let format = self.request.answer_format();
        let verbosity = self.request.field("verbosity").filter(|_| self.target.takes("verbosity"));
        let is_plain = matches!(format, AnswerFormat::Text | AnswerFormat::Other);
        if matches!(format, AnswerFormat::Other) {
            self.notes.dropped("response_format", "this wire format has no counterpart");
        }
        if is_plain && verbosity.is_none() {
            return;
        }
        self.out.field_object("text");
        match format {
            AnswerFormat::JsonObject => self.out.field_raw("format", r#"{"type":"json_object"}"#),
            AnswerFormat::JsonSchema(schema) => {
                self.out.field_object("format");
                self.out.field_text("type", "json_schema");
                self.out.field_text("name", &schema.name);
                if let Some(description) = &schema.description {
                    self.out.field_text("description", description);
                }
                self.out.field_raw("schema", schema.schema.map_or("{}", |schema| schema.get()));
                self.out.field_plain("strict", schema.strict.unwrap_or(false));
                self.out.end_object();
            }
            AnswerFormat::Text | AnswerFormat::Other => {}
        }
        match verbosity {
            Some("\"xhigh\"" | "\"max\"") => {
                self.notes.add("verbosity", Change::Clamped, "the highest level is high");
                self.out.field_text("verbosity", "high");
            }
            Some(value) => self.out.field_raw("verbosity", value),
            None => {}
        }
        self.out.end_object();
    }

    pub(super) fn sampling(&mut self) {
        for name in ["temperature", "top_p", "top_logprobs"] {
            let Some(value) = self.request.field(name) else { continue };
            if self.target.takes(name) {
                self.out.field_raw(name, value);
            } else {
                self.notes.dropped(name, "the endpoint does not support it");
            }
        }
        for name in ["prompt_cache_key", "prompt_cache_options"] {
            if let Some(value) = self.request.field(name) {
                self.out.field_raw(name, value);
            }
        }
    }

    /// Effort, and a summary for callers that want to see what the model thought.
    pub(super) fn reasoning(&mut self) {
        let reasoning = self.request.reasoning();
        let limit = self.target.output_limit.or(self.request.output_limit());
        let effort = reasoning.effort(limit);
        if effort.is_none() && reasoning.summary.is_none() {
            return;
        }
        if !(self.target.takes("reasoning") || self.target.takes("reasoning_effort")) {
            self.notes.dropped("reasoning", "the endpoint does not support it");
            return;
        }
        self.out.field_object("reasoning");
        if let Some(effort) = effort {
            let nearest = self.target.nearest_effort(effort);
            let is_listed = self.target.reasoning.is_some_and(|reasoning| reasoning.supported_efforts.is_some());
            let sent = if nearest == "max" && !is_listed { "xhigh" } else { nearest };
            if sent != effort || reasoning.effort.is_none() {
                self.notes.add("reasoning", Change::Translated, "sent as an effort level");
            }
            self.out.field_text("effort", sent);
        }
        let is_wanted = reasoning.is_on() && !self.request.wants_reasoning_hidden();
        if let Some(summary) = reasoning.summary.as_deref().or(is_wanted.then_some("auto")) {
            self.out.field_text("summary", summary);
        }
        self.out.end_object();
    }

    /// Sealed reasoning is asked for wherever there may be some: nothing is stored, so it must come back with the history.
    pub(super) fn include(&mut self) {
        let has_reasoning = self.request.reasoning().is_on() || self.target.reasoning.is_some();
        let has_logprobs = self.request.field("logprobs") == Some("true") && self.target.takes("logprobs");
        if !has_reasoning && !has_logprobs {
            return;
        }
        self.out.field_list("include");
        if has_reasoning {
            self.out.text("reasoning.encrypted_content");
        }
        if has_logprobs {
            self.out.text("message.output_text.logprobs");
        }
        self.out.end_list();
    }

    /// What is said the same way whoever wrote the rest.
    pub(super) fn ending(&mut self) {
        if let Some(limit) = self.target.limit_for(self.request, &mut self.notes) {
            if limit < LIMIT_MIN {
                self.notes.add(self.limit_name(), Change::Clamped, "the provider takes no limit below 16");
            }
            self.out.field_plain("max_output_tokens", limit.max(LIMIT_MIN));
        }
        self.service_tier();
        self.out.field_raw("store", "false");
        if self.target.stream {
            self.out.field_raw("stream", "true");
        }
        if let Some(user) = self.target.user {
            self.out.field_text("safety_identifier", user);
        }
    }

    /// The endpoint's own tier; a dearer one than it has prices for is not asked for.
    fn service_tier(&mut self) {
        match (self.target.service_tier, self.request.field("service_tier")) {
            (Some(tier), _) => self.out.field_text("service_tier", tier),
            (None, Some(value)) if is_dear_tier(value) => {
                self.notes.dropped("service_tier", "the endpoint that serves is of another tier");
            }
            (None, Some(value)) => self.out.field_raw("service_tier", value),
            (None, None) => {}
        }
    }

    fn limit_name(&self) -> &'static str {
        LIMIT_FIELDS.iter().copied().find(|name| self.request.field(name).is_some()).unwrap_or("max_tokens")
    }
}
