//! From a checked chat request to what one provider's endpoint is sent.
//!
//! [`encode`] is a pure function of the request and the [`Target`]. Nothing is silently lost: what an endpoint cannot be
//! told is listed in [`Outgoing::notes`].

mod anthropic;
mod count;
mod gemini;
pub(crate) mod json;
mod names;
mod openai;
mod responses;
mod thought;
mod turns;

pub use count::encode_count;
pub use names::ToolNames;

use crate::chat::request::ChatRequest;
use bytes::Bytes;
use domain::catalog::file::ReasoningText;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;

/// Where a request goes, as far as its format is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Wire format.
    pub family: Family,
    /// The model's name at the provider.
    pub upstream_id: &'a str,
    /// Deviations of the provider from its family.
    pub quirks: &'a Quirks,
    /// Request parameters that the endpoint supports; empty means unknown, and everything is sent.
    pub supported_parameters: &'a [String],
    /// How the model's reasoning is controlled; `None` when the catalogue does not say.
    pub reasoning: Option<&'a ReasoningText>,
    /// Longest answer of the endpoint in tokens.
    pub max_completion_tokens: Option<u64>,
    /// Output limit in tokens to send in place of the caller's.
    pub output_limit: Option<u64>,
    /// Whether the answer shall be streamed, whatever the caller asked for.
    pub stream: bool,
    /// The endpoint's service tier; `None` for the ordinary one, and then no other may be asked for: it has other prices.
    pub service_tier: Option<&'a str>,
    /// Whether reasoning that cannot be switched off is turned down instead of refused, because the caller named a family of
    /// models and no model.
    pub turns_reasoning_down: bool,
    /// The end user's id, already hashed.
    pub user: Option<&'a str>,
}

/// A request in a provider's format.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Path and query to append to the provider's base address, with a leading slash.
    pub path: String,
    /// Headers that belong to the format; credentials and the content type are the sender's business.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Bytes,
    /// What was dropped, translated or clamped.
    pub notes: Vec<Note>,
    /// Tool names that were changed.
    pub names: ToolNames,
}

/// One difference between what the caller asked and what the provider is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    /// The caller's field.
    pub field: String,
    /// What happened to it.
    pub change: Change,
    /// Why, in a few words.
    pub reason: String,
}

/// What happened to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Left out.
    Dropped,
    /// Said in other words.
    Translated,
    /// Moved into the provider's range.
    Clamped,
    /// Added, because the format demands it.
    Added,
}

/// A request that cannot be said in the target's format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    /// What the caller is told.
    pub kind: ErrorKind,
    /// What is wrong, at most 200 characters.
    pub message: String,
    /// The field that is wrong.
    pub param: Option<String>,
}

/// Puts `request` into the target's wire format.
///
/// # Errors
/// When the format cannot express the request: an unsupported family, a part that the provider has no form for.
pub fn encode(request: &ChatRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    if let Some(embeddings) = request.origin().embeddings() {
        return crate::embeddings::encode(embeddings, target);
    }
    thought::check(request, target)?;
    let turned = thought::turned_down(request, target);
    let request = turned.as_ref().unwrap_or(request);
    let mut outgoing = match target.family {
        Family::OpenAi => openai::encode(request, target)?,
        Family::OpenAiResponses => return responses::encode(request, target),
        Family::Anthropic => anthropic::encode(request, target)?,
        Family::Gemini => gemini::encode(request, target)?,
        Family::Unsupported => {
            return Err(EncodeError {
                kind: ErrorKind::NotFound,
                message: "No adapter speaks this provider's wire format".to_owned(),
                param: None,
            });
        }
    };
    outgoing.notes.extend(request.origin().notes().iter().cloned());
    Ok(outgoing)
}

impl EncodeError {
    pub(crate) fn prompt(path: &str, problem: &str) -> Self {
        let message = crate::chat::request::clip(&format!("{path}: {problem}"), 200);
        Self { kind: ErrorKind::InvalidPrompt, message, param: Some(path.to_owned()) }
    }
}

impl Target<'_> {
    /// Whether the endpoint takes a parameter, as far as anybody knows.
    pub(crate) fn takes(&self, parameter: &str) -> bool {
        let is_supported = self.supported_parameters.is_empty()
            || self.supported_parameters.iter().any(|supported| supported == parameter);
        is_supported && !self.quirks.drop.iter().any(|dropped| dropped == parameter)
    }

    /// Whether the catalogue says that the endpoint supports a parameter.
    pub(crate) fn declares(&self, parameter: &str) -> bool {
        self.supported_parameters.iter().any(|supported| supported == parameter)
    }

    /// The output limit to send: the override or the caller's, at most what the endpoint can.
    pub(crate) fn limit_for(&self, request: &ChatRequest, notes: &mut Notes) -> Option<u64> {
        let wanted = self.output_limit.or(request.output_limit())?;
        match self.max_completion_tokens {
            Some(most) if most < wanted => {
                notes.add("max_tokens", Change::Clamped, "above the endpoint's maximum");
                Some(most)
            }
            _ => Some(wanted),
        }
    }
}

/// The least output limit in tokens that providers of a format are told, whatever the caller asked for.
///
/// The Responses format refuses anything below 16; what lies below is raised, so an answer may be as long and cost as much.
pub const fn least_output_limit(family: Family) -> u64 {
    match family {
        Family::OpenAiResponses => responses::LIMIT_MIN,
        Family::OpenAi | Family::Anthropic | Family::Gemini | Family::Unsupported => 1,
    }
}

/// Collects notes while a request is written.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) Vec<Note>);

impl Notes {
    pub(crate) fn add(&mut self, field: &str, change: Change, reason: &str) {
        self.0.push(Note { field: field.to_owned(), change, reason: reason.to_owned() });
    }

    pub(crate) fn dropped(&mut self, field: &str, reason: &str) {
        self.add(field, Change::Dropped, reason);
    }
}
