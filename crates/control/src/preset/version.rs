//! `GET /presets/{slug}/versions/{version}`: what a preset held at one time.

use super::VersionData;
use crate::caller::Member;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// One version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresetVersionReply {
    data: VersionData,
}

/// Show a version of a preset
#[utoipa::path(get, path = "/presets/{slug}/versions/{version}", tag = "Presets",
    params(("slug" = String, Path, description = "What requests name"),
        ("version" = String, Path, description = "Number of the version, from 1")),
    responses((status = 200, body = PresetVersionReply), (status = 401), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path((slug, version)): Path<(String, String)>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (_workspace, preset) = super::find(control, &caller, &slug).await?;
    let number = version.parse::<u64>().ok().filter(|_| version.bytes().all(|byte| byte.is_ascii_digit()));
    let found = match number {
        Some(number) => control.store.preset_version(preset.id, number).await?,
        None => None,
    };
    let data = found.ok_or(ControlError::NotFound("Version"))?.try_into()?;
    reply::personal(StatusCode::OK, &PresetVersionReply { data })
}
