//! `GET /models/{author}/{slug}` and `GET /model/{author}/{slug}`: one model. The slash of the id may be escaped.

use super::shape::{ModelData, model_data};
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// One model. The fields beside `data` are what clients of the OpenAI family read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelReply {
    data: ModelData,
    /// The model's id.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Unix seconds of publication; 0 when unknown.
    created: i64,
    /// The author part of the id.
    owned_by: String,
}

/// Show a model
#[utoipa::path(get, path = "/model/{author}/{slug}", tag = "Catalogue", security(()),
    params(("author" = String, Path, description = "Part of the id before the slash"),
        ("slug" = String, Path, description = "Part of the id after the slash, variant included")),
    responses((status = 200, body = ModelReply), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Path((author, slug)): Path<(String, String)>,
) -> Result<Response, ControlError> {
    answer(&mount, &format!("{author}/{slug}"))
}

/// `/models/{author}/{slug}`, which also stands for `/models/{id}/endpoints` when the id's slash is escaped.
#[utoipa::path(get, path = "/models/{author}/{slug}", tag = "Catalogue", security(()),
    params(("author" = String, Path, description = "Part of the id before the slash"),
        ("slug" = String, Path, description = "Part of the id after the slash, variant included")),
    responses((status = 200, body = ModelReply), (status = 404)))]
pub(crate) async fn parts(
    State(mount): State<Mount>,
    Path((author, slug)): Path<(String, String)>,
) -> Result<Response, ControlError> {
    if author.contains('/') && slug == "endpoints" {
        return super::endpoints::answer(&mount, &author);
    }
    answer(&mount, &format!("{author}/{slug}"))
}

/// `/models/{id}` with an escaped slash.
#[utoipa::path(get, path = "/models/{id}", tag = "Catalogue", security(()),
    params(("id" = String, Path, description = "Model id with its slash escaped as `%2F`")),
    responses((status = 200, body = ModelReply), (status = 404)))]
pub(crate) async fn escaped(State(mount): State<Mount>, Path(id): Path<String>) -> Result<Response, ControlError> {
    answer(&mount, &id)
}

fn answer(mount: &Mount, id: &str) -> Result<Response, ControlError> {
    let model = super::find_model(&mount.control, id)?;
    let data = model_data(&model).ok_or(ControlError::NotFound("Model"))?;
    let owned_by = model.id.split('/').next().unwrap_or_default().to_owned();
    reply::open(&ModelReply { data, id: model.id.clone(), object: "model", created: model.created, owned_by })
}
