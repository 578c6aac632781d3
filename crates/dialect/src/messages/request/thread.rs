//! `thread`: conversations that the provider remembers. This router remembers none, and must say so.
//!
//! A caller that was answered as if nothing had been asked would send only its newest messages next time, and get an
//! answer from a conversation without its beginning. The two refusals here are the ones that the official SDKs
//! understand: they send the whole conversation again (npm `@anthropic-ai/sdk` 1.11.0, tried 2026-08-22).

use crate::canonical::request::RawObject;
use crate::chat::request::{InvalidRequest, Top};
use domain::error_kind::ErrorKind;
use serde_json::{Value, json};

const FIELD: &str = "thread";

/// Refuses a request that begins or continues a thread.
pub(super) fn check(top: &Top<'_>) -> Result<(), InvalidRequest> {
    let Some(thread) = top.get(FIELD) else { return Ok(()) };
    let object: RawObject<'_> = serde_json::from_str(thread.get()).unwrap_or_default();
    let kind = object.get("type").and_then(|kind| serde_json::from_str::<String>(kind.get()).ok());
    let (kind, message) = match kind.as_deref() {
        Some("continue") => (ErrorKind::NotFound, "The thread does not exist; send the whole conversation"),
        _ => (ErrorKind::InvalidRequest, "Threads are not kept here; send the whole conversation"),
    };
    Err(InvalidRequest { kind, param: Some(FIELD.to_owned()), ..InvalidRequest::body(message) })
}

/// What the error says beside its text, for clients that act on it; `param` is the field that was refused.
#[must_use]
pub fn refusal_details(param: Option<&str>, is_not_found: bool) -> Option<Value> {
    (param == Some(FIELD)).then(|| {
        if is_not_found {
            json!({"error_code": "thread_not_found"})
        } else {
            json!({"error_code": "thread_unsupported_request", "unsupported": [FIELD]})
        }
    })
}
