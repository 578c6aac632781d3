//! Error bodies: `{"error":{message,type,param,code}}`.

use serde_json::{Value, json};

use crate::family::Refusal;
use crate::shape::{Problem, Step, Violation};

/// The error body for a refusal.
pub(crate) fn error(refusal: &Refusal) -> Value {
    let (kind, code, usual) = usual(refusal.status);
    json!({"error": {
        "message": refusal.message.as_deref().unwrap_or(usual),
        "type": kind,
        "param": refusal.param,
        "code": refusal.code.or(code),
    }})
}

fn usual(status: u16) -> (&'static str, Option<&'static str>, &'static str) {
    match status {
        401 => (
            "invalid_request_error",
            Some("invalid_api_key"),
            "Incorrect API key provided. You can find your API key in your account settings.",
        ),
        402 => ("insufficient_quota", Some("insufficient_quota"), "You exceeded your current quota."),
        403 => ("invalid_request_error", Some("forbidden"), "Your account may not use this model."),
        404 => (
            "invalid_request_error",
            Some("model_not_found"),
            "The model does not exist or you do not have access to it.",
        ),
        413 => ("invalid_request_error", Some("request_too_large"), "The request body is too large."),
        429 => ("requests", Some("rate_limit_exceeded"), "Rate limit reached for requests."),
        503 => ("server_error", Some("overloaded"), "The engine is currently overloaded, please try again later."),
        500.. => ("server_error", None, "The server had an error while processing your request."),
        _ => ("invalid_request_error", None, "The request was refused."),
    }
}

/// A violation in this family's words.
pub(crate) fn refusal(violation: &Violation) -> Refusal {
    let path = violation.path_text(true);
    let top = matches!(violation.path.as_slice(), [Step::Field(_)]);
    let (message, code) = match &violation.problem {
        Problem::Unknown if top => (format!("Unrecognized request argument supplied: {path}"), None),
        Problem::Unknown => (format!("Unknown parameter: '{path}'."), Some("unknown_parameter")),
        Problem::Missing if path == "model" => ("you must provide a model parameter".to_owned(), None),
        Problem::Missing => (format!("Missing required parameter: '{path}'."), Some("missing_required_parameter")),
        Problem::Type(expected, found) => {
            (format!("Invalid type for '{path}': expected {expected}, but got {found} instead."), Some("invalid_type"))
        }
        Problem::Word(found, words) => {
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            (format!("Invalid value: '{found}'. Supported values are: {}.", words.join(", ")), Some("invalid_value"))
        }
        Problem::Range(found, low, _) if found < low => (
            format!("Invalid '{path}': value below minimum. Expected a value >= {low}, but got {found} instead."),
            Some("below_min_value"),
        ),
        Problem::Range(found, _, high) => (
            format!("Invalid '{path}': value above maximum. Expected a value <= {high}, but got {found} instead."),
            Some("above_max_value"),
        ),
        Problem::Empty => (
            format!(
                "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            ),
            Some("empty_array"),
        ),
        Problem::Rule(words) => (words.clone(), None),
    };
    let param = if top && violation.problem == Problem::Unknown { None } else { Some(path) };
    Refusal { status: 400, message: Some(message), param: param.filter(|path| !path.is_empty()), code }
}
