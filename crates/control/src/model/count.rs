//! `GET /models/count`.

use super::filter::Filter;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// How many models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelCountReply {
    data: ModelCount,
}

/// How many models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelCount {
    count: usize,
}

/// Count models
#[utoipa::path(get, path = "/models/count", tag = "Catalogue", security(()),
    params(("output_modalities" = Option<String>, Query, description = "As in the list; `text` when absent")),
    responses((status = 200, body = ModelCountReply), (status = 400)))]
pub(crate) async fn handler(State(mount): State<Mount>, params: Params) -> Result<Response, ControlError> {
    let filter = Filter::outputs(&params)?;
    let count = filter.select(&mount.control, None).len();
    reply::open(&ModelCountReply { data: ModelCount { count } })
}
