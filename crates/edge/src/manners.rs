//! The one layer around every route: a request id, cross-origin answers, and a line in the access log.
//!
//! One layer and not three, because each costs every request a copy of the service and a task's worth of memory.

use crate::access_log::Arrival;
use crate::cors;
use crate::random::Random;
use crate::request_id::RequestId;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use domain::time::Clock;
use http::HeaderName;
use std::sync::Arc;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layer works with.
#[derive(Debug)]
pub struct Manners {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Request ids.
    pub random: Arc<Random>,
    /// Beginnings of paths that browsers of any origin may call; everything with cookies stays closed.
    pub open_paths: &'static [&'static str],
}

/// Middleware: gives request and answer an id, opens public answers to other origins, and logs.
pub async fn observe(manners: Arc<Manners>, mut request: Request, next: Next) -> Response {
    let arrival = Arrival::of(&request, manners.clock.elapsed());
    let id = RequestId::generate(&manners.random);
    request.extensions_mut().insert(id.clone());
    let is_open = manners.open_paths.iter().any(|prefix| request.uri().path().starts_with(prefix));
    let mut response = if is_open { cors::open(request, next).await } else { next.run(request).await };
    arrival.answered(&id, &response, manners.clock.elapsed());
    if let Some(value) = id.header() {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
