//! One log line per request, specified field by field in `docs/logging.md`. Never a prompt, a key or a query string.

use crate::request_id::RequestId;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use domain::time::Clock;
use std::sync::Arc;

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
}

/// Middleware: writes the line when the head of the answer is ready.
pub async fn write(clock: Arc<dyn Clock>, request: Request, next: Next) -> Response {
    let started = clock.elapsed();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let facts = response.extensions().get::<AccessFacts>().cloned().unwrap_or_default();
    let head_ms = u64::try_from(clock.elapsed().saturating_sub(started).as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "access",
        request_id = id.as_ref().map_or("", RequestId::as_str),
        method = method.as_str(),
        route,
        status = response.status().as_u16(),
        head_ms,
        generation_id = facts.generation.as_deref().unwrap_or(""),
        model = facts.model.as_deref().unwrap_or(""),
        provider = facts.provider.as_deref().unwrap_or(""),
        error_type = facts.error_type.unwrap_or(""),
        "request answered"
    );
    response
}
