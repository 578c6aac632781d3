//! OpenAI chat completions and everything that imitates it.
//!
//! Source: the provider's API reference and the types of its official SDK (2026-11), plus what imitators are known to
//! change. Chunks and whole answers share their types: a whole answer is one chunk whose pieces are complete.

mod parts;
mod read;
mod template;

use super::failure;
use super::stream::StreamError;
use super::tools::Calls;
use crate::canonical::reply::{Delta, Finish, FinishReason};
use crate::json::{Checked, Reader};
use domain::catalog::Quirks;
use domain::usage::Usage;
use parts::Body;
use serde::Deserialize;
use template::Templates;

/// State of one streamed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    prefers_reasoning: bool,
    has_started: bool,
    upstream_id: Option<String>,
    fingerprint: Option<String>,
    service_tier: Option<String>,
    has_citations: bool,
    usage: Option<Usage>,
    choices: Vec<ChoiceState>,
    templates: Templates,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct ChoiceState {
    index: u32,
    calls: Calls,
    finish: Option<Finish>,
    has_output: bool,
}

/// Whether the pieces of a chunk are increments or complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Piece,
    Whole,
}

/// Reads a whole answer.
pub(super) fn whole(quirks: &Quirks, json: &str, checked: &Checked, out: &mut Vec<Delta>) -> Result<(), StreamError> {
    let mut stream = Stream::new(quirks);
    stream.read(json, checked, Extent::Whole, out)?;
    stream.finish(out);
    Ok(())
}

impl Stream {
    pub(super) fn new(quirks: &Quirks) -> Self {
        Self {
            prefers_reasoning: quirks.reasoning_field.as_deref() == Some("reasoning"),
            has_started: false,
            upstream_id: None,
            fingerprint: None,
            service_tier: None,
            has_citations: false,
            usage: None,
            choices: Vec::new(),
            templates: Templates::default(),
        }
    }

    /// Reads one event.
    pub(super) fn event(&mut self, json: &str, checked: &Checked, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let start = out.len();
        self.read(json, checked, Extent::Piece, out)?;
        self.learn(json, out.get(start..).unwrap_or_default());
        Ok(())
    }

    /// Ends the answer: what only the end can tell.
    pub(super) fn finish(&mut self, out: &mut Vec<Delta>) {
        for choice in &mut self.choices {
            choice.calls.complete(choice.index, out);
            let wants_tools = !choice.calls.is_empty();
            match &mut choice.finish {
                // The reason came before the calls it should have named.
                Some(finish) if wants_tools && finish.reason == FinishReason::Stop => {
                    finish.reason = FinishReason::ToolCalls;
                    out.push(Delta::Finish { choice: choice.index, finish: finish.clone() });
                }
                None if wants_tools => {
                    let finish = Finish { reason: FinishReason::ToolCalls, native: None };
                    out.push(Delta::Finish { choice: choice.index, finish });
                }
                _ => {}
            }
        }
    }

    fn read(&mut self, json: &str, checked: &Checked, extent: Extent, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        if !checked.is_json {
            return Err(StreamError::Json);
        }
        let body = Body::deserialize(&mut Reader::new(json, 0, &checked.ends)).map_err(malformed)?;
        if read::is_error(&body) {
            out.push(Delta::Error(failure::of_body(None, json.as_bytes())));
            return Ok(());
        }
        let reported = self.read_body(body, extent, out)?;
        if let Some(usage) = reported {
            self.read_usage(checked.reader(json, usage.get()), out);
        }
        Ok(())
    }

    fn choice(&mut self, index: u32) -> Result<&mut ChoiceState, StreamError> {
        let at = match self.choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None if self.choices.len() >= super::stream::CHOICES_MAX => {
                return Err(StreamError::TooManyChoices { limit: super::stream::CHOICES_MAX });
            }
            None => {
                self.choices.push(ChoiceState { index, ..ChoiceState::default() });
                self.choices.len() - 1
            }
        };
        Ok(&mut self.choices[at])
    }
}

/// The parser's text may quote the answer, which must not travel in an error.
pub(super) fn malformed(_: serde_json::Error) -> StreamError {
    StreamError::Json
}
