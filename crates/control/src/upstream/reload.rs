//! `POST /reload`: reads configuration and store again and swaps catalogue and connections.

use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What is in force now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReloadReply {
    data: ReloadData,
}

/// What is in force now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReloadData {
    /// Models in the catalogue.
    models: usize,
    /// Connections that are switched on.
    upstreams: usize,
}

/// Reload catalogue and connections
#[utoipa::path(post, path = "/reload", tag = "Upstreams",
    responses((status = 200, body = ReloadReply), (status = 401), (status = 403)))]
pub(crate) async fn handler(State(mount): State<Mount>, _manager: Manager) -> Result<Response, ControlError> {
    let control = &mount.control;
    control.reload.reload().await?;
    let live = control.upstreams.load().all().iter().filter(|upstream| !upstream.disabled).count();
    let data = ReloadData { models: control.catalog.load().models().len(), upstreams: live };
    reply::personal(StatusCode::OK, &ReloadReply { data })
}
