//! [`StreamDecoder`]: from the bytes of a provider's stream to deltas.

use super::guard::{self, Hostile};
use super::{anthropic, failure, gemini, openai, responses};
use crate::canonical::reply::{Delta, UpstreamError};
use crate::json::Checked;
use crate::sse::{Decoder, EVENT_BYTES_MAX, EventRef, SseError};
use domain::catalog::{Family, Quirks};

/// The most choices in one answer.
pub(super) const CHOICES_MAX: usize = 128;
/// How much of a body that is no event stream is kept to find the error in it, in bytes.
const PREAMBLE_BYTES_MAX: usize = 16 * 1024;

/// Why a provider's stream cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The event framing is broken.
    #[error("the provider's stream cannot be framed")]
    Frame(#[from] SseError),
    /// An event holds bytes that are no UTF-8.
    #[error("an event of the provider holds invalid UTF-8")]
    Utf8,
    /// An event is no JSON of the expected form.
    #[error("an event of the provider is malformed JSON")]
    Json,
    /// An event is dangerous to parse.
    #[error("an event of the provider is refused")]
    Hostile(#[from] Hostile),
    /// There are more choices than any caller can ask for.
    #[error("the provider sent more than {limit} choices")]
    TooManyChoices {
        /// The limit.
        limit: usize,
    },
    /// There are more tool calls than any client can handle.
    #[error("the provider sent more than {limit} tool calls in one choice")]
    TooManyCalls {
        /// The limit.
        limit: usize,
    },
    /// The stream ended without end mark, finish reason or final usage.
    #[error("the provider's stream ended early")]
    Truncated,
    /// The body was no event stream but an error, or a page.
    #[error(transparent)]
    NoStream(UpstreamError),
}

impl StreamError {
    /// What the failure means to the router and to the caller.
    #[must_use]
    pub fn upstream(&self) -> UpstreamError {
        match self {
            Self::NoStream(error) => error.clone(),
            other => UpstreamError::unreadable(&other.to_string()),
        }
    }
}

/// The part of a decoder that knows the provider's format.
#[derive(Debug, Clone)]
enum Format {
    OpenAi(openai::Stream),
    Responses(responses::Stream),
    Anthropic(anthropic::Stream),
    Gemini(gemini::Stream),
}

impl Format {
    fn event(
        &mut self,
        name: Option<&str>,
        json: &str,
        checked: &Checked,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        match self {
            Self::OpenAi(stream) => stream.event(json, checked, out),
            Self::Responses(stream) => stream.event(name, json, out),
            Self::Anthropic(stream) => stream.event(name, json, out),
            Self::Gemini(stream) => stream.event(json, out),
        }
    }

    /// Reads an event that is like those before it but for its text; false when it has to be read in full.
    fn read_alike(&mut self, json: &str, out: &mut Vec<Delta>) -> bool {
        match self {
            Self::OpenAi(stream) => stream.read_alike(json, out),
            // Their events count themselves, or their texts change what is remembered.
            Self::Responses(_) | Self::Anthropic(_) | Self::Gemini(_) => false,
        }
    }

    fn finish(&mut self, out: &mut Vec<Delta>) {
        match self {
            Self::OpenAi(stream) => stream.finish(out),
            Self::Responses(stream) => stream.finish(out),
            Self::Anthropic(stream) => stream.finish(out),
            Self::Gemini(stream) => stream.finish(out),
        }
    }
}

/// Incremental decoder of one streamed answer.
///
/// Its result does not depend on how the bytes were cut. It holds at most one event and a little state per choice
/// and tool call.
#[derive(Debug, Clone)]
pub struct StreamDecoder {
    frames: Decoder,
    state: State,
    preamble: Preamble,
}

/// What the events have told so far.
#[derive(Debug, Clone)]
struct State {
    format: Format,
    is_done: bool,
    is_failed: bool,
    has_finish: bool,
    /// Usage came after the last piece of content.
    ends_with_usage: bool,
    has_event: bool,
}

impl StreamDecoder {
    /// Makes a decoder for a provider of `family`; `quirks` only matter to the OpenAI family.
    ///
    /// An unsupported family, which is listed but never called, is read as the OpenAI form.
    #[must_use]
    pub fn new(family: Family, quirks: &Quirks) -> Self {
        Self::with_event_limit(family, quirks, EVENT_BYTES_MAX)
    }

    /// Like [`StreamDecoder::new`], with another limit for one event in bytes.
    #[must_use]
    pub fn with_event_limit(family: Family, quirks: &Quirks, event_bytes_max: usize) -> Self {
        let format = match family {
            Family::OpenAi | Family::Unsupported => Format::OpenAi(openai::Stream::new(quirks)),
            Family::OpenAiResponses => Format::Responses(responses::Stream::default()),
            Family::Anthropic => Format::Anthropic(anthropic::Stream::default()),
            Family::Gemini => Format::Gemini(gemini::Stream::default()),
        };
        Self {
            frames: Decoder::new(event_bytes_max),
            state: State {
                format,
                is_done: false,
                is_failed: false,
                has_finish: false,
                ends_with_usage: false,
                has_event: false,
            },
            preamble: Preamble::default(),
        }
    }

    /// Asks for the provider's own words beside the neutral steps, where the provider's format has such a form.
    #[must_use]
    pub fn quoted(mut self) -> Self {
        if let Format::Anthropic(stream) = self.state.format {
            self.state.format = Format::Anthropic(stream.quoted());
        }
        self
    }

    /// Takes the next bytes and appends what they mean to `out`.
    ///
    /// A failure that the provider reports is a [`Delta::Error`]; nothing follows it.
    ///
    /// # Errors
    /// [`StreamError`] when the bytes cannot be understood. Deltas before the fault are in `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Delta>) -> Result<(), StreamError> {
        if self.state.is_failed {
            return Ok(());
        }
        if !self.state.has_event {
            self.preamble.take(bytes);
        }
        self.frames.push(bytes);
        // What lies behind a failure is not looked at, whether it came in the same piece or would come in the next one.
        while !self.state.is_failed
            && let Some(event) = self.frames.next_ref()?
        {
            self.state.event(event, out)?;
        }
        Ok(())
    }

    /// Whether the beginning of an event or comment has arrived and its end has not.
    #[must_use]
    pub fn is_within_event(&self) -> bool {
        self.frames.has_rest()
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// [`StreamError::Truncated`] when none of end mark, finish reason and final usage was seen (any one suffices);
    /// [`StreamError::NoStream`] when the body was an error or a page instead of a stream; others as in
    /// [`StreamDecoder::push`].
    pub fn finish(&mut self, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        if self.state.is_failed {
            return Ok(());
        }
        if let Some(event) = self.frames.finish()? {
            let rest = EventRef { name: event.name.as_deref(), data: &event.data };
            let was_complete = self.has_terminal();
            match self.state.event(rest, out) {
                // A cut-off event after the end mark says nothing about the answer.
                Err(error) if !was_complete => return Err(error),
                _ => {}
            }
        }
        if !self.state.has_event
            && let Some(error) = self.preamble.error()
        {
            return Err(StreamError::NoStream(error));
        }
        if !self.has_terminal() && !self.state.is_failed {
            return Err(StreamError::Truncated);
        }
        if !self.state.is_failed {
            self.state.format.finish(out);
        }
        Ok(())
    }

    /// Whether the stream could end here: an end mark, a finish reason, or usage after the last content was seen.
    #[must_use]
    pub const fn has_terminal(&self) -> bool {
        self.state.is_done || self.state.has_finish || self.state.ends_with_usage
    }

    /// Whether the provider's end mark was seen; what is read after it can only be late usage.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.state.is_done
    }

    /// Whether a keep-alive comment has arrived since the last call of this function.
    pub const fn take_keep_alive_seen(&mut self) -> bool {
        self.frames.take_comment_seen()
    }
}

impl State {
    fn event(&mut self, event: EventRef<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let json = std::str::from_utf8(event.data).map_err(utf8)?.trim();
        if json.is_empty() || self.is_failed {
            return Ok(());
        }
        self.has_event = true;
        if json == "[DONE]" {
            if !self.is_done {
                self.is_done = true;
                out.push(Delta::Done);
            }
            return Ok(());
        }
        let start = out.len();
        if self.format.read_alike(json, out) {
            self.judge(start, out);
            return Ok(());
        }
        let checked = guard::check(json)?;
        let result = self.format.event(event.name, json, &checked, out);
        self.judge(start, out);
        result
    }

    /// Looks at the deltas of one event: ends, failures, and what may not follow the end mark.
    fn judge(&mut self, start: usize, out: &mut Vec<Delta>) {
        if self.is_done {
            let mut at = 0usize;
            out.retain(|delta| {
                at += 1;
                at <= start || matches!(delta, Delta::Usage(_))
            });
            return;
        }
        let mut has_content = false;
        let mut has_usage = false;
        for delta in out.iter().skip(start) {
            match delta {
                Delta::Finish { .. } => self.has_finish = true,
                Delta::Done => self.is_done = true,
                Delta::Usage(_) => has_usage = true,
                Delta::Error(_) => self.is_failed = true,
                Delta::Start { .. } => has_content = true,
                delta => has_content |= delta.is_content(),
            }
        }
        self.ends_with_usage = !has_content && (has_usage || self.ends_with_usage);
    }
}

/// The validity error names a place in the provider's text and nothing else worth keeping.
const fn utf8(_: std::str::Utf8Error) -> StreamError {
    StreamError::Utf8
}

/// The beginning of a body that may turn out to be no event stream.
#[derive(Debug, Default, Clone)]
struct Preamble {
    bytes: Vec<u8>,
    is_other: Option<bool>,
}

impl Preamble {
    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.is_other.is_none() {
            rest = bytes.trim_ascii_start();
            self.is_other = rest.first().map(|byte| matches!(byte, b'{' | b'[' | b'<'));
        }
        if self.is_other == Some(true) {
            let room = PREAMBLE_BYTES_MAX.saturating_sub(self.bytes.len());
            self.bytes.extend(rest.iter().take(room));
        }
    }

    fn error(&self) -> Option<UpstreamError> {
        (self.is_other == Some(true)).then(|| failure::of_body(None, &self.bytes))
    }
}
