//! `PATCH /keys/{hash}`: changes settings; what is running keeps its hold.

use super::read::KeyReply;
use super::{KeyData, NOT_FOUND};
use crate::body::{Body, Fields};
use crate::caller::{Caller, Manager};
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::key::KeyHash;
use http::StatusCode;
use store::durable::KeyPatch;
use utoipa::ToSchema;

/// What to change; absent fields stay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct KeyChangeRequest {
    /// Display name, 1 to 200 characters.
    name: Option<String>,
    /// Whether the key is refused.
    disabled: Option<bool>,
    /// Credit limit in US dollars; null removes it.
    limit: Option<f64>,
    /// `daily`, `weekly`, `monthly`, or null for a limit that never starts again.
    limit_reset: Option<String>,
    /// Whether calls on own provider keys count towards the limit.
    include_byok_in_limit: Option<bool>,
    /// The account's own workspace; keys cannot move to another.
    workspace_id: Option<String>,
}

const KNOWN: [&str; 6] = ["name", "disabled", "limit", "limit_reset", "include_byok_in_limit", "workspace_id"];

/// Change an API key
#[utoipa::path(patch, path = "/keys/{hash}", tag = "API keys", request_body = KeyChangeRequest,
    params(("hash" = String, Path, description = "SHA-256 of the key, 64 lowercase hexadecimal digits")),
    responses((status = 200, body = KeyReply), (status = 400), (status = 401), (status = 403),
        (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(hash): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let hash = KeyHash::parse(&hash).ok_or(NOT_FOUND)?;
    let (found, _key) = super::find(control, &caller, &hash.to_string()).await?;
    let fields = body.fields()?;
    let patch = read(&caller, &fields)?;
    super::check_workspace(control, &caller, &fields).await?;
    if !control.store.key_update(caller.account.id(), hash, &patch, control.clock.now()).await? {
        return Err(NOT_FOUND);
    }
    let (state, key) = memory::key(control, found.id).await?.ok_or(NOT_FOUND)?;
    reply::personal(StatusCode::OK, &KeyReply { data: KeyData::new(state, &key, control) })
}

fn read(caller: &Caller, fields: &Fields<'_>) -> Result<KeyPatch, ControlError> {
    if !KNOWN.iter().any(|name| fields.has(name)) {
        return Err(ControlError::Request("No update fields provided".into()));
    }
    let patch = KeyPatch {
        name: fields.name("name")?,
        limit: fields.dollars("limit")?,
        reset: super::reset(fields)?,
        is_disabled: fields.flag("disabled")?,
        include_byok_in_limit: fields.flag("include_byok_in_limit")?,
        expires_at: None,
    };
    if caller.is_console() && patch.limit.flatten().is_some() && patch.reset.is_none() {
        return Err(ControlError::invalid(
            "limit_reset",
            "must be chosen with a limit: daily, weekly, monthly or null",
        ));
    }
    Ok(patch)
}
