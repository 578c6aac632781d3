//! `DELETE /keys/{hash}`: the key is refused from now on; its row stays for the books.

use super::NOT_FOUND;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Confirms that something is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedReply {
    /// Always true.
    pub(crate) deleted: bool,
}

/// Delete an API key
#[utoipa::path(delete, path = "/keys/{hash}", tag = "API keys",
    params(("hash" = String, Path, description = "SHA-256 of the key, 64 lowercase hexadecimal digits")),
    responses((status = 200, body = DeletedReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(hash): Path<String>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (state, _key) = super::find(control, &caller, &hash).await?;
    if !control.store.key_delete(caller.account.id(), state.hash, control.clock.now()).await? {
        return Err(NOT_FOUND);
    }
    control.book.key_deleted(state.id, control.clock.now());
    reply::personal(StatusCode::OK, &DeletedReply { deleted: true })
}
