//! Messages of a conversation.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One message. Which fields count depends on the role.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatMessage)]
pub(crate) struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    role: String,
    /// Text or parts; null beside an assistant's tool calls.
    content: Option<Content>,
    /// Name of the speaker.
    name: Option<String>,
    /// Of an assistant: the calls that it made.
    tool_calls: Option<Vec<ToolCall>>,
    /// Of a tool: the call that it answers.
    tool_call_id: Option<String>,
    /// Of an assistant: why it declined.
    refusal: Option<String>,
    /// Of an assistant: its thoughts as text.
    reasoning: Option<String>,
    /// Of an assistant: its thoughts as returned earlier, to be sent back unchanged.
    reasoning_details: Option<Vec<BTreeMap<String, Value>>>,
}

/// Text or parts.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChatContent)]
pub(crate) enum Content {
    /// One text.
    Text(String),
    /// Parts in order.
    Parts(Vec<ContentPart>),
}

/// Text or text parts.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TextContent {
    /// One text.
    Text(String),
    /// Parts in order.
    Parts(Vec<TextPart>),
}

/// A text part.
#[derive(Serialize, ToSchema)]
pub(crate) struct TextPart {
    /// `text`.
    r#type: String,
    text: String,
}

/// A part of a message; `type` says which field it carries.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentPart {
    /// `text`, `image_url`, `input_audio`, `file` or `video_url`.
    r#type: String,
    text: Option<String>,
    image_url: Option<ImageUrl>,
    input_audio: Option<InputAudio>,
    file: Option<FilePart>,
    video_url: Option<VideoUrl>,
    cache_control: Option<CacheControl>,
}

/// An image by web address or data URL: png, jpeg, webp or gif.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImageUrl {
    url: String,
    /// `auto`, `low`, `high` or `original`.
    detail: Option<String>,
}

/// Audio in base64.
#[derive(Serialize, ToSchema)]
pub(crate) struct InputAudio {
    data: String,
    /// `wav`, `mp3`, ….
    format: String,
}

/// A document.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilePart {
    filename: Option<String>,
    /// Web address or data URL.
    file_data: Option<String>,
    file_id: Option<String>,
}

/// A video by web address or data URL.
#[derive(Serialize, ToSchema)]
pub(crate) struct VideoUrl {
    url: String,
}

/// Marks the end of a prompt prefix that is worth caching.
#[derive(Serialize, ToSchema)]
pub(crate) struct CacheControl {
    /// `ephemeral`.
    r#type: String,
    /// `5m` or `1h`.
    ttl: Option<String>,
}

/// A call of a function.
#[derive(Serialize, ToSchema)]
pub(crate) struct ToolCall {
    id: String,
    /// `function`.
    r#type: String,
    function: FunctionCall,
}

/// Name and arguments of a call.
#[derive(Serialize, ToSchema)]
pub(crate) struct FunctionCall {
    name: String,
    /// JSON as text.
    arguments: String,
}
