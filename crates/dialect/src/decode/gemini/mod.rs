//! Gemini generateContent.
//!
//! Source: the provider's API reference and the types of its official SDK (2026-11). Every event of a stream is a
//! whole response document that holds the next parts, so both ways share one function.

mod candidate;
mod parts;

use super::stream::StreamError;
use super::usage::{self, GeminiUsage};
use super::wire::{filled, owned, present};
use super::{failure, finish};
use crate::canonical::reply::{Delta, Finish, FinishReason};
use candidate::Candidate;
use domain::usage::Usage;
use parts::Document;

/// State of one streamed answer.
#[derive(Debug, Default, Clone)]
pub(super) struct Stream {
    has_started: bool,
    upstream_id: Option<String>,
    usage: Option<Usage>,
    searches: u64,
    candidates: Vec<Candidate>,
}

/// Reads a whole answer.
pub(super) fn whole(json: &str, out: &mut Vec<Delta>) -> Result<(), StreamError> {
    let mut stream = Stream::default();
    stream.event(json, out)?;
    stream.finish(out);
    Ok(())
}

impl Stream {
    /// Reads one document.
    pub(super) fn event(&mut self, json: &str, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        // Errors of the streaming method may come wrapped in a list.
        if json.starts_with('[') {
            out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
            return Ok(());
        }
        let mut document: Document<'_> = serde_json::from_str(json).map_err(super::openai::malformed)?;
        if present(document.error).is_some() {
            out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
            return Ok(());
        }
        if !self.has_started {
            self.has_started = true;
            self.upstream_id = owned(document.response_id.as_ref());
            out.push(Delta::Start {
                upstream_id: self.upstream_id.clone(),
                model: owned(document.model_version.as_ref()),
            });
        }
        for (place, part) in (0u32..).zip(document.candidates.take().into_iter().flatten()) {
            let index = part.index.and_then(|index| u32::try_from(index).ok()).unwrap_or(place);
            let upstream_id = self.upstream_id.take();
            let result = self.candidate(index).map(|candidate| candidate.read(part, upstream_id.as_deref(), out));
            self.upstream_id = upstream_id;
            result??;
        }
        self.read_block(&document, out)?;
        self.searches = self.candidates.iter().map(Candidate::searches).sum();
        self.read_usage(&document, out);
        Ok(())
    }

    /// Ends the answer.
    pub(super) fn finish(&mut self, out: &mut Vec<Delta>) {
        for candidate in &mut self.candidates {
            candidate.finish(out);
        }
    }

    /// A refused prompt ends every answer that is under way; when there is none, an empty one says so.
    ///
    /// The block may also come after text, in a document of its own and without any finish reason (test data of the
    /// provider's mobile SDKs, 2026-11-21).
    fn read_block(&mut self, document: &Document<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let reason = document.prompt_feedback.as_ref().and_then(|feedback| filled(feedback.block_reason.as_ref()));
        let Some(native) = reason.filter(|native| *native != "BLOCKED_REASON_UNSPECIFIED") else { return Ok(()) };
        if self.candidates.is_empty() {
            out.push(Delta::Role(0));
            self.candidate(0)?;
        }
        let native: String = native.chars().take(100).collect();
        for candidate in &mut self.candidates {
            let finish = Finish { reason: FinishReason::ContentFilter, native: Some(native.clone()) };
            candidate.finish_with(finish, out);
        }
        Ok(())
    }

    fn read_usage(&mut self, document: &Document<'_>, out: &mut Vec<Delta>) {
        let reported =
            present(document.usage_metadata).and_then(|raw| serde_json::from_str::<GeminiUsage>(raw.get()).ok());
        if let Some(usage) = reported.and_then(|reported| reported.normal(self.searches)) {
            let usage = usage::after(self.usage.as_ref(), usage);
            self.usage = Some(usage);
            out.push(Delta::Usage(usage));
        }
    }

    fn candidate(&mut self, index: u32) -> Result<&mut Candidate, StreamError> {
        let at = match self.candidates.iter().position(|candidate| candidate.index() == index) {
            Some(at) => at,
            None if self.candidates.len() >= super::stream::CHOICES_MAX => {
                return Err(StreamError::TooManyChoices { limit: super::stream::CHOICES_MAX });
            }
            None => {
                self.candidates.push(Candidate::new(index));
                self.candidates.len() - 1
            }
        };
        Ok(&mut self.candidates[at])
    }
}
