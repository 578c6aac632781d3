//! System text, turns, and the content blocks inside them.

use super::Body;
use crate::canonical::request::{Content, DataUrl, File, Message, Part, ReasoningDetail, Role};
use crate::chat::request::AnswerFormat;
use crate::upstream::turns::{
    Arguments, JSON_INSTRUCTION, SCHEMA_INSTRUCTION, SYSTEM_CLOSE, SYSTEM_OPEN, Turn, is_blank, is_empty_part,
    is_system,
};
use crate::upstream::{Change, EncodeError};
use base64::Engine;
use std::borrow::Cow;

/// The dialect whose reasoning this format can replay.
const FORMAT: &str = "anthropic-claude-v1";

/// Cache markers in a message; those inside a tool's answer count as one, because they move to the answer as a whole.
pub(super) fn markers_in(message: &Message<'_>) -> usize {
    let in_parts = message.content.parts().iter().filter(|part| part.is_marked() && !is_empty_part(part)).count();
    let is_text = matches!(&message.content, Content::Text(text) if !is_blank(text));
    let on_message = usize::from(message.cache_control.is_some() && (is_text || message.role == Role::Tool));
    if message.role == Role::Tool { (in_parts + on_message).min(1) } else { in_parts + on_message }
}

/// Whether the message starts with thinking that the provider signed or sealed.
pub(super) fn has_signed_thinking(message: &Message<'_>) -> bool {
    message.details().iter().any(|detail| is_ours(detail) && (detail.signature.is_some() || detail.data.is_some()))
}

fn is_ours(detail: &ReasoningDetail<'_>) -> bool {
    detail.format.as_deref().is_none_or(|format| format == FORMAT)
}

impl Body<'_> {
    pub(super) fn system(&mut self, system: &[&Message<'_>]) -> Result<(), EncodeError> {
        let instruction = self.format_instruction();
        let has_text = system.iter().any(|message| !is_blank(&message.content.plain_text()));
        if !has_text && instruction.is_none() {
            return Ok(());
        }
        self.out.field_list("system");
        for (index, message) in system.iter().enumerate() {
            self.content(message, &format!("messages[{index}]"))?;
        }
        if let Some(text) = instruction {
            self.text_block(&text, None);
        }
        self.out.end_list();
        Ok(())
    }

    /// What the model is told about the answer's form when the provider does not enforce it.
    fn format_instruction(&mut self) -> Option<Cow<'static, str>> {
        let text = match self.request.answer_format() {
            AnswerFormat::JsonObject => Cow::Borrowed(JSON_INSTRUCTION),
            AnswerFormat::JsonSchema(schema) if !self.enforces_schema() => {
                format!("{SCHEMA_INSTRUCTION}{}", schema.schema.map_or("{}", |json| json.get())).into()
            }
            AnswerFormat::Other => {
                self.notes.dropped("response_format", "this wire format has no counterpart");
                return None;
            }
            AnswerFormat::Text | AnswerFormat::JsonSchema(_) => return None,
        };
        self.notes.add("response_format", Change::Translated, "sent as an instruction");
        Some(text)
    }

    pub(super) fn turns(&mut self, turns: &[Turn<'_, '_>]) -> Result<(), EncodeError> {
        self.out.field_list("messages");
        if turns.first().is_some_and(|turn| turn.is_model) {
            self.notes.add("messages", Change::Added, "the format wants the user to speak first");
            self.out.raw(r#"{"role":"user","content":[{"type":"text","text":"."}]}"#);
        }
        for (at, turn) in turns.iter().enumerate() {
            self.out.begin_object();
            self.out.field_text("role", if turn.is_model { "assistant" } else { "user" });
            self.out.field_list("content");
            let is_prefill = turn.is_model && at + 1 == turns.len();
            for (index, message) in &turn.messages {
                self.message(message, &format!("messages[{index}]"), is_prefill)?;
            }
            self.out.end_list();
            self.out.end_object();
        }
        self.out.end_list();
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>, path: &str, is_prefill: bool) -> Result<(), EncodeError> {
        match message.role {
            Role::Tool => self.tool_result(message, path),
            Role::Assistant => self.assistant(message, path, is_prefill),
            _ if is_system(message) => {
                let text = message.content.plain_text();
                self.text_block(&format!("{SYSTEM_OPEN}{text}{SYSTEM_CLOSE}"), None);
                Ok(())
            }
            _ => self.content(message, path),
        }
    }

    fn assistant(&mut self, message: &Message<'_>, path: &str, is_prefill: bool) -> Result<(), EncodeError> {
        self.replayed_thinking(message.details());
        match &message.content {
            Content::Text(text) if is_prefill && message.calls().is_empty() => {
                // The API refuses a prefill that ends in blanks.
                self.text_block(text.trim_end(), None);
            }
            _ => self.content(message, path)?,
        }
        if let Some(refusal) = message.refusal.as_deref().filter(|text| !is_blank(text)) {
            self.text_block(refusal, None);
        }
        for call in message.calls() {
            let Some(function) = &call.function else {
                return Err(EncodeError::prompt(path, "only function calls can be sent to this provider"));
            };
            let arguments = Arguments::read(&function.arguments);
            if matches!(arguments, Arguments::Text(_)) {
                self.notes.add(&format!("{path}.tool_calls"), Change::Translated, "arguments were no JSON object");
            }
            self.out.begin_object();
            self.out.field_text("type", "tool_use");
            self.out.field_text("id", self.call_ids.sent(&call.id));
            self.out.field_text("name", self.names.sent(&function.name));
            arguments.write("input", &mut self.out);
            self.out.end_object();
        }
        Ok(())
    }

    /// Thinking must come back exactly as it was sent. Pieces without a signature belong to the next one that has it.
    fn replayed_thinking(&mut self, details: &[ReasoningDetail<'_>]) {
        let mut pending = String::new();
        let mut is_foreign = false;
        for detail in details {
            if !is_ours(detail) {
                is_foreign = true;
                continue;
            }
            match (&*detail.kind, detail.signature.as_deref(), detail.data.as_deref()) {
                ("reasoning.text", signature, _) => {
                    pending.push_str(detail.text.as_deref().unwrap_or_default());
                    let Some(signature) = signature.filter(|signature| !signature.is_empty()) else { continue };
                    self.out.begin_object();
                    self.out.field_text("type", "thinking");
                    self.out.field_text("thinking", &pending);
                    self.out.field_text("signature", signature);
                    self.out.end_object();
                    pending.clear();
                }
                ("reasoning.encrypted", _, Some(data)) => {
                    self.out.begin_object();
                    self.out.field_text("type", "redacted_thinking");
                    self.out.field_text("data", data);
                    self.out.end_object();
                }
                _ => is_foreign = true,
            }
        }
        if is_foreign || !pending.is_empty() {
            self.notes.dropped("reasoning_details", "unsigned, or signed by another provider");
        }
    }

    fn tool_result(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        self.out.begin_object();
        self.out.field_text("type", "tool_result");
        self.out.field_text("tool_use_id", self.call_ids.sent(id));
        match &message.content {
            Content::Absent => {}
            Content::Text(text) => self.out.field_text("content", text),
            Content::Parts(parts) => {
                self.out.field_list("content");
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| !is_empty_part(part)) {
                    self.part(part, &format!("{path}.content[{index}]"), false)?;
                }
                self.out.end_list();
            }
        }
        let inner = message.content.parts().iter().find(|part| part.is_marked());
        let is_marked = message.cache_control.is_some() || inner.is_some();
        if is_marked {
            let marker = message.cache_control.as_ref().or(inner.and_then(|part| part.cache_control.as_ref()));
            self.marker(marker.and_then(|marker| marker.ttl.as_deref()));
        }
        self.out.end_object();
        Ok(())
    }

    /// Writes the blocks of a message's content, without those that the API refuses as empty.
    fn content(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        match &message.content {
            Content::Absent => {}
            Content::Text(text) if is_blank(text) => {}
            Content::Text(text) => {
                let ttl = message.cache_control.as_ref().map(|marker| marker.ttl.as_deref());
                self.text_block(text, ttl);
            }
            Content::Parts(parts) => {
                for (index, part) in parts.iter().enumerate().filter(|(_, part)| !is_empty_part(part)) {
                    self.part(part, &format!("{path}.content[{index}]"), true)?;
                }
            }
        }
        Ok(())
    }

    /// A text block; `marker` is a cache marker with its optional lifetime.
    fn text_block(&mut self, text: &str, marker: Option<Option<&str>>) {
        self.out.begin_object();
        self.out.field_text("type", "text");
        self.out.field_text("text", text);
        if let Some(ttl) = marker {
            self.marker(ttl);
        }
        self.out.end_object();
    }

    fn part(&mut self, part: &Part<'_>, path: &str, may_mark: bool) -> Result<(), EncodeError> {
        self.out.begin_object();
        if let Some(text) = part.as_text() {
            self.out.field_text("type", "text");
            self.out.field_text("text", text);
        } else if let Some(image) = &part.image_url {
            self.image(&image.url);
        } else if let Some(file) = &part.file {
            self.document(file, path)?;
        } else {
            return Err(EncodeError::prompt(path, "this provider takes text, images and documents only"));
        }
        if may_mark && part.is_marked() {
            self.marker(part.cache_control.as_ref().and_then(|marker| marker.ttl.as_deref()));
        }
        self.out.end_object();
        Ok(())
    }

    /// Writes a cache marker, unless it is one of those that are too many.
    pub(super) fn marker(&mut self, ttl: Option<&str>) {
        if self.markers_to_skip > 0 {
            self.markers_to_skip -= 1;
            self.notes.dropped("cache_control", "only the last four markers can be sent");
            return;
        }
        self.out.field_object("cache_control");
        self.out.field_text("type", "ephemeral");
        if let Some(ttl) = ttl {
            self.out.field_text("ttl", ttl);
        }
        self.out.end_object();
    }

    fn image(&mut self, url: &str) {
        self.out.field_text("type", "image");
        match DataUrl::parse(url) {
            Some(data) => self.base64_source(&data),
            None => self.url_source(url),
        }
    }

    fn base64_source(&mut self, data: &DataUrl<'_>) {
        self.out.field_object("source");
        self.out.field_text("type", "base64");
        let media_type = if data.media_type == "image/jpg" { "image/jpeg" } else { data.media_type };
        self.out.field_text("media_type", media_type);
        self.out.field_text("data", data.data);
        self.out.end_object();
    }

    fn url_source(&mut self, url: &str) {
        self.out.field_object("source");
        self.out.field_text("type", "url");
        self.out.field_text("url", url);
        self.out.end_object();
    }

    fn document(&mut self, file: &File<'_>, path: &str) -> Result<(), EncodeError> {
        let Some(url) = file.file_data.as_deref() else {
            return Err(EncodeError::prompt(path, "stored files cannot be sent to this provider"));
        };
        let data = match DataUrl::parse(url) {
            Some(data) if data.media_type.starts_with("image/") => {
                self.image(url);
                return Ok(());
            }
            Some(data) => Some(data),
            None if url.contains(':') => None,
            None => Some(DataUrl { media_type: "application/pdf", data: url }),
        };
        self.out.field_text("type", "document");
        match data {
            None => self.url_source(url),
            Some(data) if data.media_type == "application/pdf" => self.base64_source(&data),
            Some(data) if data.media_type.starts_with("text/") => self.text_source(&data, path)?,
            Some(_) => return Err(EncodeError::prompt(path, "this provider takes PDF and text documents only")),
        }
        if let Some(name) = &file.filename {
            self.out.field_text("title", name);
        }
        Ok(())
    }

    /// Text documents travel as text; this is the one place where base64 is read.
    fn text_source(&mut self, data: &DataUrl<'_>, path: &str) -> Result<(), EncodeError> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(data.data).ok();
        let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return Err(EncodeError::prompt(path, "the document is not base64 of UTF-8 text"));
        };
        self.out.field_object("source");
        self.out.field_text("type", "text");
        self.out.field_text("media_type", "text/plain");
        self.out.field_text("data", &text);
        self.out.end_object();
        Ok(())
    }
}
