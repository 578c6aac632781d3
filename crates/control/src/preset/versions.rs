//! `GET /presets/{slug}/versions`: everything that a preset ever held, oldest first.

use super::VersionData;
use crate::caller::Member;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresetVersionListReply {
    data: Vec<VersionData>,
    /// Versions on all pages.
    total_count: u64,
}

/// List a preset's versions
#[utoipa::path(get, path = "/presets/{slug}/versions", tag = "Presets",
    params(("slug" = String, Path, description = "What requests name"),
        ("offset" = Option<u32>, Query, description = "Versions to skip"),
        ("limit" = Option<u32>, Query, description = "Versions per page, 1 to 100; 50 when absent")),
    responses((status = 200, body = PresetVersionListReply), (status = 400), (status = 401), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path(slug): Path<String>,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (offset, limit) = super::page(&params)?;
    let (_workspace, preset) = super::find(control, &caller, &slug).await?;
    let (versions, total_count) = control.store.preset_versions(preset.id, offset, limit).await?;
    let data = versions.into_iter().map(VersionData::try_from).collect::<Result<_, _>>()?;
    reply::personal(StatusCode::OK, &PresetVersionListReply { data, total_count })
}
