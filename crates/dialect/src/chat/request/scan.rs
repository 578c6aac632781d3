//! One fast look over the body for what a JSON parser does not refuse: depth, size, escapes that are no characters.

use super::invalid::{InvalidRequest, Limits};
use domain::error_kind::ErrorKind;
use memchr::memchr2;

/// Walks the body outside its strings, and checks the escapes inside them. Syntax is left to the parser.
///
/// # Errors
/// When the body is too deep, has too many values, a key is too long, or a `\u` escape is half a surrogate pair.
pub(crate) fn check(text: &str, limits: &Limits) -> Result<(), InvalidRequest> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut depth = 0_usize;
    let mut nodes = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                nodes += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => nodes += 1,
            b'"' => at = skip_string(bytes, at, limits)?,
            _ => {}
        }
        if depth > limits.depth {
            return Err(InvalidRequest::body(format!("The body is nested deeper than {} levels", limits.depth)));
        }
        if nodes > limits.nodes {
            let message = format!("The body holds more than {} values", limits.nodes);
            return Err(InvalidRequest { kind: ErrorKind::PayloadTooLarge, ..InvalidRequest::body(message) });
        }
    }
    Ok(())
}

/// Returns the position after the closing quote.
fn skip_string(bytes: &[u8], start: usize, limits: &Limits) -> Result<usize, InvalidRequest> {
    let mut at = start;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            let is_key = is_followed_by_colon(bytes, at + 1);
            if is_key && at - start > limits.key_bytes {
                return Err(InvalidRequest::body(format!("A key is longer than {} bytes", limits.key_bytes)));
            }
            return Ok(at + 1);
        }
        at = skip_escape(bytes, at)?;
    }
    Ok(bytes.len())
}

fn is_followed_by_colon(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// `at` is a backslash; returns the position after the escape (after both halves of a pair).
fn skip_escape(bytes: &[u8], at: usize) -> Result<usize, InvalidRequest> {
    let Some(first) = unicode_escape(bytes, at) else { return Ok(at + 2) };
    match first {
        0xD800..=0xDBFF => match unicode_escape(bytes, at + 6) {
            Some(0xDC00..=0xDFFF) => Ok(at + 12),
            _ => Err(lone_surrogate()),
        },
        0xDC00..=0xDFFF => Err(lone_surrogate()),
        _ => Ok(at + 6),
    }
}

/// The code unit of a `\uXXXX` escape at `at`, if there is one.
fn unicode_escape(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    let hex = escape.strip_prefix(b"\\u")?;
    let hex = std::str::from_utf8(hex).ok()?;
    u16::from_str_radix(hex, 16).ok()
}

fn lone_surrogate() -> InvalidRequest {
    InvalidRequest::body("The body holds an escape that is half a character (lone surrogate)")
}
