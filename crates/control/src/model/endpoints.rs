//! `GET /models/{author}/{slug}/endpoints`: who serves a model, at which price.

use super::shape::{ModelEndpointsData, model_endpoints};
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// A model with its endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelEndpointsReply {
    data: ModelEndpointsData,
}

/// List a model's endpoints
#[utoipa::path(get, path = "/models/{author}/{slug}/endpoints", tag = "Catalogue", security(()),
    params(("author" = String, Path, description = "Part of the id before the slash"),
        ("slug" = String, Path, description = "Part of the id after the slash, variant included")),
    responses((status = 200, body = ModelEndpointsReply), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Path((author, slug)): Path<(String, String)>,
) -> Result<Response, ControlError> {
    answer(&mount, &format!("{author}/{slug}"))
}

pub(super) fn answer(mount: &Mount, id: &str) -> Result<Response, ControlError> {
    let model = super::find_model(&mount.control, id)?;
    reply::open(&ModelEndpointsReply { data: model_endpoints(&mount.control, &model) })
}
