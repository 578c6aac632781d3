//! Writing answers: JSON with its headers.

use crate::error::ControlError;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// An answer that anybody may see.
pub(crate) fn open<T: Serialize>(body: &T) -> Result<Response, ControlError> {
    let mut response = serde_json::to_vec(body)?.into_response();
    mark(response.headers_mut());
    Ok(response)
}

/// An answer for one caller: never stored on the way.
pub(crate) fn personal<T: Serialize>(status: StatusCode, body: &T) -> Result<Response, ControlError> {
    let mut response = (status, serde_json::to_vec(body)?).into_response();
    mark_personal(response.headers_mut());
    Ok(response)
}

fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

pub(crate) fn mark_personal(headers: &mut HeaderMap) {
    mark(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
