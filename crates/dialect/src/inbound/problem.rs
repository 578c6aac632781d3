//! A request that was not answered, in the caller's dialect.

use super::Dialect;
use crate::messages;
use crate::responses;
use domain::error_kind::ErrorKind;
use serde_json::Value;

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
