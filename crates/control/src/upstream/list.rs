//! `GET /upstreams`: every connection, wherever it was configured.

use super::UpstreamData;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use edge::upstream::UpstreamSource;
use http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Every connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamListReply {
    data: Vec<UpstreamData>,
}

/// List provider connections
#[utoipa::path(get, path = "/upstreams", tag = "Upstreams",
    responses((status = 200, body = UpstreamListReply), (status = 401), (status = 403)))]
pub(crate) async fn handler(State(mount): State<Mount>, _manager: Manager) -> Result<Response, ControlError> {
    let control = &mount.control;
    let mut by_slug = BTreeMap::new();
    for upstream in control.upstreams.load().all() {
        if upstream.source != UpstreamSource::Store {
            by_slug.insert(upstream.slug.clone(), UpstreamData::configured(control, &upstream));
        }
    }
    for upstream in control.store.upstream_list().await? {
        by_slug.insert(upstream.slug.clone(), UpstreamData::stored(control, &upstream)?);
    }
    let data: Vec<_> = by_slug.into_values().collect();
    reply::personal(StatusCode::OK, &UpstreamListReply { data })
}
