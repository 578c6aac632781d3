//! A request that was not answered, in the caller's dialect.

use super::Dialect;
use crate::chat::request::ChatRequest;
use crate::messages;
use crate::responses;
use crate::responses::request::ResponsesRequest;
use domain::error_kind::ErrorKind;
use serde_json::Value;
use std::sync::Arc;

/// What went wrong, in every form that some dialect needs.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// Public type; decides the status.
    pub kind: ErrorKind,
    /// Text for the caller.
    pub message: &'a str,
    /// Our id of the request, if it has one.
    pub id: Option<&'a str>,
    /// The whole report in the OpenRouter envelope.
    pub envelope: &'a Value,
}

/// What an answer repeats of a request that was read and refused.
#[derive(Debug, Clone)]
pub struct Asked {
    request: Arc<ResponsesRequest>,
    is_stream: bool,
}

impl Asked {
    /// What is needed of a request; `None` in dialects whose refusals repeat nothing.
    #[must_use]
    pub fn of(request: &ChatRequest) -> Option<Self> {
        let own = request.origin().shared_responses()?;
        Some(Self { request: Arc::clone(own), is_stream: request.is_stream() })
    }

    /// The answer in whose place other dialects have an error, and whether it is a stream of events: callers of Responses
    /// see an answer that ended by its length.
    #[must_use]
    pub fn answer(&self, id: &str, kind: ErrorKind) -> Option<(Vec<u8>, bool)> {
        let is_stream = self.is_stream;
        kind.is_length().then(|| (responses::too_long(Some(&self.request), is_stream, Some(id), kind), is_stream))
    }
}

/// The JSON body of a failed call.
#[must_use]
pub fn problem(dialect: Dialect, problem: &Problem<'_>) -> Value {
    match dialect {
        Dialect::Messages => messages::problem::body(problem),
        _ => problem.envelope.clone(),
    }
}

/// The status that callers of the dialect expect.
#[must_use]
pub fn status(dialect: Dialect, problem: &Problem<'_>) -> u16 {
    match dialect {
        Dialect::Messages => messages::problem::status(problem),
        _ => problem.kind.status(),
    }
}

/// The events that end a stream whose head had gone out before anybody answered.
#[must_use]
pub fn problem_event(dialect: Dialect, problem: &Problem<'_>) -> Vec<u8> {
    match dialect {
        Dialect::Chat | Dialect::Completions | Dialect::Embeddings => {
            format!("data: {}\n\n", problem.envelope).into_bytes()
        }
        Dialect::Messages => messages::problem::event(problem),
        Dialect::Responses => responses::problem_event(problem.id, problem.kind, problem.message),
    }
}
