//! A stream that ended before it had begun.

use super::stream::Encoder;
use crate::chat::reply::Envelope;
use domain::error_kind::ErrorKind;

/// The events of an answer that failed after its head had gone out and before anybody answered.
#[must_use]
pub fn event(id: Option<&str>, kind: ErrorKind, message: &str) -> Vec<u8> {
    let id = id.unwrap_or_default();
    let envelope =
        Envelope { id, created: created(id), model: "", provider: "", hide_reasoning: false, metadata: None };
    let mut out = Vec::new();
    Encoder::new(None, &envelope).error(kind, message, &mut out);
    out
}

/// The Unix second in which an id was made: its first twelve digits count milliseconds.
fn created(id: &str) -> i64 {
    let digits = id.strip_prefix("gen-").and_then(|digits| digits.get(..12)).unwrap_or_default();
    i64::from_str_radix(digits, 16).unwrap_or(0) / 1_000
}
