//! Checks of messages and tools, beyond their shape.

use super::invalid::{InvalidRequest, Limits, echo, without_values};
use crate::canonical::request::{Content, DataUrl, ListError, Message, Part, Role, Tool, is_public_url, read_list};
use crate::json::Reader;

/// Media types of images that providers take.
const IMAGE_TYPES: &[&str] = &["image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif"];
/// Longest tool name, in bytes; longer than any provider takes, short enough to be sent back whole.
const TOOL_NAME_MAX: usize = 256;

/// Reads and checks `messages`.
///
/// # Errors
/// `InvalidPrompt` naming the message, or `InvalidImage` naming the part.
pub(super) fn read_messages<'a>(
    list: &mut Reader<'a, '_>,
    limits: &Limits,
) -> Result<Vec<Message<'a>>, InvalidRequest> {
    let messages: Vec<Message<'a>> =
        read_list(list, limits.messages).map_err(|error| list_error("messages", &error))?;
    if messages.is_empty() {
        return Err(InvalidRequest::prompt("messages", "must not be empty"));
    }
    let mut images = 0;
    for (index, message) in messages.iter().enumerate() {
        let path = format!("messages[{index}]");
        check_message(message, &path)?;
        images += message.content.parts().iter().filter(|part| part.image_url.is_some()).count();
    }
    if images > limits.images {
        return Err(InvalidRequest::image("messages", format!("more than {} images", limits.images)));
    }
    Ok(messages)
}

fn list_error(name: &str, error: &ListError) -> InvalidRequest {
    // The parser's position counts from the start of the list and would mislead.
    let text = without_values(&error.source);
    let reason = text.split(" at line ").next().unwrap_or_default();
    InvalidRequest::prompt(&format!("{name}[{}]", error.index), reason)
}

fn check_message(message: &Message<'_>, path: &str) -> Result<(), InvalidRequest> {
    check_content(message, path)?;
    if message.role == Role::Tool && message.tool_call_id.as_deref().unwrap_or_default().is_empty() {
        return Err(InvalidRequest::prompt(&format!("{path}.tool_call_id"), "is required in a tool message"));
    }
    if message.role != Role::Assistant && !message.calls().is_empty() {
        return Err(InvalidRequest::prompt(&format!("{path}.tool_calls"), "belong to the assistant"));
    }
    for (index, call) in message.calls().iter().enumerate() {
        let path = format!("{path}.tool_calls[{index}]");
        let is_function = call.kind.as_deref().is_none_or(|kind| kind == "function");
        if is_function && call.function.as_ref().is_none_or(|function| function.name.is_empty()) {
            return Err(InvalidRequest::prompt(&path, "has no function name"));
        }
    }
    for (index, part) in message.content.parts().iter().enumerate() {
        check_part(part, &format!("{path}.content[{index}]"))?;
    }
    Ok(())
}

fn check_content(message: &Message<'_>, path: &str) -> Result<(), InvalidRequest> {
    let is_missing = match &message.content {
        Content::Absent => true,
        Content::Text(_) => false,
        Content::Parts(parts) => parts.is_empty() && message.role == Role::User,
    };
    let says_something_else = message.role == Role::Assistant
        && (!message.calls().is_empty()
            || message.refusal.is_some()
            || message.audio.is_some()
            || message.images.is_some()
            || !message.details().is_empty());
    if is_missing && !says_something_else {
        return Err(InvalidRequest::prompt(&format!("{path}.content"), "is required"));
    }
    Ok(())
}

fn check_part(part: &Part<'_>, path: &str) -> Result<(), InvalidRequest> {
    let has_field = match &*part.kind {
        "text" => part.text.is_some(),
        "refusal" => part.refusal.is_some(),
        "image_url" => return check_image(part, path),
        "input_audio" => part.input_audio.as_ref().is_some_and(|audio| !audio.data.is_empty()),
        "file" => part.file.as_ref().is_some_and(|file| file.file_data.is_some() || file.file_id.is_some()),
        "video_url" | "input_video" => return check_video(part, path),
        other => return Err(InvalidRequest::prompt(path, format!("unknown content part type '{}'", echo(other)))),
    };
    if !has_field {
        return Err(InvalidRequest::prompt(path, format!("a part of type '{}' lacks its content", &*part.kind)));
    }
    if let Some(url) = part.file.as_ref().and_then(|file| file.file_data.as_deref()) {
        let is_plain_base64 = !url.contains(':');
        if !is_plain_base64 && !is_usable_url(url) {
            return Err(InvalidRequest::prompt(path, "the file's address cannot be used"));
        }
    }
    Ok(())
}

fn check_image(part: &Part<'_>, path: &str) -> Result<(), InvalidRequest> {
    let Some(image) = &part.image_url else {
        return Err(InvalidRequest::prompt(path, "a part of type 'image_url' lacks its content"));
    };
    if let Some(data) = DataUrl::parse(&image.url)
        && !IMAGE_TYPES.contains(&data.media_type)
    {
        return Err(InvalidRequest::image(path, "images must be png, jpeg, webp or gif"));
    }
    if is_usable_url(&image.url) {
        return Ok(());
    }
    Err(InvalidRequest::image(path, "the image could not be downloaded or decoded"))
}

fn check_video(part: &Part<'_>, path: &str) -> Result<(), InvalidRequest> {
    match &part.video_url {
        Some(video) if is_usable_url(&video.url) => Ok(()),
        Some(_) => Err(InvalidRequest::prompt(path, "the video's address cannot be used")),
        None => Err(InvalidRequest::prompt(path, "a video part lacks its content")),
    }
}

fn is_usable_url(url: &str) -> bool {
    match DataUrl::parse(url) {
        Some(data) => is_plausible_base64(data.data),
        None => is_public_url(url),
    }
}

/// Whether text can be decoded as base64, in the usual or the web's alphabet, without decoding it: up to two fillers at its
/// end, and nothing else anywhere.
fn is_plausible_base64(data: &str) -> bool {
    let digits = data.strip_suffix("==").or_else(|| data.strip_suffix('=')).unwrap_or(data).as_bytes();
    // Parts without a way out are looked at many bytes at a time; images have megabytes.
    let is_clean = |part: &[u8]| part.iter().fold(true, |clean, byte| clean & is_base64_digit(*byte));
    !digits.is_empty() && digits.len() % 4 != 1 && digits.chunks(1 << 10).all(is_clean)
}

const fn is_base64_digit(byte: u8) -> bool {
    let letter = byte | 0x20;
    (letter >= b'a') & (letter <= b'z')
        | (byte >= b'0') & (byte <= b'9')
        | (byte == b'+')
        | (byte == b'/')
        | (byte == b'-')
        | (byte == b'_')
}

/// Reads and checks `tools`.
///
/// # Errors
/// `InvalidRequest` naming the tool.
pub(super) fn read_tools<'a>(list: &mut Reader<'a, '_>, limits: &Limits) -> Result<Vec<Tool<'a>>, InvalidRequest> {
    let tools: Vec<Tool<'a>> = read_list(list, limits.tools).map_err(|error| InvalidRequest {
        kind: domain::error_kind::ErrorKind::InvalidRequest,
        ..list_error("tools", &error)
    })?;
    for (index, tool) in tools.iter().enumerate() {
        check_tool(tool, &format!("tools[{index}]"))?;
    }
    Ok(tools)
}

fn check_tool(tool: &Tool<'_>, path: &str) -> Result<(), InvalidRequest> {
    if &*tool.kind != "function" {
        return if tool.kind.is_empty() { Err(InvalidRequest::field(path, "has no type")) } else { Ok(()) };
    }
    if tool.is_flat() {
        // The request is read again in its own form, which names the mistakes.
        return Ok(());
    }
    let Some(function) = &tool.function else { return Err(InvalidRequest::field(path, "has no function")) };
    let path = format!("{path}.function");
    let name = &*function.name;
    let is_name =
        !name.is_empty() && name.len() <= TOOL_NAME_MAX && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if !is_name {
        let problem = format!("expected 1 to {TOOL_NAME_MAX} characters without blanks");
        return Err(InvalidRequest::field(&format!("{path}.name"), problem));
    }
    if function.parameters.is_some_and(|schema| !schema.get().starts_with('{')) {
        return Err(InvalidRequest::field(&format!("{path}.parameters"), "expected an object"));
    }
    Ok(())
}
