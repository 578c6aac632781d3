//! `GET /endpoints/zdr`: every endpoint that keeps no data.

use super::shape::{EndpointData, endpoint_data};
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// Endpoints that keep no data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ZdrReply {
    data: Vec<EndpointData>,
}

/// List endpoints without data retention
#[utoipa::path(get, path = "/endpoints/zdr", tag = "Catalogue", security(()), responses((status = 200, body = ZdrReply)))]
pub(crate) async fn handler(State(mount): State<Mount>) -> Result<Response, ControlError> {
    let catalog = mount.control.catalog.load();
    let pairs = catalog.models().iter().flat_map(|model| model.endpoints.iter().map(move |endpoint| (model, endpoint)));
    let kept = pairs.filter(|(_, endpoint)| endpoint.data_policy.zdr == Some(true));
    let data: Vec<_> = kept.map(|(model, endpoint)| endpoint_data(&mount.control, model, endpoint)).collect();
    reply::open(&ZdrReply { data })
}
