//! `GET /presets/{slug}`: one preset with the version that requests get.

use super::PresetReply;
use crate::caller::Member;
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

/// Show a preset
#[utoipa::path(get, path = "/presets/{slug}", tag = "Presets",
    params(("slug" = String, Path, description = "What requests name")),
    responses((status = 200, body = PresetReply), (status = 401), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path(slug): Path<String>,
) -> Result<Response, ControlError> {
    let workspace = memory::workspace(&mount.control, &caller.account).await?;
    reply::personal(StatusCode::OK, &super::reply(&mount.control, workspace, &slug).await?)
}
