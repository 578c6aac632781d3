//! Heads of successful answers.

use axum::body::Body;
use axum::response::Response;
use domain::id::GenerationId;
use edge::access_log::AccessFacts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

// Names as constants: made from text they would be looked up in the table of standard names for every answer.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const GENERATION_ID: HeaderName = HeaderName::from_static("x-generation-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-portolan-provider");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-portolan-attempts");
const OVERHEAD: HeaderName = HeaderName::from_static("x-portolan-overhead-ms");

/// Headers of an answer with those that the layers around add: a map of this size does not grow on its way out.
const HEADERS: usize = 12;

/// A whole JSON answer.
pub fn json(body: Vec<u8>, id: &GenerationId, facts: AccessFacts) -> Response {
    finish(Response::new(Body::from(body)), HeaderValue::from_static("application/json; charset=utf-8"), id, facts)
}

/// A stream of server-sent events.
pub fn events(body: Body, id: &GenerationId, facts: AccessFacts) -> Response {
    let mut response =
        finish(Response::new(body), HeaderValue::from_static("text/event-stream; charset=utf-8"), id, facts);
    // Proxies that buffer would hold back a stream; this is the header that the common one of them obeys.
    response.headers_mut().insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// Who served, after how many attempts, and what the router itself took in milliseconds. A stream whose head had to go out
/// before its first content says nothing here.
fn routed(headers: &mut HeaderMap, facts: &AccessFacts) {
    let overhead = facts.overhead.map(|overhead| {
        let micros = overhead.as_micros();
        format!("{}.{:03}", micros / 1000, micros % 1000)
    });
    let said = [
        (PROVIDER, facts.provider.as_deref().map(HeaderValue::from_str)),
        (ATTEMPTS, facts.attempts.map(|attempts| Ok(HeaderValue::from(attempts)))),
        (OVERHEAD, overhead.map(HeaderValue::try_from)),
    ];
    for (name, value) in said {
        if let Some(Ok(value)) = value {
            headers.insert(name, value);
        }
    }
}

fn finish(mut response: Response, kind: HeaderValue, id: &GenerationId, facts: AccessFacts) -> Response {
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(GENERATION_ID, value);
    }
    routed(headers, &facts);
    response.extensions_mut().insert(facts);
    response
}
