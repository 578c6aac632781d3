//! A request that is in this format already: what of it may be sent as it stands.

use super::Body;
use crate::canonical::request::{RawObject, parse_list};
use crate::chat::request::{ChatRequest, LIMIT_FIELDS};
use crate::responses::request::ResponsesRequest;
use crate::responses::sealed::{OPENAI_FORMAT, unpack};
use crate::upstream::EncodeError;
use crate::upstream::json::Writer;
use crate::upstream::names::{fits, is_plain};
use crate::upstream::openai::{INERT, OURS};

/// Fields that the provider knows.
const NATIVE: &[&str] = &[
    "include",
    "instructions",
    "max_tool_calls",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "text",
    "tool_choice",
    "truncation",
    "context_management",
    "moderation",
    "access_programs",
];
/// Fields that the provider knows and an endpoint may not take.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_logprobs"];
/// Fields that have their place elsewhere, or mean nothing to a provider that stores nothing.
const ELSEWHERE: &[&str] = &[
    "model",
    "stream",
    "stream_options",
    "store",
    "background",
    "previous_response_id",
    "conversation",
    "user",
    "safety_identifier",
    "client_metadata",
    "reasoning",
    "service_tier",
];
/// Parts of `reasoning` that the provider knows.
const REASONING: &[&str] = &["effort", "summary", "generate_summary", "context", "mode"];

/// Whether every name that the caller gave its tools is one that the provider takes.
pub(super) fn can_be_sent(request: &ChatRequest, own: &ResponsesRequest) -> bool {
    request.traits().tool_names.iter().all(|name| {
        let known = own.tools().find(name);
        let is_fit = |name: &str| fits(name, &is_plain);
        known.map_or_else(|| is_fit(name), |tool| is_fit(&tool.name) && tool.namespace.as_deref().is_none_or(is_fit))
    })
}

impl Body<'_> {
    pub(super) fn own_field(&mut self, name: &str, value: &str) -> Result<(), EncodeError> {
        match name {
            "input" => self.own_input(value)?,
            "tools" => self.own_tools(value)?,
            "prompt" => self.notes.dropped(name, "stored prompts are not kept here"),
            "cache_control" => self.notes.dropped(name, "the provider caches unasked"),
            _ if ELSEWHERE.contains(&name) || LIMIT_FIELDS.contains(&name) => {}
            _ if INERT.iter().any(|inert| name.eq_ignore_ascii_case(inert)) => {
                self.notes.dropped(name, "never sent to a provider");
            }
            _ if self.target.quirks.drop.iter().any(|dropped| dropped == name) => {
                self.notes.dropped(name, "the endpoint does not support it");
            }
            _ if SAMPLING.contains(&name) && !self.target.takes(name) => {
                self.notes.dropped(name, "the endpoint does not support it");
            }
            _ if NATIVE.contains(&name) || SAMPLING.contains(&name) => self.out.field_raw(name, value),
            _ if OURS.contains(&name) => {}
            _ => self.notes.dropped(name, "this wire format has no counterpart"),
        }
        Ok(())
    }

    fn own_input(&mut self, value: &str) -> Result<(), EncodeError> {
        let items: Vec<RawObject<'_>> = if value.starts_with('[') {
            parse_list(value, usize::MAX).map_err(|error| EncodeError::prompt("input", &error.to_string()))?
        } else {
            Vec::new()
        };
        if items.iter().all(|item| fate(item) == Fate::Sent) {
            self.out.field_raw("input", value);
            return Ok(());
        }
        self.out.field_list("input");
        for item in &items {
            match fate(item) {
                Fate::Dropped => {
                    self.notes.dropped("input", "items that only this router or another provider can read");
                }
                fate => write_item(item, fate, &mut self.out),
            }
        }
        self.out.end_list();
        Ok(())
    }

    fn own_tools(&mut self, value: &str) -> Result<(), EncodeError> {
        if !value.contains("\"openrouter:") {
            self.out.field_raw("tools", value);
            return Ok(());
        }
        let tools: Vec<RawObject<'_>> =
            parse_list(value, usize::MAX).map_err(|error| EncodeError::prompt("tools", &error.to_string()))?;
        self.out.field_list("tools");
        for tool in &tools {
            if kind_of(tool).starts_with("openrouter:") {
                self.notes.dropped("tools", "runs on a server that this provider does not offer");
            } else {
                write_item(tool, Fate::Sent, &mut self.out);
            }
        }
        self.out.end_list();
        Ok(())
    }

    /// The caller's own words when the provider and the model understand them.
    pub(super) fn own_reasoning(&mut self, own: &ResponsesRequest) {
        let Some(value) = own.field("reasoning") else { return };
        let fields: RawObject<'_> = serde_json::from_str(value).unwrap_or_default();
        let is_native = fields.iter().all(|(name, _)| REASONING.contains(&name));
        let effort = self.request.reasoning().effort.as_deref();
        let is_level = effort.is_none_or(|effort| effort != "max" && self.target.nearest_effort(effort) == effort);
        let is_taken = self.target.takes("reasoning") || self.target.takes("reasoning_effort");
        if is_native && is_level && is_taken {
            self.out.field_raw("reasoning", value);
        } else {
            self.reasoning();
        }
    }
}

/// What becomes of an item of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    /// Without the fields that only we write.
    Bared,
    Dropped,
}

fn kind_of(item: &RawObject<'_>) -> String {
    item.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok()).unwrap_or_default()
}

fn fate(item: &RawObject<'_>) -> Fate {
    let kind = kind_of(item);
    if kind == "item_reference" || kind.starts_with("openrouter:") {
        return Fate::Dropped;
    }
    if kind != "reasoning" {
        return Fate::Sent;
    }
    let text = |name: &str| item.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    // An id alone points at something that was never stored.
    let is_sealed = text("encrypted_content").is_some_and(|sealed| !sealed.is_empty() && unpack(&sealed).is_none());
    let is_foreign = text("format").is_some_and(|format| format != OPENAI_FORMAT);
    match (is_sealed && !is_foreign, item.get("format").is_some() || item.get("signature").is_some()) {
        (false, _) => Fate::Dropped,
        (true, true) => Fate::Bared,
        (true, false) => Fate::Sent,
    }
}

fn write_item(item: &RawObject<'_>, fate: Fate, out: &mut Writer) {
    out.begin_object();
    for (name, value) in item.iter() {
        if fate == Fate::Sent || !matches!(name, "format" | "signature") {
            out.field_raw(name, value.get());
        }
    }
    out.end_object();
}
