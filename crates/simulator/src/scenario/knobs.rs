//! The knobs themselves. Every field has a harmless default, so a scenario names only what it bends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Before and in the response head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    /// Milliseconds to wait before the head, at most ten minutes.
    pub delay_ms: u64,
    /// Whether to read the request and never answer.
    pub hang: bool,
    /// Whether to reset the connection instead of answering.
    pub rst: bool,
    /// Whether to close the connection in order instead of answering.
    pub fin: bool,
    /// Status to answer with, 400–599, with the family's error body.
    pub status: Option<u16>,
    /// Error text instead of the family's usual one.
    pub error_message: Option<String>,
    /// `Retry-After` of an error, sent as given: seconds, a date or any text.
    #[serde(deserialize_with = "text_or_number")]
    pub retry_after: Option<String>,
    /// Number of first requests refused with [`Headers::refuse_status`], after which all is well.
    pub refuse_first: u64,
    /// Status of those refusals; 429 when absent.
    pub refuse_status: Option<u16>,
    /// Share of requests answered with [`Headers::fail_status`], 0–1, drawn from the seed.
    pub fail_share: f64,
    /// Status of those failures; 500 when absent.
    pub fail_status: Option<u16>,
    /// Whether the error repeats the received credential, as careless providers do.
    pub echo_credential: bool,
    /// Address to redirect to.
    pub redirect: Option<String>,
    /// Status of the redirect; 307 when absent.
    pub redirect_status: Option<u16>,
    /// Whether a `103 Early Hints` head comes first.
    pub early_hints: bool,
    /// Malformed head to send instead of a proper one.
    pub malformed: Option<HeadFault>,
    /// Content type instead of the right one.
    pub content_type: Option<String>,
    /// Headers added to the response.
    pub extra: BTreeMap<String, String>,
    /// Hours by which the `Date` header is wrong.
    pub date_offset_h: i32,
}

/// Heads no HTTP library would write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadFault {
    /// One header of 70 KiB.
    Huge,
    /// A header value with control characters.
    IllegalBytes,
    /// Two different `Content-Length` headers.
    TwoLengths,
    /// `Content-Length` and `Transfer-Encoding: chunked` together.
    LengthAndChunked,
}

/// How the body travels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Body {
    /// Milliseconds between the head and the first event.
    pub delay_ms: u64,
    /// Milliseconds before each content event.
    pub chunk_delay_ms: u64,
    /// Tokens in each content event; 1 when absent.
    pub tokens_per_chunk: Option<u64>,
    /// Content events after which nothing more comes.
    pub hang_after: Option<u64>,
    /// Content events after which the connection is reset.
    pub rst_after: Option<u64>,
    /// Content events after which the connection closes without the end of the body.
    pub fin_after: Option<u64>,
    /// Content events after which the body ends in order, without any terminal event.
    pub end_after: Option<u64>,
    /// Content events after which the family's error event comes and the stream ends.
    pub error_after: Option<u64>,
    /// Status that names the kind of that error event; 500 when absent, 529 or 503 for overload.
    pub error_status: Option<u16>,
    /// Milliseconds between single bytes; 0 sends whole events.
    pub drip_ms: u64,
    /// Bytes in each write, cutting events anywhere; 0 sends whole events.
    pub split_bytes: usize,
    /// Offsets in the whole body at which writes are cut.
    pub split_at: Vec<usize>,
    /// Keep-alive comments sent, one each 100 ms, before the first event.
    pub comments_first: u32,
    /// Milliseconds the body stays open after its last event, at most ten minutes.
    pub linger_ms: u64,
    /// Wrong content with status 200.
    pub fault: Option<PlainFault>,
}

/// Content that no status code betrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainFault {
    /// A web page.
    Html,
    /// Nothing at all.
    Empty,
    /// Plain text.
    Text,
    /// JSON that stops in the middle; in a stream, an event that does.
    TruncatedJson,
    /// The family's error body, or the same as the first and only event.
    ErrorObject,
    /// Bytes that are not UTF-8 inside a string.
    InvalidUtf8,
    /// A `Content-Length` larger than the body.
    LengthBeyondBody,
    /// JSON nested 10 000 deep.
    Deep,
    /// A number no 64-bit float can hold.
    HugeNumber,
    /// An object with a repeated key.
    DuplicateKeys,
    /// Nine MiB of text in one piece.
    NineMib,
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// Text instead of the echo.
    pub text: Option<String>,
    /// Length of a generated text in tokens, at most 200 000; ignored when `text` is set. A tag takes the first of
    /// them, if there are enough.
    pub tokens: Option<u64>,
    /// Reasoning text.
    pub reasoning: Option<String>,
    /// Length of a generated reasoning text in tokens; ignored when `reasoning` is set.
    pub reasoning_tokens: Option<u64>,
    /// Refusal text.
    pub refusal: Option<String>,
    /// Whether the content filter ends the answer.
    pub filtered: bool,
    /// Tool calls to make, whatever was asked.
    pub calls: Vec<Call>,
    /// How often each call is made; 1 when absent.
    pub parallel: Option<u32>,
    /// Bytes in each piece of streamed arguments; 8 when absent.
    pub argument_bytes: Option<usize>,
    /// How streamed call fragments are malformed.
    pub fragments: Option<Fragments>,
    /// Model reported instead of the one asked for.
    pub model: Option<String>,
    /// Number of answers instead of the one asked for, at most 128.
    pub choices: Option<u64>,
    /// Finish reason fault.
    pub finish: Option<FinishRule>,
    /// Native finish reason sent in place of the right one.
    pub finish_reason: Option<String>,
    /// Service tier that serves instead of the one asked for; `default` is the ordinary one in every family.
    pub service_tier: Option<String>,
}

/// One scripted tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Name of the tool.
    pub name: String,
    /// Arguments; a minimal instance of the tool's schema when absent.
    #[serde(default)]
    pub arguments: Option<Value>,
}

/// How the finish reason goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishRule {
    /// Never sent.
    Missing,
    /// Sent twice.
    Twice,
    /// A word no client knows.
    Unknown,
}

/// How streamed tool calls are malformed (chat chunks only; other families have no such freedom).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fragments {
    /// No `index` at all.
    IndexMissing,
    /// Every call has index 0, told apart by id.
    IndexAllZero,
    /// No `id` after all, not even in the first fragment.
    IdMissing,
    /// The `id` of later fragments is an empty string.
    IdBlank,
    /// The `id` is repeated in every fragment.
    IdRepeated,
    /// The name comes alone first, arguments and id follow.
    NameFirst,
    /// The name is repeated in every fragment.
    NameRepeated,
    /// Two entries with one index in one chunk.
    SharedIndex,
    /// Fragments of different calls alternate.
    Interleaved,
    /// The whole call comes in one fragment.
    Whole,
}

/// How the stream is framed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Framing {
    /// Whether a byte order mark comes first.
    pub bom: bool,
    /// Line ends of the event stream; the family's own when absent (CRLF for Gemini, LF for the others).
    pub line_end: Option<LineEnd>,
    /// A comment line before every n-th event; 0 for none.
    pub comment_every: u32,
    /// Whether each event carries a `retry:` and an `id:` line.
    pub extra_lines: bool,
    /// Whether each event's data is spread over several `data:` lines.
    pub multi_line: bool,
    /// Whether the space after the colon is left out.
    pub tight: bool,
    /// Content event whose data gets bytes that are not UTF-8, counted from 1.
    pub invalid_utf8_at: Option<u64>,
    /// Whether a NUL byte is put between events.
    pub nul: bool,
    /// What happens to `[DONE]` (families that have it).
    pub done: DoneMark,
    /// Whether the role is left out of the first chunk.
    pub role_missing: bool,
    /// Whether a chunk without choices or parts comes between.
    pub empty_choices: bool,
    /// Whether chat chunks carry an `event:` line, as some compatible providers send.
    pub event_names: bool,
}

/// Line ends of an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// Line feed.
    Lf,
    /// Carriage return and line feed.
    Crlf,
    /// Carriage return alone.
    Cr,
}

/// What happens to the end mark of a chat stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneMark {
    /// Once, last.
    #[default]
    Once,
    /// Not at all.
    Missing,
    /// Twice.
    Twice,
    /// Before the usage chunk.
    BeforeUsage,
    /// Followed by one more content chunk.
    DataAfter,
}

/// What is reported as used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// How the report goes wrong.
    pub mode: UsageRule,
    /// Prompt tokens, cached and written ones included; counted from the request when absent.
    pub prompt: Option<u64>,
    /// Output tokens, reasoning included; counted from the answer when absent.
    pub completion: Option<u64>,
    /// Prompt tokens read from a cache.
    pub cached: u64,
    /// Prompt tokens written to a short-lived cache (five minutes where it matters).
    pub cache_write: u64,
    /// Prompt tokens written to a one-hour cache.
    pub cache_write_1h: u64,
    /// Reasoning tokens; counted from the reasoning text when absent.
    pub reasoning: Option<u64>,
    /// Prompt tokens of audio.
    pub audio: u64,
    /// Prompt tokens of images; counted from the request when absent.
    pub image: Option<u64>,
    /// Output tokens of audio (families that tell them apart).
    pub audio_output: u64,
    /// Output tokens of images (families that tell them apart).
    pub image_output: u64,
    /// Web searches that were run (families that count them in their usage).
    pub web_searches: u64,
}

/// How a usage report goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageRule {
    /// Right.
    #[default]
    Present,
    /// Left out.
    Missing,
    /// All counts are zero.
    Zero,
    /// Two reports, of which the last is right (streams only).
    Twice,
    /// Two reports, of which the last is smaller (streams only).
    Decreasing,
    /// All counts are below zero.
    Negative,
    /// All counts are 2^53.
    Huge,
    /// All counts are strings.
    Text,
    /// Parts exceed their sum.
    Inconsistent,
    /// Only the cached count is there.
    OnlyCached,
    /// Reported with the first event instead of the last (streams only).
    First,
}

/// Token counts behind a usage report, before any fault is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Prompt tokens, cached, written, audio and image ones included.
    pub prompt: u64,
    /// Output tokens, reasoning included.
    pub completion: u64,
    /// Prompt tokens read from a cache.
    pub cached: u64,
    /// Prompt tokens written to a short-lived cache.
    pub cache_write: u64,
    /// Prompt tokens written to a one-hour cache.
    pub cache_write_1h: u64,
    /// Reasoning tokens.
    pub reasoning: u64,
    /// Prompt tokens of audio.
    pub audio: u64,
    /// Prompt tokens of images.
    pub image: u64,
    /// Output tokens of audio.
    pub audio_output: u64,
    /// Output tokens of images.
    pub image_output: u64,
    /// Web searches.
    pub web_searches: u64,
}

/// Accepts both `2` and `"2"`, so that a knob reads naturally in every place it may stand.
fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}
