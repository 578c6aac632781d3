//! `DELETE /presets/{slug}`: removes a preset with all its versions.

use super::NOT_FOUND;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::key::delete::DeletedReply;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

/// Delete a preset
#[utoipa::path(delete, path = "/presets/{slug}", tag = "Presets",
    params(("slug" = String, Path, description = "What requests name")),
    responses((status = 200, body = DeletedReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(slug): Path<String>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (workspace, _preset) = super::find(control, &caller, &slug).await?;
    if !control.store.preset_delete(workspace, &slug, control.clock.now()).await? {
        return Err(NOT_FOUND);
    }
    control.keyring.refresh_rules(caller.account.id()).await?;
    reply::personal(StatusCode::OK, &DeletedReply { deleted: true })
}
