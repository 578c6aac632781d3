//! Everything beside the conversation: answer format, sampling, stop texts, user.

use super::Body;
use crate::chat::request::{AnswerFormat, stop_texts};
use crate::upstream::Change;
use crate::upstream::turns::is_blank;

/// Fields of the chat request that this format reads, beside those that every format reads.
pub(super) const READ: &[&str] = &["parallel_tool_calls", "top_k", "stop", "user", "verbosity", "service_tier", "n"];

/// With thinking, `top_p` may not be lower than this.
pub(super) const TOP_P_THINKING_MIN: f64 = 0.95;

impl<'a> Body<'a> {
    /// Whether the answer's schema is enforced by the provider.
    pub(super) fn enforces_schema(&self) -> bool {
        self.target.declares("structured_outputs")
    }

    pub(super) fn output_config(&mut self) {
        let request = self.request;
        let schema = match request.answer_format() {
            AnswerFormat::JsonSchema(schema) if self.enforces_schema() => schema.schema,
            _ => None,
        };
        let verbosity = request.field("verbosity").and_then(|json| serde_json::from_str::<String>(json).ok());
        let asked = verbosity.as_deref().filter(|_| self.target.takes("verbosity"));
        if verbosity.is_some() && asked.is_none() {
            self.notes.dropped("verbosity", "the endpoint does not support it");
        }
        let effort = asked.or(self.adaptive_effort()).map(str::to_owned);
        if schema.is_none() && effort.is_none() {
            return;
        }
        self.out.field_object("output_config");
        if let Some(effort) = effort {
            self.out.field_text("effort", &effort);
        }
        if let Some(schema) = schema {
            self.out.field_object("format");
            self.out.field_text("type", "json_schema");
            self.out.field_raw("schema", schema.get());
            self.out.end_object();
        }
        self.out.end_object();
    }

    pub(super) fn sampling(&mut self) {
        let has_temperature = self.temperature();
        self.top_p(has_temperature);
        self.top_k();
    }

    fn temperature(&mut self) -> bool {
        let Some((json, value)) = self.number("temperature") else { return false };
        if self.thinking.is_on() {
            // Only 1 is taken beside thinking, and it is the default.
            self.notes.dropped("temperature", "cannot be set with thinking");
            return false;
        }
        if value > 1.0 {
            self.notes.add("temperature", Change::Clamped, "the highest value is 1");
            self.out.field_raw("temperature", "1");
        } else {
            self.out.field_raw("temperature", json);
        }
        true
    }

    fn top_p(&mut self, has_temperature: bool) {
        let Some((json, value)) = self.number("top_p") else { return };
        if has_temperature {
            self.notes.dropped("top_p", "cannot be set together with temperature");
        } else if self.thinking.is_on() && value < TOP_P_THINKING_MIN {
            self.notes.dropped("top_p", "cannot be below 0.95 with thinking");
        } else {
            self.out.field_raw("top_p", json);
        }
    }

    fn top_k(&mut self) {
        let Some((json, value)) = self.number("top_k") else { return };
        if self.thinking.is_on() {
            self.notes.dropped("top_k", "cannot be set with thinking");
        } else if value > 0.0 {
            self.out.field_raw("top_k", json);
        }
    }

    /// A numeric field as the caller wrote it and as a number, when the endpoint takes it.
    fn number(&mut self, name: &str) -> Option<(&'a str, f64)> {
        let request = self.request;
        let json = request.field(name)?;
        if !self.target.takes(name) {
            self.notes.dropped(name, "the endpoint does not support it");
            return None;
        }
        serde_json::from_str(json).ok().map(|value| (json, value))
    }

    pub(super) fn others(&mut self) {
        self.stop();
        if self.request.choices() > 1 {
            self.notes.dropped("n", "this provider gives one answer");
        }
        if let Some(user) = self.target.user {
            self.out.field_object("metadata");
            self.out.field_text("user_id", user);
            self.out.end_object();
        }
        match self.request.field("service_tier") {
            Some("\"auto\"") => self.out.field_text("service_tier", "auto"),
            Some("\"default\"") => self.out.field_text("service_tier", "standard_only"),
            Some(_) => self.notes.dropped("service_tier", "this provider does not have it"),
            None => {}
        }
        if let Some(marker) = self.request.field("cache_control") {
            self.out.field_raw("cache_control", marker);
        }
        if self.target.stream {
            self.out.field_raw("stream", "true");
        }
    }

    fn stop(&mut self) {
        let Some(texts) = self.request.field("stop").and_then(stop_texts) else { return };
        if !self.target.takes("stop") {
            self.notes.dropped("stop", "the endpoint does not support it");
            return;
        }
        let usable: Vec<_> = texts.iter().filter(|text| !is_blank(text)).collect();
        if usable.len() < texts.len() {
            self.notes.dropped("stop", "the provider refuses blank stop texts");
        }
        if usable.is_empty() {
            return;
        }
        self.out.field_list("stop_sequences");
        for text in usable {
            self.out.text(text);
        }
        self.out.end_list();
    }
}
