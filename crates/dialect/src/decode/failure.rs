//! Reading errors: from any body that a provider may send to one classified error.

use crate::canonical::reply::{FailureClass, UpstreamError};
use domain::error_kind::ErrorKind;
use serde_json::Value;

/// What a body says about its error, before it is classified.
#[derive(Debug, Default)]
struct Report {
    message: String,
    /// `code`, `type`, `status` and `reason` as far as they are words, in that order.
    words: Vec<String>,
    /// A numeric code in the range of HTTP statuses.
    code: Option<u16>,
}

/// The error that a whole body amounts to; `status` is the HTTP status if it was a failing one.
pub(super) fn of_body(status: Option<u16>, body: &[u8]) -> UpstreamError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut report = match serde_json::from_str::<Value>(text) {
        Ok(value) => report_of(&value),
        Err(_) if text.starts_with(['{', '[', '<']) => Report::default(),
        Err(_) => Report { message: text.to_owned(), ..Report::default() },
    };
    if report.message.is_empty() {
        let what = if text.starts_with('<') { " with a page" } else { "" };
        report.message = match status {
            Some(status) => format!("the provider answered HTTP {status}{what}"),
            None => format!("the provider answered{what} without an answer"),
        };
    }
    classified(status, &report)
}

/// The error inside an `error` field that came under a successful status.
pub(super) fn of_field(json: &str) -> UpstreamError {
    let value = serde_json::from_str::<Value>(json).unwrap_or(Value::Null);
    let mut report = Report::default();
    read_error(&value, &mut report);
    if report.message.is_empty() {
        report.message = "the provider reported an error".to_owned();
    }
    classified(None, &report)
}

fn report_of(value: &Value) -> Report {
    let mut report = Report::default();
    let value = match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    };
    match value.get("error") {
        Some(error) if !error.is_null() => {
            read_error(error, &mut report);
            // Some put the text beside a bare code: {"error":"overloaded","message":"…"}.
            if error.is_string() && value.get("message").is_some_and(Value::is_string) {
                report.words.append(&mut vec![std::mem::take(&mut report.message)]);
                read_error(value, &mut report);
            }
        }
        _ => read_error(value, &mut report),
    }
    report
}

fn read_error(error: &Value, report: &mut Report) {
    if let Value::String(message) = error {
        report.message.clone_from(message);
        return;
    }
    for field in ["message", "detail", "msg", "error_message", "errors"] {
        if report.message.is_empty() {
            report.message = error.get(field).map(plain_text).unwrap_or_default();
        }
    }
    for field in ["code", "type", "status", "reason"] {
        match error.get(field) {
            Some(Value::String(word)) if !word.is_empty() && word != "error" => {
                if let Ok(code) = word.parse::<u16>() {
                    report.code = report.code.or(Some(code));
                } else {
                    report.words.push(word.clone());
                }
            }
            Some(Value::Number(number)) => {
                report.code = report.code.or(number.as_u64().and_then(|code| u16::try_from(code).ok()));
            }
            _ => {}
        }
    }
    // Google puts the machine-readable reason into a list of details.
    for detail in error.get("details").and_then(Value::as_array).into_iter().flatten().take(8) {
        if let Some(reason) = detail.get("reason").and_then(Value::as_str) {
            report.words.push(reason.to_owned());
        }
    }
    report.code = report.code.filter(|code| (400..600).contains(code));
}

/// The text of a message field, which may be a list of validation errors.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().take(8).map(plain_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
        }
        Value::Object(fields) => {
            ["message", "msg", "detail"].iter().find_map(|name| fields.get(*name)).map(plain_text).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn classified(status: Option<u16>, report: &Report) -> UpstreamError {
    let status = status.or(report.code);
    let words: Vec<String> = report.words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let message: String = report.message.chars().take(2_000).collect::<String>().to_ascii_lowercase();
    let (kind, class) = verdict(status, &Evidence { words: &words, message: &message });
    UpstreamError::new(kind, class, &report.message)
        .with_status(status)
        .with_code(report.words.first().map(String::as_str))
}

/// Lower-case words and text of an error.
struct Evidence<'a> {
    words: &'a [String],
    message: &'a str,
}

impl Evidence<'_> {
    /// Whether a code or type is one of these words.
    fn is(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether the text holds one of these phrases.
    fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.message.contains(phrase))
    }
}

/// The one table of failures. Order matters: words are more exact than the status, and the status than the text.
fn verdict(status: Option<u16>, evidence: &Evidence<'_>) -> (ErrorKind, FailureClass) {
    let is_account = evidence.is(ACCOUNT_WORDS) || evidence.says(ACCOUNT_PHRASES) || status == Some(402);
    if is_account {
        return (ErrorKind::ProviderUnavailable, FailureClass::Credential);
    }
    if evidence.is(OVERLOAD_WORDS) {
        return (ErrorKind::ProviderOverloaded, FailureClass::Overload);
    }
    if status == Some(429) || evidence.is(RATE_WORDS) {
        return (ErrorKind::RateLimitExceeded, FailureClass::RateLimit);
    }
    if evidence.is(POLICY_WORDS) || (is_request_status(status) && evidence.says(POLICY_PHRASES)) {
        return (ErrorKind::ContentPolicyViolation, FailureClass::ContentPolicy);
    }
    if status == Some(401) || status == Some(403) || evidence.is(CREDENTIAL_WORDS) || evidence.says(CREDENTIAL_PHRASES)
    {
        return (ErrorKind::ProviderUnavailable, FailureClass::Credential);
    }
    if evidence.is(CONTEXT_WORDS) || evidence.says(CONTEXT_PHRASES) {
        return (ErrorKind::ContextLengthExceeded, FailureClass::ContextLength);
    }
    if matches!(status, Some(404 | 410)) || evidence.is(GONE_WORDS) {
        return (ErrorKind::NotFound, FailureClass::ModelGone);
    }
    if matches!(status, Some(408 | 504 | 524)) || evidence.is(TIMEOUT_WORDS) {
        return (ErrorKind::Timeout, FailureClass::Unavailable);
    }
    if matches!(status, Some(503 | 529)) || (status.is_none() && evidence.says(&["overloaded"])) {
        return (ErrorKind::ProviderOverloaded, FailureClass::Overload);
    }
    let is_caller = match status {
        Some(409 | 421 | 425) => false,
        Some(status) => (400..500).contains(&status),
        None => evidence.is(CALLER_WORDS),
    };
    if is_caller {
        return (caller_kind(status, evidence), FailureClass::Caller);
    }
    (ErrorKind::ProviderUnavailable, FailureClass::Unavailable)
}

fn caller_kind(status: Option<u16>, evidence: &Evidence<'_>) -> ErrorKind {
    if evidence.is(&["string_above_max_length"]) {
        return ErrorKind::StringTooLong;
    }
    if evidence.says(&[
        "max_tokens is too large",
        "max_completion_tokens is too large",
        "maximum allowed number of output tokens",
    ]) {
        return ErrorKind::MaxTokensExceeded;
    }
    if evidence.is(IMAGE_WORDS) || evidence.says(IMAGE_PHRASES) {
        return ErrorKind::InvalidImage;
    }
    match status {
        Some(413) => ErrorKind::PayloadTooLarge,
        Some(422) => ErrorKind::Unprocessable,
        _ => ErrorKind::InvalidRequest,
    }
}

/// Statuses under which a text about content is about the caller's content.
const fn is_request_status(status: Option<u16>) -> bool {
    matches!(status, None | Some(400 | 403 | 406 | 422 | 451))
}

// Spellings seen in the providers' public error references and issue trackers until 2026-11.
const ACCOUNT_WORDS: &[&str] = &[
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "account_deactivated",
    "payment_required",
    "arrearage",
];
const ACCOUNT_PHRASES: &[&str] =
    &["credit balance is too low", "insufficient balance", "insufficient credits", "billing hard limit"];
const CREDENTIAL_WORDS: &[&str] = &[
    "authentication_error",
    "permission_error",
    "invalid_api_key",
    "api_key_invalid",
    "invalid_authentication_error",
    "unauthenticated",
    "permission_denied",
    "unauthorized",
    "invalid_organization",
    "key_expired",
];
const CREDENTIAL_PHRASES: &[&str] =
    &["api key not valid", "invalid api key", "incorrect api key", "api key expired", "location is not supported"];
const RATE_WORDS: &[&str] = &[
    "rate_limit_error",
    "rate_limit_exceeded",
    "rate_limited",
    "rate_limit_reached_error",
    "resource_exhausted",
    "too_many_requests",
    "throttling",
    "tokens_exceeded_error",
];
const OVERLOAD_WORDS: &[&str] = &[
    "overloaded_error",
    "overloaded",
    "engine_overloaded_error",
    "engine_overloaded",
    "service_unavailable",
    "unavailable",
    "provider_overloaded",
];
const POLICY_WORDS: &[&str] = &[
    "content_policy_violation",
    "content_filter",
    "content_filtered",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "moderation_blocked",
    "safety_check_failed",
];
const POLICY_PHRASES: &[&str] = &[
    "content management policy",
    "content policy",
    "usage policy",
    "usage policies",
    "safety system",
    "output blocked by content filtering",
    "flagged by moderation",
    "flagged as potentially violating",
];
const CONTEXT_WORDS: &[&str] = &[
    "context_length_exceeded",
    "context_window_exceeded",
    "model_context_window_exceeded",
    "exceed_context_size_error",
];
const CONTEXT_PHRASES: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context limit",
    "exceeds the available context size",
    "context window",
    "prompt is too long",
    "input is too long",
    "reduce the length of the messages",
    "exceeds the maximum number of tokens",
    "maximum prompt length is",
    "too many input tokens",
    "input length exceeds",
];
const GONE_WORDS: &[&str] = &[
    "model_not_found",
    "not_found_error",
    "not_found",
    "model_decommissioned",
    "model_not_available",
    "model_deprecated",
];
const TIMEOUT_WORDS: &[&str] = &["timeout_error", "timeout", "deadline_exceeded", "request_timeout"];
const CALLER_WORDS: &[&str] = &[
    "invalid_request_error",
    "invalid_argument",
    "invalid_request",
    "failed_precondition",
    "out_of_range",
    "request_too_large",
    "bad_request",
    "badrequesterror",
    "validation_error",
    "invalid_prompt",
];
const IMAGE_WORDS: &[&str] =
    &["invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url", "image_parse_error"];
const IMAGE_PHRASES: &[&str] =
    &["could not process image", "unable to process input image", "failed to download image"];
