//! Messages as input items.

use super::{Body, CALL_ID_MAX};
use crate::canonical::request::{Content, File, Message, Part, ReasoningDetail, Role};
use crate::chat::request::ChatRequest;
use crate::responses::sealed::OPENAI_FORMAT;
use crate::upstream::EncodeError;

/// Call ids that are too long for the format, once each.
pub(super) fn long_call_ids(request: &ChatRequest) -> Vec<String> {
    let messages = request.messages();
    let made = messages.iter().flat_map(Message::calls).map(|call| &*call.id);
    let answered = messages.iter().filter_map(|message| message.tool_call_id.as_deref());
    let mut ids: Vec<String> = made.chain(answered).filter(|id| id.len() > CALL_ID_MAX).map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

impl Body<'_> {
    pub(super) fn input(&mut self) -> Result<(), EncodeError> {
        let messages = self.request.messages();
        self.out.field_list("input");
        for (index, message) in messages.iter().enumerate() {
            let path = format!("messages[{index}]");
            match message.role {
                Role::Assistant => self.assistant(message, &path)?,
                Role::Tool => self.answer(message, &path)?,
                Role::System => self.message("system", message, &path)?,
                Role::Developer => self.message("developer", message, &path)?,
                Role::User => self.message("user", message, &path)?,
            }
        }
        self.out.end_list();
        Ok(())
    }

    fn message(&mut self, role: &str, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        self.out.begin_object();
        self.out.field_text("role", role);
        self.content("content", message, path)?;
        self.out.end_object();
        Ok(())
    }

    fn content(&mut self, field: &str, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        match &message.content {
            Content::Absent => self.out.field_text(field, ""),
            Content::Text(text) => self.out.field_text(field, text),
            Content::Parts(parts) => {
                self.out.field_list(field);
                for (index, part) in parts.iter().enumerate() {
                    self.part(part, &format!("{path}.content[{index}]"))?;
                }
                self.out.end_list();
            }
        }
        Ok(())
    }

    fn part(&mut self, part: &Part<'_>, path: &str) -> Result<(), EncodeError> {
        self.out.begin_object();
        if let Some(text) = part.as_text() {
            self.out.field_text("type", "input_text");
            self.out.field_text("text", text);
        } else if let Some(image) = &part.image_url {
            self.out.field_text("type", "input_image");
            self.out.field_text("image_url", &image.url);
            self.out.field_text("detail", image.detail.as_deref().unwrap_or("auto"));
        } else if let Some(file) = &part.file {
            self.file(file);
        } else if let Some(audio) = &part.input_audio {
            self.out.field_text("type", "input_audio");
            self.out.field_object("input_audio");
            self.out.field_text("data", &audio.data);
            self.out.field_text("format", &audio.format);
            self.out.end_object();
        } else {
            return Err(EncodeError::prompt(path, "this provider takes text, images, audio and documents only"));
        }
        if let Some(marker) = part.prompt_cache_breakpoint {
            self.out.field_raw("prompt_cache_breakpoint", marker.get());
        }
        self.out.end_object();
        Ok(())
    }

    fn file(&mut self, file: &File<'_>) {
        self.out.field_text("type", "input_file");
        // A name belongs to bytes that are sent along: addresses and stored files have their own.
        let is_address = |data: &str| data.starts_with("http://") || data.starts_with("https://");
        match &file.file_data {
            Some(data) if is_address(data) => self.out.field_text("file_url", data),
            Some(data) => {
                if let Some(name) = &file.filename {
                    self.out.field_text("filename", name);
                }
                self.out.field_text("file_data", data);
            }
            None => {
                if let Some(id) = &file.file_id {
                    self.out.field_text("file_id", id);
                }
            }
        }
    }

    fn assistant(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        self.replayed_reasoning(message.details());
        self.said(message, path);
        for call in message.calls() {
            let Some(function) = &call.function else {
                return Err(EncodeError::prompt(path, "only function calls can be sent to this provider"));
            };
            let name = self.names.sent(&function.name);
            self.out.begin_object();
            self.out.field_text("type", "function_call");
            self.out.field_text("call_id", self.call_ids.sent(&call.id));
            self.out.field_text("name", name);
            self.out.field_text("arguments", &function.arguments);
            self.out.end_object();
        }
        Ok(())
    }

    /// What the model said, as one message of its own parts.
    fn said(&mut self, message: &Message<'_>, path: &str) {
        let texts: Vec<&str> = match &message.content {
            Content::Absent => Vec::new(),
            Content::Text(text) => vec![text],
            Content::Parts(parts) => parts.iter().filter_map(|part| part.text.as_deref()).collect(),
        };
        let refusals = message.content.parts().iter().filter_map(|part| part.refusal.as_deref());
        let refusals: Vec<&str> = refusals.chain(message.refusal.as_deref()).collect();
        if message.content.parts().len() > texts.len() + refusals.len() {
            self.notes.dropped(&format!("{path}.content"), "media of the assistant cannot be sent back");
        }
        let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        if texts.is_empty() && refusals.is_empty() {
            return;
        }
        self.out.begin_object();
        self.out.field_text("type", "message");
        self.out.field_text("role", "assistant");
        self.out.field_list("content");
        for (kind, field, text) in texts
            .into_iter()
            .map(|text| ("output_text", "text", text))
            .chain(refusals.into_iter().map(|text| ("refusal", "refusal", text)))
        {
            self.out.begin_object();
            self.out.field_text("type", kind);
            self.out.field_text(field, text);
            self.out.end_object();
        }
        self.out.end_list();
        self.out.end_object();
    }

    /// Reasoning must come back sealed, as the item that it was.
    fn replayed_reasoning(&mut self, details: &[ReasoningDetail<'_>]) {
        let is_ours = |detail: &ReasoningDetail<'_>| detail.format.as_deref() == Some(OPENAI_FORMAT);
        let sealed: Vec<_> = details.iter().filter(|detail| is_ours(detail) && detail.data.is_some()).collect();
        let is_of = |detail: &ReasoningDetail<'_>, id: Option<&str>| {
            is_ours(detail) && (detail.id.is_none() || id.is_none() || detail.id.as_deref() == id)
        };
        let mut sent = sealed.len();
        for item in &sealed {
            let id = item.id.as_deref();
            let summaries = details.iter().filter(|detail| detail.data.is_none() && is_of(detail, id));
            self.out.begin_object();
            self.out.field_text("type", "reasoning");
            if let Some(id) = id {
                self.out.field_text("id", id);
            }
            self.out.field_list("summary");
            for text in summaries.filter_map(summary) {
                self.out.begin_object();
                self.out.field_text("type", "summary_text");
                self.out.field_text("text", text);
                self.out.end_object();
                sent += 1;
            }
            self.out.end_list();
            self.out.field_text("encrypted_content", item.data.as_deref().unwrap_or_default());
            self.out.end_object();
        }
        if sent < details.len() {
            self.notes.dropped("reasoning_details", "not sealed by this provider");
        }
    }

    fn answer(&mut self, message: &Message<'_>, path: &str) -> Result<(), EncodeError> {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        self.out.begin_object();
        self.out.field_text("type", "function_call_output");
        self.out.field_text("call_id", self.call_ids.sent(id));
        self.content("output", message, path)?;
        self.out.end_object();
        Ok(())
    }
}

fn summary<'d>(detail: &'d ReasoningDetail<'_>) -> Option<&'d str> {
    (&*detail.kind == "reasoning.summary").then_some(detail.summary.as_deref()).flatten()
}
