//! Messages, tools and tool choice: passed on untouched unless the endpoint would refuse them.

use super::Body;
use crate::canonical::request::{RawObject, parse_list};
use crate::chat::request::ToolChoice;
use crate::inbound::Origin;
use crate::json::Raw;
use crate::upstream::{Change, EncodeError};

impl Body<'_> {
    /// Whether any tool is left to send.
    pub(super) fn sends_tools(&self) -> bool {
        self.target.takes("tools") && self.request.tools().iter().any(|tool| is_sendable(&tool.kind))
    }

    pub(super) fn messages(&mut self, json: &str) -> Result<(), EncodeError> {
        let traits = self.request.traits();
        let renames_role = traits.has_developer && !self.target.quirks.developer_role;
        let strips_markers = traits.has_markers && (self.drops("cache_control") || self.is_translated());
        let strips_details = traits.has_details && (self.drops("reasoning_details") || self.is_translated());
        // Our own answers carry `reasoning`, often null; sent back, that is a field which a provider without reasoning refuses.
        let knows_reasoning = self.target.quirks.reasoning_field.is_some();
        // One fast look for the name; what follows it is looked at only where it is there.
        let has_name = memchr::memmem::find(json.as_bytes(), b"\"reasoning\"").is_some();
        let has_blank =
            has_name && ["\"reasoning\":null", "\"reasoning\": null"].iter().any(|blank| json.contains(blank));
        let strips_reasoning = has_blank || (!knows_reasoning && has_name);
        // Tool calls carry an `index` in streams; clients that gather them send it back, and it is no part of a request.
        let rewrites_calls = traits.has_call_index || !self.names.is_empty();
        if !renames_role && !strips_markers && !strips_details && !strips_reasoning && !rewrites_calls {
            self.out.field_raw("messages", json);
            return Ok(());
        }
        if renames_role {
            self.notes.add("messages", Change::Translated, "developer role sent as system");
        }
        if strips_markers || strips_details {
            self.notes.dropped("messages", "cache markers or reasoning that the provider rejects");
        }
        let messages: Vec<RawObject<'_>> = read(json)?;
        self.out.field_list("messages");
        for message in &messages {
            self.out.begin_object();
            for (name, value) in message.iter() {
                match name {
                    "role" if renames_role && value.get() == "\"developer\"" => self.out.field_text(name, "system"),
                    "cache_control" if strips_markers => {}
                    "reasoning_details" if strips_details => {}
                    "reasoning" if strips_reasoning && (!knows_reasoning || value.get() == "null") => {}
                    "content" if strips_markers && value.get().starts_with('[') => self.bare_parts(value)?,
                    "tool_calls" if rewrites_calls => self.calls(value)?,
                    _ => self.out.field_raw(name, value.get()),
                }
            }
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    /// Whether markers and reasoning come from our translation of Messages. What a caller of chat completions writes
    /// beyond the format is its own choice; what a translation adds is not, and strict providers refuse it.
    fn is_translated(&self) -> bool {
        matches!(self.request.origin(), Origin::Messages(_))
    }

    fn bare_parts(&mut self, parts: Raw<'_>) -> Result<(), EncodeError> {
        self.out.field_list("content");
        for part in read::<RawObject<'_>>(parts.get())? {
            self.out.begin_object();
            for (name, value) in part.iter().filter(|(name, _)| *name != "cache_control") {
                self.out.field_raw(name, value.get());
            }
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    fn calls(&mut self, calls: Raw<'_>) -> Result<(), EncodeError> {
        if !calls.get().starts_with('[') {
            self.out.field_raw("tool_calls", calls.get());
            return Ok(());
        }
        self.out.field_list("tool_calls");
        for call in read::<RawObject<'_>>(calls.get())? {
            self.out.begin_object();
            for (name, value) in call.iter().filter(|(name, _)| *name != "index") {
                if name == "function" { self.function(value, false)? } else { self.out.field_raw(name, value.get()) }
            }
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    /// Writes a function with its name changed where it must be, and without `strict` when that is not understood.
    fn function(&mut self, function: Raw<'_>, strips_strict: bool) -> Result<(), EncodeError> {
        let fields: RawObject<'_> = serde_json::from_str(function.get()).map_err(|error| unreadable(&error))?;
        self.out.field_object("function");
        for (name, value) in fields.iter() {
            match name {
                "name" => {
                    let original: String = serde_json::from_str(value.get()).map_err(|error| unreadable(&error))?;
                    self.out.field_text("name", self.names.sent(&original));
                }
                "strict" if strips_strict => {}
                _ => self.out.field_raw(name, value.get()),
            }
        }
        self.out.end_object();
        Ok(())
    }

    pub(super) fn tools(&mut self, json: &str) -> Result<(), EncodeError> {
        let traits = self.request.traits();
        let strips_markers = traits.has_markers && (self.drops("cache_control") || self.is_translated());
        let strips_strict = traits.has_strict && !self.target.quirks.tool_strict;
        if !traits.has_server_tools && !strips_markers && !strips_strict && self.names.is_empty() {
            self.out.field_raw("tools", json);
            return Ok(());
        }
        if strips_strict {
            self.notes.dropped("tools", "strict is not understood");
        }
        let tools: Vec<RawObject<'_>> = read(json)?;
        self.out.field_list("tools");
        for tool in &tools {
            let kind: String =
                tool.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok()).unwrap_or_default();
            if !is_sendable(&kind) {
                self.notes.dropped(&format!("tools.{kind}"), "runs on a server that this provider does not offer");
                continue;
            }
            self.out.begin_object();
            for (name, value) in tool.iter() {
                match name {
                    "cache_control" if strips_markers => {}
                    "function" => self.function(value, strips_strict)?,
                    _ => self.out.field_raw(name, value.get()),
                }
            }
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    pub(super) fn tool_choice(&mut self, json: &str) {
        let name = match self.request.tool_choice() {
            Some(ToolChoice::Function(name)) if self.names.sent(&name) != name => name,
            Some(ToolChoice::Other) if !is_sendable(&kind_of(json)) => {
                self.notes.dropped("tool_choice", "names a tool that this provider does not offer");
                return;
            }
            _ => {
                self.out.field_raw("tool_choice", json);
                return;
            }
        };
        self.out.field_object("tool_choice");
        self.out.field_text("type", "function");
        self.out.field_object("function");
        self.out.field_text("name", self.names.sent(&name));
        self.out.end_object();
        self.out.end_object();
    }
}

/// Tools of this router, and its short names for web search, mean nothing to a provider.
fn is_sendable(kind: &str) -> bool {
    !kind.starts_with("openrouter:") && !kind.starts_with("web_search")
}

fn kind_of(json: &str) -> String {
    let object: RawObject<'_> = serde_json::from_str(json).unwrap_or_default();
    object.get("type").and_then(|kind| serde_json::from_str(kind.get()).ok()).unwrap_or_default()
}

fn read<'a, T: serde::Deserialize<'a>>(json: &'a str) -> Result<Vec<T>, EncodeError> {
    parse_list(json, usize::MAX).map_err(|error| unreadable(&error.source))
}

/// The text was read without error when the request was parsed, so this is out of the ordinary.
fn unreadable(error: &serde_json::Error) -> EncodeError {
    EncodeError::prompt("messages", &error.to_string())
}
