//! One log line per request, specified field by field in `docs/logging.md`. Never a prompt, a key or a query string.

use crate::request_id::RequestId;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use std::time::Duration;

/// Facts that a handler adds to its request's line; set as a response extension.
#[derive(Debug, Clone, Default)]
pub struct AccessFacts {
    /// Generation id.
    pub generation: Option<String>,
    /// Model that served.
    pub model: Option<String>,
    /// Provider that served.
    pub provider: Option<String>,
    /// Error type, when refused.
    pub error_type: Option<&'static str>,
    /// Attempts that were made, once an answer is there.
    pub attempts: Option<u16>,
    /// From the arrival of the request to its first attempt.
    pub overhead: Option<Duration>,
}

/// What the line says of the request, taken before the request is given away.
pub(crate) struct Arrival {
    started: Duration,
    method: Method,
    route: Option<MatchedPath>,
}

impl Arrival {
    /// Takes note of a request at monotonic time `started`.
    pub(crate) fn of(request: &Request, started: Duration) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { started, method: request.method().clone(), route }
    }

    /// Writes the line when the head of the answer is ready, at monotonic time `now`.
    pub(crate) fn answered(&self, id: &RequestId, response: &Response, now: Duration) {
        let facts = response.extensions().get::<AccessFacts>();
        let head_ms = u64::try_from(now.saturating_sub(self.started).as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "access",
            request_id = id.as_str(),
            method = self.method.as_str(),
            route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str),
            status = response.status().as_u16(),
            head_ms,
            generation_id = facts.and_then(|facts| facts.generation.as_deref()).unwrap_or(""),
            model = facts.and_then(|facts| facts.model.as_deref()).unwrap_or(""),
            provider = facts.and_then(|facts| facts.provider.as_deref()).unwrap_or(""),
            error_type = facts.and_then(|facts| facts.error_type).unwrap_or(""),
            "request answered"
        );
    }
}
