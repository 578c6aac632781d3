//! `POST /keys`: makes a key and shows its text for the only time.

use super::{KeyData, NOT_FOUND};
use crate::body::{Body, Fields};
use crate::caller::{Caller, Manager, Proof};
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::id::KeyId;
use domain::key::{KeyRole, KeyText};
use http::StatusCode;
use serde::Serialize;
use store::durable::NewKey;
use utoipa::ToSchema;

/// A new key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct NewKeyRequest {
    /// Display name, 1 to 200 characters.
    name: String,
    /// Credit limit in US dollars, at most nine decimals; absent or null is none.
    limit: Option<f64>,
    /// `daily`, `weekly`, `monthly`, or null for a limit that never starts again. The console has to send it with a limit.
    limit_reset: Option<String>,
    /// Whether calls on own provider keys count towards the limit.
    include_byok_in_limit: Option<bool>,
    /// RFC 3339 moment with seconds from which the key is refused; at most a hundred years ahead.
    expires_at: Option<String>,
    /// The account's own workspace.
    workspace_id: Option<String>,
}

/// A new key with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyReply {
    data: KeyData,
    /// The key itself. It is shown here and never again.
    key: String,
}

/// Create an API key
#[utoipa::path(post, path = "/keys", tag = "API keys", request_body = NewKeyRequest,
    responses((status = 201, body = NewKeyReply), (status = 400), (status = 401), (status = 403)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    body: Body,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let text = KeyText::generate(control.random.bytes());
    let new = read(control, &caller, &body.fields()?, &text).await?;
    control.store.key_insert(&new).await?;
    let (state, key) = memory::key(control, new.id).await?.ok_or(NOT_FOUND)?;
    let data = KeyData::new(state, &key, control);
    reply::personal(StatusCode::CREATED, &NewKeyReply { data, key: text.expose().to_owned() })
}

async fn read(control: &Control, caller: &Caller, fields: &Fields<'_>, text: &KeyText) -> Result<NewKey, ControlError> {
    let now = control.clock.now();
    let name = fields.name("name")?.ok_or_else(|| ControlError::invalid("name", "is required"))?;
    let limit = fields.dollars("limit")?.flatten();
    let reset = super::reset(fields)?;
    if caller.is_console() && limit.is_some() && reset.is_none() {
        return Err(ControlError::invalid(
            "limit_reset",
            "must be chosen with a limit: daily, weekly, monthly or null",
        ));
    }
    if fields.has("external") {
        return Err(ControlError::invalid("external", "keys that a partner supplies are not accepted"));
    }
    Ok(NewKey {
        id: KeyId::new(now, control.random.bytes()),
        hash: text.hash(),
        label: text.label(),
        name,
        account: caller.account.id(),
        workspace: super::check_workspace(control, caller, fields).await?,
        user: match &caller.proof {
            Proof::Session(session) => Some(session.user),
            Proof::Key(_) => None,
        },
        // Management keys are made at the command line only: no key can make one that may do more than calling models.
        role: KeyRole::Inference,
        limit,
        reset: reset.flatten(),
        include_byok_in_limit: fields.flag("include_byok_in_limit")?.unwrap_or(false),
        is_internal: false,
        expires_at: fields.future("expires_at", now)?.flatten(),
        created_at: now,
    })
}
