//! Amounts in answers, as whole nano-dollars.

use serde_json::Value;

/// A JSON number of US dollars in nano-dollars. Exact up to some million dollars.
///
/// # Panics
/// When the value is no number.
#[must_use]
pub fn nanos(value: &Value) -> i64 {
    let usd = value.as_f64().unwrap_or_else(|| panic!("no amount: {value}"));
    #[expect(clippy::cast_possible_truncation, reason = "amounts of tests are far below the range of i64")]
    let nanos = (usd * 1e9).round() as i64;
    nanos
}

/// The amount at a JSON pointer.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn nanos_at(document: &Value, pointer: &str) -> i64 {
    nanos(document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {document}")))
}
