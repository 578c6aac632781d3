//! `GET /generation?id=`: the record of one call.

use super::record::GenerationData;
use crate::caller::Member;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::generation::Settlement;
use domain::id::{AccountId, GenerationId};
use domain::time::Timestamp;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The record of one call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GenerationReply {
    data: GenerationData,
}

const NOT_FOUND: ControlError = ControlError::NotFound("Generation");

/// Show the record of one call
#[utoipa::path(get, path = "/generation", tag = "Usage",
    params(("id" = String, Query, description = "Generation id, `gen-…`")),
    responses((status = 200, body = GenerationReply), (status = 400), (status = 401), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Member(caller): Member,
    params: Params,
) -> Result<Response, ControlError> {
    let text = params.one("id")?.ok_or_else(|| ControlError::invalid("id", "is required"))?;
    let id = GenerationId::parse(text).map_err(|_shape| NOT_FOUND)?;
    let settlement = find(&mount.control, caller.account.id(), id).await?.ok_or(NOT_FOUND)?;
    reply::personal(StatusCode::OK, &GenerationReply { data: GenerationData::new(settlement) })
}

/// A record follows its answer a moment later: a young one that is missing is looked for again after the node has posted
/// what is finished.
async fn find(control: &Control, account: AccountId, id: GenerationId) -> Result<Option<Settlement>, ControlError> {
    let found = control.store.generation_find(account, id).await?;
    if found.is_some() || !is_young(control, id) {
        return Ok(found);
    }
    (control.drain)().await;
    Ok(control.store.generation_find(account, id).await?)
}

fn is_young(control: &Control, id: GenerationId) -> bool {
    let [a, b, c, d, e, f, ..] = *id.as_bytes();
    let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let made = Timestamp::from_micros(millis.saturating_mul(1000));
    let now = control.clock.now();
    // Other nodes' clocks may run a little ahead; an id from far in the future was made up.
    let wait = control.settings.record_wait;
    now.since(made) < wait && made.since(now) < wait
}
