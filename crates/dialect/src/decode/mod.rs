//! Reading providers' answers: whole bodies, streams and errors, into the neutral form.
//!
//! One folder per wire format. Nothing here trusts a provider: bodies are checked for depth and number range before
//! they are parsed, an answer that reports an error under status 200 is an error, and texts that end up in messages
//! are cut and cleaned.

mod anthropic;
mod count;
mod failure;
mod finish;
mod gemini;
mod guard;
mod openai;
mod responses;
mod stream;
mod tools;
mod usage;
mod wire;

pub use crate::canonical::reply::{FailureClass, UpstreamError};
pub use count::input_tokens;
pub use guard::Hostile;
pub use stream::{StreamDecoder, StreamError};

pub(crate) use wire::minified;

use crate::canonical::reply::{Collector, Delta, Reply};
use domain::catalog::{Family, Quirks};

/// A body that is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct DecodeError {
    /// What it is instead.
    pub error: UpstreamError,
}

impl From<StreamError> for DecodeError {
    fn from(error: StreamError) -> Self {
        Self { error: error.upstream() }
    }
}

/// Reads the whole body of an answer with a successful status.
///
/// # Errors
/// [`DecodeError`] when the body reports a failure in spite of its status, or is empty, a page, cut off, malformed,
/// nested deeper than 64 or without any choice.
pub fn reply(family: Family, quirks: &Quirks, body: &[u8]) -> Result<Reply, DecodeError> {
    read(family, quirks, false, body)
}

/// Like [`reply`], with the provider's own words beside the neutral ones, where its format has such a form.
///
/// # Errors
/// As [`reply`].
pub fn quoted_reply(family: Family, quirks: &Quirks, body: &[u8]) -> Result<Reply, DecodeError> {
    read(family, quirks, true, body)
}

fn read(family: Family, quirks: &Quirks, is_quoted: bool, body: &[u8]) -> Result<Reply, DecodeError> {
    let text = body_text(body)?;
    let checked = guard::check(text).map_err(StreamError::from)?;
    let mut deltas = Vec::new();
    match family {
        Family::OpenAi | Family::Unsupported => openai::whole(quirks, text, &checked, &mut deltas)?,
        Family::Anthropic => anthropic::whole(text, is_quoted, &mut deltas)?,
        Family::OpenAiResponses => responses::whole(text, &mut deltas)?,
        Family::Gemini => gemini::whole(text, &mut deltas)?,
    }
    let mut collector = Collector::default();
    for delta in deltas {
        if let Delta::Error(error) = delta {
            return Err(DecodeError { error });
        }
        collector.push(delta);
    }
    let reply = collector.finish();
    if reply.choices.is_empty() {
        return Err(DecodeError { error: UpstreamError::unreadable("the provider's answer holds no choice") });
    }
    Ok(reply)
}

/// Reads the whole body of an embeddings answer with a successful status.
///
/// # Errors
/// [`DecodeError`] as for [`reply`], and when there are no vectors.
pub fn embeddings(family: Family, body: &[u8]) -> Result<Reply, DecodeError> {
    let text = body_text(body)?;
    guard::check(text).map_err(StreamError::from)?;
    let reply = crate::embeddings::reply::decode(family, text).map_err(|error| DecodeError { error })?;
    if reply.embeddings.is_empty() {
        return Err(DecodeError { error: UpstreamError::unreadable("the provider's answer holds no vectors") });
    }
    Ok(reply)
}

/// Reads the body of an answer with a failing status. Any body gives an error that can be shown.
///
/// The family does not change the reading: bodies are told apart by their shape, and the words of all families are
/// known at once, because imitators and proxies pass on each other's.
#[must_use]
pub fn error(_family: Family, status: u16, body: &[u8]) -> UpstreamError {
    failure::of_body(Some(status), body)
}

fn body_text(body: &[u8]) -> Result<&str, DecodeError> {
    let unreadable = |message| DecodeError { error: UpstreamError::unreadable(message) };
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(unreadable("the provider's answer holds invalid UTF-8"));
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.bytes().next() {
        None => Err(unreadable("the provider's answer is empty")),
        Some(b'<') => Err(unreadable("the provider answered with a page instead of JSON")),
        Some(b'{' | b'[') => Ok(text),
        Some(_) => Err(unreadable("the provider's answer is not JSON")),
    }
}

#[cfg(test)]
mod tests;
