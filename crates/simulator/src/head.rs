//! Response heads: the right ones, and every fault that comes before a body.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::family::{Family, Meta, Refusal};
use crate::scenario::{HeadFault, Headers, Scenario};
use crate::state::{State, drawn};
use crate::wire::Switch;

/// What a scenario wants instead of an answer.
#[derive(Debug)]
pub(crate) enum Instead {
    /// An error.
    Refuse(Refusal),
    /// A redirect.
    Redirect,
    /// A connection without a response; the switch has been thrown.
    Break,
}

/// Waits as the scenario says, then decides what comes instead of an answer.
pub(crate) async fn instead(
    state: &State,
    scenario: &Scenario,
    meta: &Meta,
    count_as: String,
    switch: Option<&Switch>,
) -> Option<Instead> {
    let headers = &scenario.headers;
    if headers.delay_ms > 0 {
        tokio::time::sleep(crate::delivery::wait(headers.delay_ms)).await;
    }
    if headers.hang {
        std::future::pending::<()>().await;
    }
    if let Some(switch) = switch
        && throw(switch, headers)
    {
        return Some(Instead::Break);
    }
    if headers.redirect.is_some() {
        return Some(Instead::Redirect);
    }
    if headers.refuse_first > 0 && state.before(count_as) < headers.refuse_first {
        return Some(refuse(headers, headers.refuse_status.unwrap_or(429)));
    }
    if drawn(meta.seed, headers.fail_share) {
        return Some(refuse(headers, headers.fail_status.unwrap_or(500)));
    }
    headers.status.map(|status| refuse(headers, status))
}

fn refuse(headers: &Headers, status: u16) -> Instead {
    Instead::Refuse(Refusal { message: headers.error_message.clone(), ..Refusal::status(status) })
}

/// Does to the connection what the scenario says; true when no response is to follow.
fn throw(switch: &Switch, headers: &Headers) -> bool {
    if headers.rst {
        switch.reset();
    } else if headers.fin {
        switch.close();
    } else if let Some(fault) = headers.malformed {
        switch.replace(&malformed(fault));
    } else {
        if headers.early_hints {
            switch.inject(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n");
        }
        return false;
    }
    true
}

fn malformed(fault: HeadFault) -> Vec<u8> {
    let rest = match fault {
        HeadFault::Huge => format!("x-huge: {}\r\ncontent-length: 2\r\n\r\n{{}}", "h".repeat(70 * 1024)),
        HeadFault::IllegalBytes => "x-illegal: a\u{1}b\u{0}c\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        HeadFault::TwoLengths => "content-length: 2\r\ncontent-length: 7\r\n\r\n{}".to_owned(),
        HeadFault::LengthAndChunked => {
            "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_owned()
        }
    };
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{rest}").into_bytes()
}

/// A response of `family` with the scenario's headers laid over the usual ones.
pub(crate) fn respond(
    family: Family,
    meta: &Meta,
    scenario: Option<&Scenario>,
    status: u16,
    content_type: &'static str,
    body: Body,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some((name, id)) = family.request_id(meta)
        && let Ok(id) = HeaderValue::from_str(&id)
    {
        headers.insert(name, id);
    }
    if family == Family::OpenAi {
        headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
        headers.insert("openai-processing-ms", HeaderValue::from_static("1"));
    }
    if let Some(scenario) = scenario {
        overlay(headers, &scenario.headers, status, meta);
    }
    response
}

/// States the length of a plain body.
pub(crate) fn set_length(response: &mut Response, length: usize) {
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
}

fn overlay(headers: &mut HeaderMap, wanted: &Headers, status: u16, meta: &Meta) {
    let mut put = |name: HeaderName, value: &str| match HeaderValue::from_str(value) {
        Ok(value) => drop(headers.insert(name, value)),
        Err(error) => tracing::debug!(%error, %name, "header value left out"),
    };
    if let Some(kind) = &wanted.content_type {
        put(CONTENT_TYPE, kind);
    }
    if let (Some(hint), 400..) = (&wanted.retry_after, status) {
        put(RETRY_AFTER, hint);
    }
    if let Some(target) = &wanted.redirect {
        put(LOCATION, target);
    }
    if wanted.date_offset_h != 0
        && let Ok(time) = jiff::Timestamp::from_second(meta.created + i64::from(wanted.date_offset_h) * 3600)
    {
        put(DATE, &time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
    for (name, value) in &wanted.extra {
        match HeaderName::try_from(name.as_str()) {
            Ok(name) => put(name, value),
            Err(error) => tracing::debug!(%error, name, "header name left out"),
        }
    }
}
