//! Error bodies: `{"type":"error","error":{type,message},"request_id"}`.

use serde_json::{Value, json};

use crate::family::{Meta, Refusal};
use crate::shape::{Problem, Violation};

/// The error body for a refusal.
pub(crate) fn error(refusal: &Refusal, meta: &Meta) -> Value {
    let (kind, usual) = match refusal.status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the API."),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource."),
        404 => ("not_found_error", "The requested resource could not be found."),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
        504 => ("timeout_error", "The request timed out."),
        529 => ("overloaded_error", "Overloaded"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "The request was refused."),
    };
    json!({
        "type": "error",
        "error": {"type": kind, "message": refusal.message.as_deref().unwrap_or(usual)},
        "request_id": meta.id("req_", 0),
    })
}

/// A violation in this family's words.
pub(crate) fn refusal(violation: &Violation) -> Refusal {
    let path = violation.path_text(false);
    Refusal::bad(match &violation.problem {
        Problem::Unknown => format!("{path}: Extra inputs are not permitted"),
        Problem::Missing => format!("{path}: Field required"),
        Problem::Type("string", _) => format!("{path}: Input should be a valid string"),
        Problem::Type("array", _) => format!("{path}: Input should be a valid list"),
        Problem::Type("object", _) => format!("{path}: Input should be a valid dictionary"),
        Problem::Type(expected, _) => format!("{path}: Input should be a valid {expected}"),
        Problem::Word(found, words) => {
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            match path.strip_suffix(".type") {
                Some(block) => format!(
                    "{block}: Input tag '{found}' found using 'type' does not match any of the expected tags: {}",
                    words.join(", ")
                ),
                None => format!("{path}: Input should be {}", words.join(" or ")),
            }
        }
        Problem::Range(found, low, _) if found < low => {
            format!("{path}: Input should be greater than or equal to {low}")
        }
        Problem::Range(_, _, high) => format!("{path}: Input should be less than or equal to {high}"),
        Problem::Empty => format!("{path}: at least one item is required"),
        Problem::Rule(words) if path.is_empty() => words.clone(),
        Problem::Rule(words) => format!("{path}: {words}"),
    })
}
