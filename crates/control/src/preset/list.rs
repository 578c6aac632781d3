//! `GET /presets`: the presets of the workspace, newest first.

use super::PresetData;
use crate::caller::Member;
use crate::error::ControlError;
use crate::memory;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of presets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresetListReply {
    data: Vec<PresetData>,
    /// Presets on all pages.
    total_count: u64,
}

/// List presets
#[utoipa::path(get, path = "/presets", tag = "Presets",
    params(("offset" = Option<u32>, Query, description = "Presets to skip"),
        ("limit" = Option<u32>, Query, description = "Presets per page, 1 to 100; 50 when absent")),
    responses((status = 200, body = PresetListReply), (status = 400), (status = 401)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (offset, limit) = super::page(&params)?;
    let workspace = memory::workspace(control, &caller.account).await?;
    let (presets, total_count) = control.store.preset_list(workspace, offset, limit).await?;
    let data = presets.into_iter().map(PresetData::from).collect();
    reply::personal(StatusCode::OK, &PresetListReply { data, total_count })
}
