//! Content blocks of an answer: what the pieces of a canonical answer become.

use super::sealed;
use crate::canonical::reply::{Finish, FinishReason, ToolCall};
use crate::canonical::request::DataUrl;
use crate::chat::reply::write;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The field that carries a call's arguments when the model wrote no JSON object.
pub(super) const RAW_ARGUMENTS: &str = "_raw";
/// The dialect whose signatures callers can use at the provider itself.
const FORMAT: &str = "anthropic-claude-v1";

/// Stop reasons of the format, for providers that speak it. Source: the official SDK's types, 2026-11-21.
const NATIVE_REASONS: &[&str] = &[
    "end_turn",
    "max_tokens",
    "model_context_window_exceeded",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "compaction",
];

/// One entry of `reasoning_details`, as far as blocks show it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    r#type: String,
    text: Option<String>,
    summary: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    format: Option<String>,
    index: Option<i64>,
}

/// A piece of reasoning in the words of the format.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Thought {
    /// Readable thinking, with the signature that ends it; either may be missing.
    Text {
        /// The next piece; may be empty.
        text: String,
        /// What the caller must send back unchanged.
        signature: Option<String>,
        /// Pieces of one block share it.
        index: Option<i64>,
    },
    /// Thinking that nobody but its provider can read.
    Sealed(String),
}

/// Reads one entry of `reasoning_details`; `None` for entries that say nothing about reasoning.
pub(super) fn thought(detail: &RawValue) -> Option<Thought> {
    let read: Detail = serde_json::from_str(detail.get()).ok()?;
    let is_ours = read.format.as_deref().is_none_or(|format| format == FORMAT);
    match (read.r#type.as_str(), read.data) {
        ("reasoning.text" | "reasoning.summary", _) => {
            let signature = read.signature.filter(|signature| !signature.is_empty());
            let signature = signature.map(|own| if is_ours { own } else { sealed::seal(detail.get()) });
            let text = read.text.or(read.summary).unwrap_or_default();
            Some(Thought::Text { text, signature, index: read.index })
        }
        ("reasoning.encrypted", Some(data)) if is_ours => Some(Thought::Sealed(data)),
        ("reasoning.encrypted", Some(_)) => Some(Thought::Sealed(sealed::seal(detail.get()))),
        _ => None,
    }
}

/// The stop reason, in the provider's own word when it speaks the format.
pub(super) fn stop_reason(finish: Option<&Finish>, has_calls: bool, has_refusal: bool) -> &'static str {
    let native = finish.and_then(|finish| finish.native.as_deref());
    let known = native.and_then(|native| NATIVE_REASONS.iter().find(|known| **known == native));
    match finish.map(|finish| finish.reason) {
        Some(FinishReason::ToolCalls) => "tool_use",
        _ if known.is_some() => known.copied().unwrap_or_default(),
        None if has_calls => "tool_use",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::ContentFilter) => "refusal",
        _ if has_refusal => "refusal",
        Some(FinishReason::Stop | FinishReason::Error) | None => "end_turn",
    }
}

/// Appends a citation of a text block, made from an annotation; `false` when it is none of a web page.
pub(super) fn append_citation(annotation: &RawValue, out: &mut Vec<u8>) -> bool {
    #[derive(Deserialize)]
    struct Annotation {
        url_citation: UrlCitation,
    }
    #[derive(Deserialize)]
    struct UrlCitation {
        url: String,
        #[serde(default)]
        title: Option<String>,
        #[serde(default)]
        content: Option<String>,
    }
    let Ok(Annotation { url_citation: page }) = serde_json::from_str(annotation.get()) else { return false };
    out.extend_from_slice(b"{\"type\":\"web_search_result_location\"");
    write::optional_string(out, "url", Some(&page.url));
    write::field(out, "title");
    write::string_or_null(out, page.title.as_deref());
    write::optional_string(out, "cited_text", Some(page.content.as_deref().unwrap_or_default()));
    // Only the provider's own search has one; clients expect the field.
    out.extend_from_slice(b",\"encrypted_index\":\"\"}");
    true
}

/// Appends an image block, made from a generated image; `false` when it holds no address.
pub(super) fn append_image(image: &RawValue, out: &mut Vec<u8>) -> bool {
    #[derive(Deserialize)]
    struct Image<'a> {
        #[serde(borrow)]
        image_url: Address<'a>,
    }
    #[derive(Deserialize)]
    struct Address<'a> {
        #[serde(borrow)]
        url: Cow<'a, str>,
    }
    let Ok(Image { image_url: Address { url } }) = serde_json::from_str(image.get()) else { return false };
    out.extend_from_slice(b"{\"type\":\"image\",\"source\":{\"type\":");
    match DataUrl::parse(&url) {
        Some(data) => {
            out.extend_from_slice(b"\"base64\"");
            write::optional_string(out, "media_type", Some(data.media_type));
            write::optional_string(out, "data", Some(data.data));
        }
        None => {
            out.extend_from_slice(b"\"url\"");
            write::optional_string(out, "url", Some(&url));
        }
    }
    out.extend_from_slice(b"}}");
    true
}

/// Appends a `tool_use` block. Arguments that are no JSON object travel as text under [`RAW_ARGUMENTS`].
pub(super) fn append_call(call: &ToolCall, out: &mut Vec<u8>) {
    append_call_head(&call.id, &call.name, out);
    let arguments = call.arguments.trim();
    let is_object = arguments.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok();
    write::field(out, "input");
    if arguments.is_empty() {
        out.extend_from_slice(b"{}");
    } else if is_object {
        out.extend_from_slice(arguments.as_bytes());
    } else {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(RAW_ARGUMENTS.as_bytes());
        out.extend_from_slice(b"\":");
        write::string(out, &call.arguments);
        out.push(b'}');
    }
    out.push(b'}');
}

/// Appends the beginning of a `tool_use` block, without `input` and the closing brace.
pub(super) fn append_call_head(id: &str, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"tool_use\"");
    write::optional_string(out, "id", Some(id));
    write::optional_string(out, "name", Some(name));
}
