//! Error bodies: `{"error":{code,message,status}}`.

use serde_json::{Value, json};

use crate::family::Refusal;
use crate::shape::{Problem, Step, Violation};

/// The error body for a refusal.
pub(crate) fn error(refusal: &Refusal) -> Value {
    let (word, usual) = match refusal.status {
        401 => ("UNAUTHENTICATED", "API key not valid. Please pass a valid API key."),
        403 => ("PERMISSION_DENIED", "The caller does not have permission."),
        404 => ("NOT_FOUND", "The model is not found for this API version, or is not supported."),
        429 => ("RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."),
        499 => ("CANCELLED", "The operation was cancelled."),
        501 => ("UNIMPLEMENTED", "The operation is not implemented."),
        503 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        504 => ("DEADLINE_EXCEEDED", "The deadline expired before the operation could finish."),
        500.. => ("INTERNAL", "An internal error has occurred."),
        _ => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    };
    let mut body = json!({
        "code": refusal.status,
        "message": refusal.message.as_deref().unwrap_or(usual),
        "status": word,
    });
    if let (401, Some(fields)) = (refusal.status, body.as_object_mut()) {
        fields.insert(
            "details".to_owned(),
            json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }]),
        );
    }
    json!({"error": body})
}

/// A violation in this family's words.
pub(crate) fn refusal(violation: &Violation) -> Refusal {
    let path = snake(&violation.path_text(true));
    Refusal::bad(match &violation.problem {
        Problem::Unknown => {
            let name = match violation.path.last() {
                Some(Step::Field(name)) => name.as_str(),
                _ => "",
            };
            let parent = path.rsplit_once('.').map(|(parent, _)| format!(" at '{parent}'")).unwrap_or_default();
            format!("Invalid JSON payload received. Unknown name \"{name}\"{parent}: Cannot find field.")
        }
        Problem::Missing | Problem::Empty => format!("* GenerateContentRequest.{path}: {path} is not specified"),
        Problem::Type(expected, found) => {
            format!("Invalid value at '{path}' (TYPE_{}), found {found}", expected.to_uppercase())
        }
        Problem::Word(found, _) => format!("Invalid value at '{path}' (TYPE_ENUM), \"{found}\""),
        Problem::Range(found, low, high) => format!(
            "Unable to submit request because it has a {path} value of {found} but the supported range is from {low} to {high}."
        ),
        Problem::Rule(words) => words.clone(),
    })
}

fn snake(path: &str) -> String {
    path.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}
