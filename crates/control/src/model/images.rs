//! `GET /images/models` and `GET /images/models/{author}/{slug}/endpoints`: models that draw, and who serves them.

use super::filter::Filter;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{Endpoint, Model};
use domain::money::UnitPrice;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Models that draw.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DrawingModelListReply {
    data: Vec<DrawingModelData>,
}

/// A model that draws.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DrawingModel)]
pub(crate) struct DrawingModelData {
    /// What requests name.
    id: String,
    /// Display name.
    name: String,
    /// Unix seconds of publication; 0 when unknown.
    created: i64,
    /// One or two sentences.
    description: String,
    architecture: DrawingArchitecture,
    /// Path of its endpoints.
    endpoints: String,
    /// Request parameters that are supported, by name.
    #[schema(value_type = Object)]
    supported_parameters: Parameters,
    /// Whether pictures come in parts; they do not.
    supports_streaming: bool,
}

/// What a model reads and writes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DrawingArchitecture {
    /// `text`, `image`, ….
    input_modalities: Vec<String>,
    /// `image`, ….
    output_modalities: Vec<String>,
}

/// What is known of a parameter: that it is accepted, which the public contract calls `boolean`.
#[derive(Debug, Serialize)]
pub(crate) struct Parameter {
    r#type: &'static str,
}

type Parameters = BTreeMap<String, Parameter>;

/// Who serves a model that draws.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DrawingEndpointsReply {
    /// Model id.
    id: String,
    endpoints: Vec<DrawingEndpointData>,
}

/// One provider's offer of a model that draws.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DrawingEndpoint)]
pub(crate) struct DrawingEndpointData {
    /// Provider display name.
    provider_name: String,
    /// Provider handle.
    provider_slug: String,
    /// Names the endpoint within the model.
    provider_tag: Option<String>,
    /// What is charged for.
    pricing: Vec<DrawingPrice>,
    /// Request parameters that are supported, by name.
    #[schema(value_type = Object)]
    supported_parameters: Parameters,
    /// Fields that are handed on as they are; none.
    allowed_passthrough_parameters: Vec<String>,
    /// Whether pictures come in parts; they do not.
    supports_streaming: bool,
}

/// One price of a model that draws.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DrawingPrice {
    /// What is charged for: `input_text`, `output_text`, `input_image`, `output_image` or `request`.
    billable: &'static str,
    /// US dollars per unit.
    #[schema(value_type = f64)]
    cost_usd: Dollars,
    /// `token`, `image` or `request`.
    unit: &'static str,
}

/// List models that draw
#[utoipa::path(get, path = "/images/models", tag = "Catalogue", security(()),
    responses((status = 200, body = DrawingModelListReply)))]
pub(crate) async fn list(State(mount): State<Mount>) -> Result<Response, ControlError> {
    let models = Filter::of_outputs(vec!["image".to_owned()]).select(&mount.control, None);
    reply::open(&DrawingModelListReply { data: models.iter().map(|model| drawing(model)).collect() })
}

/// List the endpoints of a model that draws
#[utoipa::path(get, path = "/images/models/{author}/{slug}/endpoints", tag = "Catalogue", security(()),
    params(("author" = String, Path, description = "Part of the id before the slash"),
        ("slug" = String, Path, description = "Part of the id after the slash, variant included")),
    responses((status = 200, body = DrawingEndpointsReply), (status = 404)))]
pub(crate) async fn endpoints(
    State(mount): State<Mount>,
    Path((author, slug)): Path<(String, String)>,
) -> Result<Response, ControlError> {
    let model = super::find_model(&mount.control, &format!("{author}/{slug}"))?;
    if !model.output_modalities.iter().any(|output| output == "image") {
        return Err(ControlError::NotFound("Model"));
    }
    let endpoints = model.endpoints.iter().map(|endpoint| offer(endpoint)).collect();
    reply::open(&DrawingEndpointsReply { id: model.id.clone(), endpoints })
}

fn parameters(names: &[String]) -> Parameters {
    names.iter().map(|name| (name.clone(), Parameter { r#type: "boolean" })).collect()
}

fn drawing(model: &Model) -> DrawingModelData {
    DrawingModelData {
        id: model.id.clone(),
        name: model.name.clone(),
        created: model.created,
        description: model.description.clone(),
        architecture: DrawingArchitecture {
            input_modalities: model.input_modalities.clone(),
            output_modalities: model.output_modalities.clone(),
        },
        endpoints: format!("/api/v1/images/models/{}/endpoints", model.id),
        supported_parameters: parameters(&model.supported_parameters),
        supports_streaming: false,
    }
}

fn offer(endpoint: &Endpoint) -> DrawingEndpointData {
    let price = &endpoint.price;
    let entry = |billable, unit, price: UnitPrice| DrawingPrice {
        billable,
        cost_usd: Dollars::from_femtos(i128::from(price.femtos())),
        unit,
    };
    let mut pricing = vec![entry("input_text", "token", price.prompt), entry("output_text", "token", price.completion)];
    pricing.extend(price.image_output.map(|price| entry("output_image", "token", price)));
    pricing.extend(price.image.map(|price| entry("input_image", "image", price)));
    pricing.extend(price.request.map(|price| entry("request", "request", price)));
    DrawingEndpointData {
        provider_name: endpoint.provider.name.clone(),
        provider_slug: endpoint.provider.slug.clone(),
        provider_tag: Some(endpoint.tag.clone()),
        pricing,
        supported_parameters: parameters(&endpoint.supported_parameters),
        allowed_passthrough_parameters: Vec::new(),
        supports_streaming: false,
    }
}
