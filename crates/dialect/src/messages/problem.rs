//! A request that was not answered, in the envelope of Messages.

use super::request::refusal_details;
use crate::inbound::Problem;
use domain::error_kind::ErrorKind;
use serde_json::{Value, json};

/// The error type of the format for each of ours.
///
/// Source: the router's documented mapping of its error types to this dialect, 2026-08-22.
const fn kind_word(kind: ErrorKind) -> &'static str {
    match kind.status() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        408 | 504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// Whether the model that was asked for does not exist: clients of this dialect expect "not found", where those of chat
/// completions expect a bad request.
fn names_unknown_model(problem: &Problem<'_>) -> bool {
    problem.envelope.pointer("/error/availability/code").and_then(Value::as_str) == Some("model_not_found")
}

/// The status that callers of this dialect expect.
#[must_use]
pub fn status(problem: &Problem<'_>) -> u16 {
    if names_unknown_model(problem) { 404 } else { problem.kind.status() }
}

/// The JSON body of a failed call.
#[must_use]
pub fn body(problem: &Problem<'_>) -> Value {
    let metadata = problem.envelope.pointer("/error/metadata");
    let param = metadata.and_then(|metadata| metadata.get("param")).and_then(Value::as_str);
    let kind = if names_unknown_model(problem) { "not_found_error" } else { kind_word(problem.kind) };
    let mut error = json!({"type": kind, "message": problem.message, "error_type": problem.kind.as_str()});
    let mut body = json!({"type": "error", "request_id": problem.id});
    if let Some(error) = error.as_object_mut() {
        for name in ["metadata", "availability"] {
            if let Some(value) = problem.envelope.pointer(&format!("/error/{name}")) {
                error.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(details) = refusal_details(param, problem.kind == ErrorKind::NotFound) {
            error.insert("details".to_owned(), details);
        }
    }
    if let Some(body) = body.as_object_mut() {
        body.insert("error".to_owned(), error);
        if let Some(metadata) = problem.envelope.get("openrouter_metadata") {
            body.insert("openrouter_metadata".to_owned(), metadata.clone());
        }
    }
    body
}

/// The event that ends a stream whose head had gone out before anybody answered.
#[must_use]
pub fn event(problem: &Problem<'_>) -> Vec<u8> {
    format!("event: error\ndata: {}\n\n", body(problem)).into_bytes()
}

/// Appends the event that reports a failure in the middle of an answer.
pub(super) fn append_event(id: &str, kind: ErrorKind, message: &str, code: Option<&str>, out: &mut Vec<u8>) {
    let mut error = json!({"type": kind_word(kind), "message": message, "error_type": kind.as_str()});
    if let (Some(error), Some(code)) = (error.as_object_mut(), code) {
        error.insert("provider_code".to_owned(), code.into());
    }
    let body = json!({"type": "error", "error": error, "request_id": id});
    out.extend_from_slice(format!("event: error\ndata: {body}\n\n").as_bytes());
}
