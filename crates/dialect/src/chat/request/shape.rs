//! The size and the needs of a request, for the estimate and for choosing endpoints.

use crate::canonical::request::{Content, Message, Part, Role, Text, Tool};

/// What a request holds and needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of text in all messages and tools, schemas and call arguments included.
    pub text_bytes: u64,
    /// Messages.
    pub messages: u32,
    /// Images.
    pub images: u32,
    /// Audio clips.
    pub audio: u32,
    /// Documents.
    pub files: u32,
    /// Videos.
    pub videos: u32,
    /// Tools.
    pub tools: u32,
    /// Some part, tool or the request itself carries a prompt-cache marker.
    pub has_cache_markers: bool,
    /// The answer must follow a JSON Schema.
    pub has_json_schema: bool,
    /// Reasoning is asked for.
    pub has_reasoning: bool,
    /// The last message is the assistant's: the answer continues it.
    pub prefill: bool,
}

impl Shape {
    /// The input modalities that an endpoint must accept, `text` first.
    #[must_use]
    pub fn input_modalities(&self) -> Vec<&'static str> {
        let counts = [("image", self.images), ("audio", self.audio), ("file", self.files), ("video", self.videos)];
        let others = counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, _)| name);
        std::iter::once("text").chain(others).collect()
    }

    pub(super) fn add_messages(&mut self, messages: &[Message<'_>]) {
        self.messages = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        self.prefill = messages.last().is_some_and(|message| message.role == Role::Assistant);
        for message in messages {
            self.add_message(message);
        }
    }

    /// Counts one message's content; the number of messages is the caller's to count.
    pub(crate) fn add_message(&mut self, message: &Message<'_>) {
        self.has_cache_markers |= message.cache_control.is_some();
        if let Content::Text(text) = &message.content {
            self.add_bytes(text.len());
        }
        let images = message.images.as_deref().unwrap_or_default();
        for part in message.content.parts().iter().chain(images) {
            self.add_part(part);
        }
        for function in message.calls().iter().filter_map(|call| call.function.as_ref()) {
            self.add_bytes(function.name.len() + function.arguments.len());
        }
        for text in [&message.refusal, &message.reasoning, &message.reasoning_content].into_iter().flatten() {
            self.add_bytes(text.len());
        }
    }

    fn add_part(&mut self, part: &Part<'_>) {
        self.has_cache_markers |= part.cache_control.is_some();
        self.add_bytes(part.text.as_ref().or(part.refusal.as_ref()).map_or(0, Text::len));
        self.images += u32::from(part.image_url.is_some());
        self.audio += u32::from(part.input_audio.is_some());
        self.files += u32::from(part.file.is_some());
        self.videos += u32::from(part.video_url.is_some());
    }

    pub(super) fn add_tools(&mut self, tools: &[Tool<'_>]) {
        self.tools = u32::try_from(tools.len()).unwrap_or(u32::MAX);
        for tool in tools {
            self.has_cache_markers |= tool.cache_control.is_some();
            let Some(function) = &tool.function else { continue };
            self.add_bytes(function.name.len());
            self.add_bytes(function.description.as_ref().map_or(0, Text::len));
            self.add_bytes(function.parameters.map_or(0, |schema| schema.get().len()));
        }
    }

    pub(super) const fn add_bytes(&mut self, bytes: usize) {
        self.text_bytes = self.text_bytes.saturating_add(bytes as u64);
    }
}
