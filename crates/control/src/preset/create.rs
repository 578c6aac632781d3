//! `POST /presets/{slug}/chat/completions`, `…/messages` and `…/responses`: a preset, or its next version, from what a
//! request would send. Messages, users and streams are not kept.

use super::PresetReply;
use crate::body::Body;
use crate::caller::{Caller, Member, Proof};
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::{Control, Mount, Unfit};
use axum::extract::{Path, State};
use axum::response::Response;
use dialect::chat::request::InvalidRequest;
use dialect::preset::{Form, content};
use domain::id::{PresetId, PresetVersionId, WorkspaceId};
use http::StatusCode;
use std::borrow::Cow;
use store::StoreError;
use store::durable::{NewPresetVersion, PresetPut};

/// Longest slug.
const SLUG_MAX: usize = 64;

/// Make a preset from a chat request
#[utoipa::path(post, path = "/presets/{slug}/chat/completions", tag = "Presets",
    request_body(content = Object, description = "A chat request; model, parameters and system messages are kept"),
    params(("slug" = String, Path, description = "Lower-case letters and digits in parts joined by `-`, `_` or `.`")),
    responses((status = 200, body = PresetReply), (status = 400), (status = 401), (status = 409)))]
pub(crate) async fn chat(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    create(&mount.control, &caller, &slug, &body, Form::Chat).await
}

/// Make a preset from a Messages request
#[utoipa::path(post, path = "/presets/{slug}/messages", tag = "Presets",
    request_body(content = Object, description = "A Messages request; model, parameters and `system` are kept"),
    params(("slug" = String, Path, description = "Lower-case letters and digits in parts joined by `-`, `_` or `.`")),
    responses((status = 200, body = PresetReply), (status = 400), (status = 401), (status = 409)))]
pub(crate) async fn messages(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    create(&mount.control, &caller, &slug, &body, Form::Messages).await
}

/// Make a preset from a Responses request
#[utoipa::path(post, path = "/presets/{slug}/responses", tag = "Presets",
    request_body(content = Object, description = "A Responses request; model, parameters and `instructions` are kept"),
    params(("slug" = String, Path, description = "Lower-case letters and digits in parts joined by `-`, `_` or `.`")),
    responses((status = 200, body = PresetReply), (status = 400), (status = 401), (status = 409)))]
pub(crate) async fn responses(
    State(mount): State<Mount>,
    Member(caller): Member,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    create(&mount.control, &caller, &slug, &body, Form::Responses).await
}

async fn create(
    control: &Control,
    caller: &Caller,
    slug: &str,
    body: &Body,
    form: Form,
) -> Result<Response, ControlError> {
    if !is_slug(slug) {
        return Err(ControlError::invalid(
            "slug",
            "must have 1 to 64 lower-case letters and digits, in parts joined by - _ or .",
        ));
    }
    // Refuses duplicate fields, which a request may not have either.
    body.fields()?;
    let kept = content(body.bytes(), form).map_err(refused)?;
    control.vet.config(&kept.config).map_err(unfit)?;
    let workspace = memory::workspace(control, &caller.account).await?;
    let new = new_version(control, caller, workspace, slug, kept);
    let full = |what: &'static str| ControlError::Request(what.into());
    match control.store.preset_put(&new, control.settings.presets).await {
        Ok(PresetPut::Stored(_number)) => {}
        Ok(PresetPut::TooManyPresets) => return Err(full("The workspace has as many presets as it may")),
        Ok(PresetPut::TooManyVersions) => return Err(full("The preset has as many versions as it may")),
        Err(StoreError::Conflict { .. }) => return Err(ControlError::Conflict("This preset")),
        Err(error) => return Err(error.into()),
    }
    control.keyring.refresh_rules(caller.account.id()).await?;
    reply::personal(StatusCode::OK, &super::reply(control, workspace, slug).await?)
}

/// The field that is wrong, where the parser knows one; its message begins with the field's name.
fn refused(error: InvalidRequest) -> ControlError {
    let reason = error.param.as_deref().and_then(|field| error.message.strip_prefix(field)?.strip_prefix(": "));
    match (&error.param, reason) {
        (Some(field), Some(reason)) => ControlError::invalid(field.clone(), reason.to_owned()),
        _ => ControlError::Request(Cow::Owned(error.message)),
    }
}

/// The same for what the data plane refuses.
fn unfit(unfit: Unfit) -> ControlError {
    match unfit.message.split_once(": ") {
        Some((field, reason)) => ControlError::invalid(field.to_owned(), reason.to_owned()),
        None => ControlError::Request(Cow::Owned(unfit.message)),
    }
}

fn new_version(
    control: &Control,
    caller: &Caller,
    workspace: WorkspaceId,
    slug: &str,
    kept: dialect::preset::Content,
) -> NewPresetVersion {
    let at = control.clock.now();
    let (user, creator) = match &caller.proof {
        Proof::Session(session) => (Some(session.user), session.user.to_string()),
        Proof::Key(key) => (None, key.id().to_string()),
    };
    NewPresetVersion {
        preset: PresetId::new(at, control.random.bytes()),
        version: PresetVersionId::new(at, control.random.bytes()),
        account: caller.account.id(),
        workspace,
        slug: slug.to_owned(),
        system_prompt: kept.system_prompt,
        config_json: kept.config,
        user,
        creator,
        at,
    }
}

fn is_slug(slug: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    slug.len() <= SLUG_MAX && slug.split(['-', '_', '.']).all(is_part)
}
