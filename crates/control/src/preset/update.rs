//! `PATCH /presets/{slug}`: names a preset, switches it off, or goes back to an earlier version.

use super::{NOT_FOUND, PresetReply};
use crate::body::{Body, Fields};
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use store::durable::{PresetPatch, PresetStatus};
use utoipa::ToSchema;

/// What to change; absent fields stay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct PresetChangeRequest {
    /// Display name, 1 to 200 characters.
    name: Option<String>,
    /// What it is for, at most 2 000 characters; null removes it.
    description: Option<String>,
    /// `active`, `disabled` or `archived`.
    status: Option<String>,
    /// Number of the version that requests get.
    designated_version: Option<u64>,
}

const KNOWN: [&str; 4] = ["name", "description", "status", "designated_version"];

/// Change a preset
#[utoipa::path(patch, path = "/presets/{slug}", tag = "Presets", request_body = PresetChangeRequest,
    params(("slug" = String, Path, description = "What requests name")),
    responses((status = 200, body = PresetReply), (status = 400), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let (workspace, preset) = super::find(control, &caller, &slug).await?;
    let patch = read(&body.fields()?)?;
    if let Some(number) = patch.designated
        && control.store.preset_version(preset.id, number).await?.is_none()
    {
        return Err(ControlError::invalid("designated_version", "is no version of this preset"));
    }
    if !control.store.preset_update(workspace, &slug, &patch, control.clock.now()).await? {
        return Err(NOT_FOUND);
    }
    control.keyring.refresh_rules(caller.account.id()).await?;
    reply::personal(StatusCode::OK, &super::reply(control, workspace, &slug).await?)
}

fn read(fields: &Fields<'_>) -> Result<PresetPatch, ControlError> {
    if !KNOWN.iter().any(|name| fields.has(name)) {
        return Err(ControlError::Request("No update fields provided".into()));
    }
    let wrong = || ControlError::invalid("status", "must be active, disabled or archived");
    let status = match fields.text("status", 100)? {
        None => None,
        Some(text) => Some(text.as_deref().and_then(PresetStatus::parse).ok_or_else(wrong)?),
    };
    Ok(PresetPatch {
        name: fields.name("name")?,
        description: fields.text("description", 2000)?,
        status,
        designated: fields.count("designated_version")?,
    })
}
