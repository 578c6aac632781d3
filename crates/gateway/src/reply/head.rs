//! Heads of successful answers.

use axum::body::Body;
use axum::response::Response;
use domain::id::GenerationId;
use edge::access_log::AccessFacts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A whole JSON answer.
pub fn json(body: Vec<u8>, id: &GenerationId, facts: AccessFacts) -> Response {
    finish(Response::new(Body::from(body)), HeaderValue::from_static("application/json; charset=utf-8"), id, facts)
}

/// A stream of server-sent events.
pub fn events(body: Body, id: &GenerationId, facts: AccessFacts) -> Response {
    let mut response =
        finish(Response::new(body), HeaderValue::from_static("text/event-stream; charset=utf-8"), id, facts);
    // Proxies that buffer would hold back a stream; this is the header that the common one of them obeys.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
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
        ("x-portolan-provider", facts.provider.clone()),
        ("x-portolan-attempts", facts.attempts.map(|attempts| attempts.to_string())),
        ("x-portolan-overhead-ms", overhead),
    ];
    for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

fn finish(mut response: Response, kind: HeaderValue, id: &GenerationId, facts: AccessFacts) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-generation-id"), value);
    }
    routed(headers, &facts);
    response.extensions_mut().insert(facts);
    response
}
