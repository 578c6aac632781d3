//! `GET /keys`: the keys of the account, 100 per page.

use super::KeyData;
use crate::caller::Manager;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use store::durable::KeyFilter;
use utoipa::{IntoParams, ToSchema};

/// Keys per page.
const PAGE: u32 = 100;

/// Largest offset; no account has as many keys.
const OFFSET_MAX: u64 = 1_000_000;

/// Which keys.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; parameters are read one by one")]
pub(crate) struct KeyListParams {
    /// Keys to skip.
    offset: Option<u32>,
    /// Whether disabled keys are listed.
    include_disabled: Option<bool>,
    /// Whether expired keys are listed.
    include_expired: Option<bool>,
    /// The account's workspace; others are not found.
    workspace_id: Option<String>,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyListReply {
    data: Vec<KeyData>,
}

/// List API keys
#[utoipa::path(get, path = "/keys", tag = "API keys", params(KeyListParams),
    responses((status = 200, body = KeyListReply), (status = 400), (status = 401), (status = 403)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let offset = params.number("offset", 0, OFFSET_MAX)?.unwrap_or(0);
    let filter = KeyFilter {
        include_disabled: params.flag("include_disabled")?,
        include_expired: params.flag("include_expired")?,
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
        limit: PAGE,
    };
    if let Some(named) = params.one("workspace_id")? {
        let own = crate::memory::workspace(control, &caller.account).await?;
        if named != own.to_string() {
            return Err(ControlError::NotFound("Workspace"));
        }
    }
    let states = control.store.key_list(caller.account.id(), filter, control.clock.now()).await?;
    let mut data = Vec::with_capacity(states.len());
    for state in states {
        let (state, key) = super::with_memory(control, state).await?;
        data.push(KeyData::new(state, &key, control));
    }
    reply::personal(StatusCode::OK, &KeyListReply { data })
}
