//! One id per HTTP request: in the answer's `x-request-id`, in the access log, in error reports.

use crate::random::Random;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use std::fmt::Write;
use std::sync::Arc;

/// The id of the current request; a request extension set by [`assign`].
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
        let mut text = String::with_capacity(28);
        text.push_str("req-");
        for byte in random.bytes::<12>() {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }
}

/// Middleware: gives the request an id and the answer the same.
pub async fn assign(random: Arc<Random>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(&random);
    let value = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = value {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
