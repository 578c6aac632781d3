//! `DELETE /upstreams/{slug}`.

use super::NOT_FOUND;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::key::delete::DeletedReply;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

/// Remove a provider connection
#[utoipa::path(delete, path = "/upstreams/{slug}", tag = "Upstreams",
    params(("slug" = String, Path, description = "Provider handle")),
    responses((status = 200, body = DeletedReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    _manager: Manager,
    Path(slug): Path<String>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let upstream = super::find(control, &slug).await?;
    if !control.store.upstream_delete(upstream.id, control.clock.now()).await? {
        return Err(NOT_FOUND);
    }
    control.reload.reload().await?;
    reply::personal(StatusCode::OK, &DeletedReply { deleted: true })
}
