//! `POST /upstreams`: adds a connection to a provider of the catalogue.

use super::{ADDRESS_MAX, SECRET_MAX, UpstreamData, check_address, check_secret, secret_place};
use crate::body::{Body, Fields};
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::catalog::{Family, Provider};
use domain::id::UpstreamId;
use http::StatusCode;
use serde::Serialize;
use store::StoreError;
use store::durable::Upstream;
use utoipa::ToSchema;

/// A new connection.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct NewUpstreamRequest {
    /// Handle of a provider in the catalogue.
    slug: String,
    /// Credential; write-only.
    key: Option<String>,
    /// Base address, when it is not the catalogue's.
    base_url: Option<String>,
    /// Whether it starts switched off.
    disabled: Option<bool>,
}

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamReply {
    pub(super) data: UpstreamData,
}

/// Add a provider connection
#[utoipa::path(post, path = "/upstreams", tag = "Upstreams", request_body = NewUpstreamRequest,
    responses((status = 201, body = UpstreamReply), (status = 400), (status = 401), (status = 403), (status = 409)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    _manager: Manager,
    body: Body,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let new = read(control, &body.fields()?)?;
    let stored = control.store.upstream_list().await?;
    if stored.iter().any(|other| other.slug == new.slug) {
        return Err(ControlError::Conflict("A connection of this provider"));
    }
    if stored.len() >= control.settings.upstreams_max {
        return Err(ControlError::Request("There are as many connections as the server's settings allow".into()));
    }
    match control.store.upstream_upsert(&new).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(ControlError::Conflict("A connection of this provider")),
        Err(error) => return Err(error.into()),
    }
    control.reload.reload().await?;
    reply::personal(StatusCode::CREATED, &UpstreamReply { data: UpstreamData::stored(control, &new)? })
}

fn read(control: &Control, fields: &Fields<'_>) -> Result<Upstream, ControlError> {
    let now = control.clock.now();
    let slug = fields.text("slug", 100)?.flatten().ok_or_else(|| ControlError::invalid("slug", "is required"))?;
    let catalog = control.catalog.load();
    let provider = catalog.provider(&slug);
    let provider = provider.ok_or_else(|| ControlError::invalid("slug", "is no provider of the catalogue"))?;
    let family =
        family_text(provider).ok_or_else(|| ControlError::invalid("slug", "speaks a format without adapter"))?;
    let base_url = fields.text("base_url", ADDRESS_MAX)?.flatten().or_else(|| provider.base_url.clone());
    let base_url = base_url.ok_or_else(|| ControlError::invalid("base_url", "is required for this provider"))?;
    let id = UpstreamId::new(now, control.random.bytes());
    let secret = match fields.text("key", SECRET_MAX)?.flatten() {
        Some(text) => Some(control.seal.seal(check_secret(&text)?.as_bytes(), &secret_place(id))?),
        None => None,
    };
    Ok(Upstream {
        id,
        base_url: check_address(&slug, &base_url)?,
        family: family.to_owned(),
        slug,
        is_sealed: secret.is_some(),
        secret,
        is_disabled: fields.flag("disabled")?.unwrap_or(false),
        settings_json: "{}".to_owned(),
        created_at: now,
        updated_at: now,
    })
}

const fn family_text(provider: &Provider) -> Option<&'static str> {
    match provider.family {
        Family::OpenAi => Some("openai"),
        Family::OpenAiResponses => Some("openai-responses"),
        Family::Anthropic => Some("anthropic"),
        Family::Gemini => Some("gemini"),
        Family::Unsupported => None,
    }
}
