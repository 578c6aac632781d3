//! One id per HTTP request: in the answer's `x-request-id`, in the access log, in error reports.

use crate::random::Random;
use http::HeaderValue;
use std::sync::Arc;

/// The id of the current request; a request extension set by [`crate::manners`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The text, `req-` and 24 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a fresh id.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        let digits = random.bytes::<12>().map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        let text = digits.as_flattened().iter().map(|digit| char::from(*digit));
        Self(PREFIX.chars().chain(text).collect::<String>().into())
    }

    /// The text as a header's value.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

const PREFIX: &str = "req-";

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}
