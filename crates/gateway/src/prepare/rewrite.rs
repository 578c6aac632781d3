//! The request as one attempt needs it: content for addresses, text for documents, and no longer than the endpoint takes.

use super::Readied;
use super::needs::{Kind, Need, Source, key, need, source};
use crate::plan::PlannedAttempt;
use dialect::canonical::request::Part;
use dialect::chat::request::{ChatRequest, FileText, InvalidRequest};
use dialect::compress::{self, Room};
use domain::catalog::{Endpoint, Family};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Endpoints up to this context have prompts compressed unless the caller says otherwise. Source: the documented default of the
/// plugin (2026-08-22).
const SMALL_CONTEXT: u64 = 8192;
/// Most messages that the format takes. Source: as above.
const ANTHROPIC_MESSAGES: usize = 1000;
/// Part of the context that is left for the answer when nobody names its length.
const ANSWER_SHARE: u64 = 4;

/// The largest context, in tokens, for which prompts that are too long are compressed.
pub const fn compressed_up_to(wish: Option<bool>) -> u64 {
    match wish {
        Some(true) => u64::MAX,
        None => SMALL_CONTEXT,
        Some(false) => 0,
    }
}

/// The request for an attempt; the caller's own where nothing must change.
///
/// # Errors
/// When the changed request breaks a limit that the caller's kept.
pub fn request_for<'a>(
    readied: &Readied,
    chat: &'a ChatRequest,
    attempt: &PlannedAttempt,
) -> Result<Cow<'a, ChatRequest>, InvalidRequest> {
    let mut request = Cow::Borrowed(chat);
    if !readied.material.is_empty()
        && let Some(changed) = chat.replace_parts(&|part, raw| replacement(readied, attempt, part, raw))?
    {
        request = Cow::Owned(changed);
    }
    readied.note_compression(None);
    let endpoint = &attempt.candidate.endpoint;
    if endpoint.context_length > compressed_up_to(readied.plugins.compresses) {
        return Ok(request);
    }
    let compressed = compress::compress(&request, room(endpoint, chat.output_limit()))?;
    Ok(match compressed {
        Some((changed, removed)) => {
            readied.note_compression(Some(json!({
                "type": "context_compression",
                "name": "middle-out",
                "summary": format!("{} messages and {} bytes of text removed", removed.messages, removed.bytes),
                "data": {"engine": "middle-out", "removed_messages": removed.messages, "removed_bytes": removed.bytes},
            })));
            Cow::Owned(changed)
        }
        None => request,
    })
}

/// What an endpoint takes beside an answer of the wanted length.
pub fn room(endpoint: &Endpoint, output_limit: Option<u64>) -> Room {
    let context = endpoint.context_length;
    let usual = (context / ANSWER_SHARE).min(endpoint.max_completion_tokens.unwrap_or(u64::MAX));
    let answer = output_limit.map_or(usual, |limit| limit.min(endpoint.max_completion_tokens.unwrap_or(limit)));
    let tokens = context.saturating_sub(answer).max(context / ANSWER_SHARE);
    let messages = if endpoint.provider.family == Family::Anthropic { ANTHROPIC_MESSAGES } else { usize::MAX };
    Room { tokens: tokens.min(endpoint.max_prompt_tokens.unwrap_or(u64::MAX)), messages }
}

fn replacement(readied: &Readied, attempt: &PlannedAttempt, part: &Part<'_>, raw: &str) -> Option<String> {
    let source = source(part)?;
    match need(&source, attempt, readied.plugins.files) {
        Need::Nothing => None,
        Need::Content => {
            let content = readied.material.content(&key(source.text))?.as_ref().ok()?;
            let mut part: Value = serde_json::from_str(raw).ok()?;
            let (pointer, text) = place(&source, content);
            *part.pointer_mut(pointer)? = Value::from(text);
            Some(part.to_string())
        }
        Need::Text => {
            let text = readied.material.text(&key(source.text))?.as_ref().ok()?;
            let mut written = json!({"type": "text", "text": framed(text)});
            // A cache marker stays where the caller set it.
            let caller: Value = serde_json::from_str(raw).ok()?;
            for name in ["cache_control", "prompt_cache_breakpoint"] {
                if let (Some(marker), Some(written)) = (caller.get(name), written.as_object_mut()) {
                    written.insert(name.to_owned(), marker.clone());
                }
            }
            Some(written.to_string())
        }
    }
}

/// Where the content goes, and in which form.
fn place(source: &Source<'_>, content: &super::material::Content) -> (&'static str, String) {
    match source.kind {
        Kind::Image => ("/image_url/url", format!("data:{};base64,{}", content.media_type, content.base64)),
        Kind::Audio => ("/input_audio/data", content.base64.clone()),
        Kind::File => ("/file/file_data", format!("data:{};base64,{}", content.media_type, content.base64)),
    }
}

/// A document as text between marks that name it.
fn framed(file: &FileText) -> String {
    let name = file.name.as_deref().unwrap_or("document");
    let name: String = name.chars().filter(|character| !matches!(character, '"' | '<' | '>' | '\n' | '\r')).collect();
    format!("<file name=\"{name}\">\n{}\n</file>", file.text)
}

/// Bytes that documents add to the prompt of an attempt that takes them as text.
pub fn added_bytes(readied: &Readied, chat: &ChatRequest, attempt: &PlannedAttempt) -> u64 {
    let messages = chat.messages();
    let parts = messages.iter().flat_map(|message| message.content.parts());
    parts
        .filter_map(source)
        .filter(|source| need(source, attempt, readied.plugins.files) == Need::Text)
        .filter_map(|source| readied.material.text(&key(source.text))?.as_ref().ok())
        .map(|text| u64::try_from(framed(text).len()).unwrap_or(u64::MAX))
        .fold(0, u64::saturating_add)
}
