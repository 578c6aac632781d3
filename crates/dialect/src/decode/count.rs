//! The answer to the question how many input tokens a request has.

use domain::catalog::Family;
use serde::Deserialize;

/// Reads a provider's count; `None` when the body is none.
#[must_use]
pub fn input_tokens(family: Family, body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Count {
        input_tokens: Option<u64>,
        #[serde(rename = "totalTokens")]
        total_tokens: Option<u64>,
    }
    let count: Count = serde_json::from_slice(body).ok()?;
    match family {
        Family::Anthropic => count.input_tokens,
        Family::Gemini => count.total_tokens,
        _ => None,
    }
}
