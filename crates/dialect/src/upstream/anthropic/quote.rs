//! A caller of Messages and a provider of Messages: the caller's own bytes, with as few changes as the endpoint needs.
//!
//! Messages, system text and tools are never touched, so that prompt caches stay warm and block types that came later
//! than this build get through. What the provider would refuse for a reason that this router can see (thinking that
//! another provider signed, a schema that it does not enforce, a name that is too long) goes the long way instead,
//! through the canonical request.

use super::options::TOP_P_THINKING_MIN;
use super::thinking::{self, Thinking};
use super::{VERSION, is_plain};
use crate::canonical::request::RawObject;
use crate::chat::request::ChatRequest;
use crate::messages::request::Original;
use crate::upstream::json::Writer;
use crate::upstream::names::ToolNames;
use crate::upstream::openai::{INERT, OURS};
use crate::upstream::{Change, Notes, Outgoing, Target};

/// Fields of the format that are sent as they are.
const RAW: &[&str] = &["system", "messages", "tools", "tool_choice", "cache_control", "output_format"];
/// Fields that name what only the caller's own account at the provider holds, or other servers.
const FOREIGN: &[&str] = &["container", "mcp_servers", "fallbacks", "safeguards", "inference_geo"];

/// Whether the provider can be sent what the caller wrote.
pub(super) fn is_possible(request: &ChatRequest, target: &Target<'_>, original: &Original) -> bool {
    let traits = request.traits();
    let has_plain_names = ToolNames::choose(&traits.tool_names, is_plain).is_empty();
    let takes_tools = target.takes("tools") || request.field("tools").is_none();
    let takes_strict = !traits.has_strict || (target.quirks.tool_strict && target.declares("structured_outputs"));
    let takes_schema = !request.shape().has_json_schema || target.declares("structured_outputs");
    !original.has_foreign_thinking()
        && !original.has_unannounced_system_turns()
        && has_plain_names
        && takes_tools
        && takes_strict
        && takes_schema
}

/// Writes the request from the caller's text.
pub(super) fn encode(request: &ChatRequest, target: &Target<'_>, original: &Original) -> Outgoing {
    let mut notes = Notes::default();
    let (limit, decided) = thinking::decide(request, target, &request.messages(), &mut Notes::default());
    if request.output_limit().is_none() {
        notes.add("max_tokens", Change::Added, "the format demands a limit");
    } else if request.output_limit() != Some(limit) {
        notes.add("max_tokens", Change::Clamped, "above what the endpoint or the budget allows");
    }
    let size = original.fields().map(|(name, json)| name.len() + json.len() + 4).sum::<usize>();
    let mut quote = Quote { request, target, original, limit, decided, out: Writer::with_capacity(size + 128), notes };
    quote.write();
    let mut headers = vec![("anthropic-version", VERSION.to_owned())];
    if !original.betas().is_empty() && !quote.drops("anthropic-beta") {
        headers.push(("anthropic-beta", original.betas().join(",")));
    }
    Outgoing {
        path: "/messages".to_owned(),
        headers,
        body: quote.out.finish().into(),
        notes: quote.notes.0,
        names: ToolNames::default(),
    }
}

struct Quote<'a> {
    request: &'a ChatRequest,
    target: &'a Target<'a>,
    original: &'a Original,
    limit: u64,
    /// What the canonical way would say about thinking.
    decided: Thinking,
    out: Writer,
    notes: Notes,
}

impl Quote<'_> {
    fn write(&mut self) {
        self.out.begin_object();
        self.out.field_text("model", self.target.upstream_id);
        self.out.field_plain("max_tokens", self.limit);
        let original = self.original;
        for (name, json) in original.fields() {
            self.field(name, json);
        }
        if let Some(user) = self.target.user {
            self.out.field_object("metadata");
            self.out.field_text("user_id", user);
            self.out.end_object();
        }
        if self.target.stream {
            self.out.field_raw("stream", "true");
        }
        self.out.end_object();
    }

    fn drops(&self, name: &str) -> bool {
        self.target.quirks.drop.iter().any(|dropped| dropped == name)
    }

    fn field(&mut self, name: &str, json: &str) {
        match name {
            "model" | "max_tokens" | "stream" | "metadata" | "user" => {}
            _ if self.drops(name) => self.notes.dropped(name, "the endpoint does not support it"),
            _ if RAW.contains(&name) => self.out.field_raw(name, json),
            "thinking" => self.thinking(json),
            "output_config" => self.output_config(json),
            "temperature" | "top_p" | "top_k" => self.sampling(name, json),
            "stop_sequences" if self.target.takes("stop") => self.out.field_raw(name, json),
            "stop_sequences" => self.notes.dropped(name, "the endpoint does not support it"),
            "service_tier" if matches!(json, "\"auto\"" | "\"standard_only\"") => self.out.field_raw(name, json),
            "service_tier" | "speed" => self.notes.dropped(name, "this provider does not have it"),
            "context_management" => self.context_management(json),
            _ if INERT.iter().any(|inert| name.eq_ignore_ascii_case(inert)) || FOREIGN.contains(&name) => {
                self.notes.dropped(name, "never sent to a provider");
            }
            _ if OURS.contains(&name) => {}
            // The API refuses whole requests for one unknown field.
            _ => self.notes.dropped(name, "unknown to the provider"),
        }
    }

    /// The API takes the field only together with the name of the feature.
    fn context_management(&mut self, json: &str) {
        let is_announced = self
            .original
            .betas()
            .iter()
            .any(|beta| beta.starts_with("context-management") || beta.starts_with("compact"));
        if is_announced && !self.drops("anthropic-beta") {
            self.out.field_raw("context_management", json);
        } else {
            self.notes.dropped("context_management", "the feature was not named in anthropic-beta");
        }
    }

    fn sampling(&mut self, name: &str, json: &str) {
        let value = serde_json::from_str::<f64>(json).unwrap_or(f64::NAN);
        let is_thinking = self.request.reasoning().is_on();
        let has_temperature = self.request.field("temperature").is_some() && self.target.takes("temperature");
        if !self.target.takes(name) {
            self.notes.dropped(name, "the endpoint does not support it");
        } else if is_thinking && (name == "temperature" || name == "top_k") {
            self.notes.dropped(name, "cannot be set with thinking");
        } else if name == "top_p" && has_temperature && !is_thinking {
            self.notes.dropped(name, "cannot be set together with temperature");
        } else if name == "temperature" && value > 1.0 {
            self.notes.add(name, Change::Clamped, "the highest value is 1");
            self.out.field_raw(name, "1");
        } else if is_thinking && name == "top_p" && value < TOP_P_THINKING_MIN {
            self.notes.dropped(name, "cannot be below 0.95 with thinking");
        } else {
            self.out.field_raw(name, json);
        }
    }

    /// The caller's own words, unless the model does not think at all, not in this way, or not that much.
    fn thinking(&mut self, json: &str) {
        let asked = self.request.reasoning();
        let takes = self.target.takes("reasoning") || self.target.takes("reasoning_effort");
        if !takes {
            self.notes.dropped("thinking", "the endpoint does not support it");
            return;
        }
        match (asked.max_tokens, self.target.takes_budget()) {
            _ if !asked.is_on() => self.out.field_raw("thinking", json),
            (Some(_), Some(false)) => {
                self.notes.add("thinking", Change::Translated, "sent as adaptive thinking");
                self.out.field_raw("thinking", r#"{"type":"adaptive"}"#);
            }
            (Some(budget), _) if budget >= self.limit => {
                self.budget("thinking.budget_tokens", "must leave room for an answer");
            }
            (None, Some(true)) if !self.takes_effort() => self.budget("thinking", "sent as a thinking budget"),
            _ => self.out.field_raw("thinking", json),
        }
    }

    fn budget(&mut self, field: &str, reason: &str) {
        match self.decided {
            Thinking::Budget(tokens) => {
                self.notes.add(field, Change::Translated, reason);
                self.out.field_object("thinking");
                self.out.field_text("type", "enabled");
                self.out.field_plain("budget_tokens", tokens);
                self.out.end_object();
            }
            _ => self.notes.dropped(field, reason),
        }
    }

    /// Whether the model knows effort levels; assumed when the catalogue says nothing about its reasoning.
    fn takes_effort(&self) -> bool {
        self.target.reasoning.is_none_or(|reasoning| reasoning.supported_efforts.is_some())
    }

    fn output_config(&mut self, json: &str) {
        let config: RawObject<'_> = serde_json::from_str(json).unwrap_or_default();
        let effort = config.get("effort").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let nearest = effort.as_deref().map(|effort| self.target.nearest_effort(effort));
        if effort.is_none() || (self.takes_effort() && nearest == effort.as_deref()) {
            self.out.field_raw("output_config", json);
            return;
        }
        let nearest = nearest.filter(|_| self.takes_effort()).map(str::to_owned);
        match nearest {
            Some(_) => self.notes.add("output_config.effort", Change::Clamped, "sent as the nearest level"),
            None => self.notes.dropped("output_config.effort", "the model knows no effort levels"),
        }
        self.out.field_object("output_config");
        for (name, value) in config.iter() {
            match (name, &nearest) {
                ("effort", Some(level)) => self.out.field_text(name, level),
                ("effort", None) => {}
                _ => self.out.field_raw(name, value.get()),
            }
        }
        self.out.end_object();
    }
}
