//! `GET /models`: the catalogue, filtered, sorted and paged.

use super::filter::{Filter, ModelListParams};
use super::shape::{ModelData, model_data};
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use domain::catalog::Model;
use http::Uri;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const LIMIT_DEFAULT: u64 = 500;
const LIMIT_MAX: u64 = 1000;
const OFFSET_MAX: u64 = 1_000_000;

/// A list of models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelListReply {
    data: Vec<ModelData>,
    /// Models that meet the conditions, on all pages.
    total_count: usize,
    links: PageLinks,
}

/// Where to read on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageLinks {
    /// Path and query of the next page; null on the last.
    next: Option<String>,
}

/// List models
#[utoipa::path(get, path = "/models", tag = "Catalogue", params(ModelListParams), security(()),
    responses((status = 200, body = ModelListReply), (status = 400)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    OriginalUri(uri): OriginalUri,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let filter = Filter::read(&params, control.clock.now())?;
    let popularity = filter.popularity(control).await?;
    let models = filter.select(control, popularity.as_deref());
    if params.flag("use_rss")? { super::rss::feed(control, models) } else { answer(&models, &params, &uri) }
}

/// The page of a list that the query asks for.
pub(super) fn answer(models: &[Arc<Model>], params: &Params, uri: &Uri) -> Result<Response, ControlError> {
    reply::open(&page_of(models, params, uri)?)
}

/// The page of a list that the query asks for, with the way to the next.
pub(super) fn page_of(models: &[Arc<Model>], params: &Params, uri: &Uri) -> Result<ModelListReply, ControlError> {
    let offset = params.number("offset", 0, OFFSET_MAX)?;
    let limit = params.number("limit", 1, LIMIT_MAX)?;
    let total_count = models.len();
    let (skip, take) = match (offset, limit) {
        (None, None) => (0, total_count),
        _ => (to_usize(offset.unwrap_or(0)), to_usize(limit.unwrap_or(LIMIT_DEFAULT))),
    };
    let data = models.iter().skip(skip).take(take).filter_map(|model| model_data(model)).collect();
    let end = skip.saturating_add(take);
    let next = (end < total_count).then(|| page(uri, end, take));
    Ok(ModelListReply { data, total_count, links: PageLinks { next } })
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The request's own path and query with another offset. Never the `Host` that a client claims.
fn page(uri: &Uri, offset: usize, limit: usize) -> String {
    let is_paging = |pair: &&str| matches!(pair.split('=').next(), Some("offset" | "limit"));
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !is_paging(pair));
    let mut query: Vec<&str> = kept.collect();
    let paging = format!("offset={offset}&limit={limit}");
    query.push(&paging);
    format!("{}?{}", uri.path(), query.join("&"))
}
