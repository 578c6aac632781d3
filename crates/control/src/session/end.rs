//! `DELETE /session`: signing out.

use super::cookie;
use crate::caller::Visitor;
use crate::error::ControlError;
use crate::state::Mount;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

/// Sign out
#[utoipa::path(delete, path = "/session", tag = "Console", responses((status = 204), (status = 401)))]
pub(crate) async fn handler(State(mount): State<Mount>, Visitor(session): Visitor) -> Result<Response, ControlError> {
    let control = &mount.control;
    control.store.session_delete(&session.hash, control.clock.now()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::clear(&control.settings)?);
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(response)
}
