//! `POST /upstreams/{slug}/test`: one trial call over a connection in force.

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

/// What the trial call found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamTestReply {
    data: UpstreamTest,
}

/// What the trial call found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamTest {
    /// Whether the provider answered and accepted the credential.
    ok: bool,
    /// The provider's HTTP status, if one arrived.
    status: Option<u16>,
    /// What was found.
    message: String,
    /// Milliseconds it took.
    latency_ms: u64,
}

/// Test a provider connection
#[utoipa::path(post, path = "/upstreams/{slug}/test", tag = "Upstreams",
    params(("slug" = String, Path, description = "Provider handle")),
    responses((status = 200, body = UpstreamTestReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    _manager: Manager,
    Path(slug): Path<String>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    if !control.upstreams.load().all().iter().any(|upstream| upstream.slug == slug) {
        return Err(NOT_FOUND);
    }
    let found = control.probe.probe(&slug).await;
    let data =
        UpstreamTest { ok: found.is_ok, status: found.status, message: found.message, latency_ms: found.latency_ms };
    reply::personal(StatusCode::OK, &UpstreamTestReply { data })
}
