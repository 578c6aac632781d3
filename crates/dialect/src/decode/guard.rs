//! What is checked before any JSON of a provider is parsed.

use memchr::memchr2;

/// The deepest nesting that is accepted.
pub(super) const DEPTH_MAX: usize = 64;

/// Why JSON is refused before parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Hostile {
    /// Arrays and objects nest deeper than 64.
    #[error("JSON nests deeper than {DEPTH_MAX}")]
    TooDeep,
    /// A number is outside the range of 64-bit floating point.
    #[error("a JSON number is out of range")]
    NumberRange,
}

/// Checks nesting and number range in one pass that jumps over strings.
///
/// The parser's own limit is not enough: values that are kept as raw text are not counted by it.
pub(super) fn check(json: &str) -> Result<(), Hostile> {
    let bytes = json.as_bytes();
    let mut depth = 0usize;
    let mut at = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(Hostile::TooDeep);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'e' | b'E' if at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_digit) => check_number(json, at)?,
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// The place of the closing quote, or the end.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

fn check_number(json: &str, exponent: usize) -> Result<(), Hostile> {
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
    let bytes = json.as_bytes();
    let (before, after) = bytes.split_at(exponent);
    let start = exponent - before.iter().rev().take_while(|byte| is_part(**byte)).count();
    let end = exponent + 1 + after.iter().skip(1).take_while(|byte| is_part(**byte)).count();
    match json.get(start..end).and_then(|number| number.parse::<f64>().ok()) {
        Some(number) if !number.is_finite() => Err(Hostile::NumberRange),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Hostile, check};

    #[test]
    fn refuses_deep_nesting_and_endless_numbers_only() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        for (json, expected) in [
            (nested(64), Ok(())),
            (nested(65), Err(Hostile::TooDeep)),
            (nested(10_000), Err(Hostile::TooDeep)),
            ("[[1],[2]]".repeat(100), Ok(())),
            (format!("{{\"a\":\"{}\"}}", "[".repeat(100)), Ok(())),
            (r#"{"a":"\"[[[","b":"\\"}"#.to_owned(), Ok(())),
            ("{\"a\":1e400}".to_owned(), Err(Hostile::NumberRange)),
            ("{\"a\":-1.5E+999}".to_owned(), Err(Hostile::NumberRange)),
            ("{\"a\":1e-400}".to_owned(), Ok(())),
            ("{\"a\":1e30,\"b\":true,\"c\":\"1e400\"}".to_owned(), Ok(())),
        ] {
            assert_eq!(check(&json), expected, "{}", &json[..json.len().min(40)]);
        }
    }
}
