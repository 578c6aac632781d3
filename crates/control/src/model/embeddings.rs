//! `GET /embeddings/models`.

use super::filter::Filter;
use crate::error::ControlError;
use crate::query::Params;
use crate::state::Mount;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

/// List embedding models
#[utoipa::path(get, path = "/embeddings/models", tag = "Catalogue", security(()),
    params(("offset" = Option<u32>, Query, description = "Models to skip"),
        ("limit" = Option<u32>, Query, description = "Models per page, 1 to 1000")),
    responses((status = 200, body = super::list::ModelListReply), (status = 400)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    OriginalUri(uri): OriginalUri,
    params: Params,
) -> Result<Response, ControlError> {
    let filter = Filter::of_outputs(vec!["embeddings".to_owned()]);
    super::list::answer(&filter.select(&mount.control, None), &params, &uri)
}
