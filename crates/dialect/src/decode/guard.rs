//! What is checked before any JSON of a provider is parsed.

use crate::json::{self, Checked, Fault, Rules};

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

/// Checks nesting and number range, whether or not the grammar is kept, which only the result tells.
///
/// The parser's own limit is not enough: values that are kept as raw text are not counted by it.
pub(super) fn check(json: &str) -> Result<Checked, Hostile> {
    json::check(json, &RULES).map_err(|fault| match fault {
        Fault::EndlessNumber => Hostile::NumberRange,
        _ => Hostile::TooDeep,
    })
}

/// No field is kept, and nothing is counted: what an answer may hold is bounded by its bytes.
const RULES: Rules = Rules {
    depth: DEPTH_MAX,
    nodes: usize::MAX,
    key_bytes: usize::MAX,
    fields: 0,
    refuses_halves: false,
    refuses_endless_numbers: true,
};

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
            assert_eq!(check(&json).map(drop), expected, "{}", &json[..json.len().min(40)]);
        }
    }
}
