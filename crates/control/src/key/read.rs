//! `GET /keys/{hash}`.

use super::KeyData;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// One key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyReply {
    pub(super) data: KeyData,
}

/// Show an API key
#[utoipa::path(get, path = "/keys/{hash}", tag = "API keys",
    params(("hash" = String, Path, description = "SHA-256 of the key, 64 lowercase hexadecimal digits")),
    responses((status = 200, body = KeyReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(hash): Path<String>,
) -> Result<Response, ControlError> {
    let (state, key) = super::find(&mount.control, &caller, &hash).await?;
    reply::personal(StatusCode::OK, &KeyReply { data: KeyData::new(state, &key, &mount.control) })
}
