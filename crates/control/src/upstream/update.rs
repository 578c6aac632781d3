//! `PATCH /upstreams/{slug}`: changes a connection that was added at run time; a new `key` replaces the old one.

use super::create::UpstreamReply;
use super::{ADDRESS_MAX, SECRET_MAX, UpstreamData, check_address, check_secret, secret_place};
use crate::body::{Body, Fields};
use crate::caller::Manager;
use crate::error::ControlError;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use store::durable::Upstream;
use utoipa::ToSchema;

/// What to change; absent fields stay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct UpstreamChangeRequest {
    /// New credential; null removes it. Write-only.
    key: Option<String>,
    /// New base address.
    base_url: Option<String>,
    /// Whether it is switched off.
    disabled: Option<bool>,
}

/// Change a provider connection
#[utoipa::path(patch, path = "/upstreams/{slug}", tag = "Upstreams", request_body = UpstreamChangeRequest,
    params(("slug" = String, Path, description = "Provider handle")),
    responses((status = 200, body = UpstreamReply), (status = 400), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    _manager: Manager,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let mut upstream = super::find(control, &slug).await?;
    apply(control, &mut upstream, &body.fields()?)?;
    control.store.upstream_upsert(&upstream).await?;
    control.reload.reload().await?;
    reply::personal(StatusCode::OK, &UpstreamReply { data: UpstreamData::stored(control, &upstream)? })
}

fn apply(control: &Control, upstream: &mut Upstream, fields: &Fields<'_>) -> Result<(), ControlError> {
    if !["key", "base_url", "disabled"].into_iter().any(|name| fields.has(name)) {
        return Err(ControlError::Request("No update fields provided".into()));
    }
    if let Some(secret) = fields.text("key", SECRET_MAX)? {
        let place = secret_place(upstream.id);
        upstream.secret = match secret {
            Some(text) => Some(control.seal.seal(check_secret(&text)?.as_bytes(), &place)?),
            None => None,
        };
        upstream.is_sealed = upstream.secret.is_some();
    }
    if let Some(base_url) = fields.text("base_url", ADDRESS_MAX)? {
        let base_url = base_url.ok_or_else(|| ControlError::invalid("base_url", "must be a text"))?;
        upstream.base_url = check_address(&upstream.slug, &base_url)?;
    }
    if let Some(disabled) = fields.flag("disabled")? {
        upstream.is_disabled = disabled;
    }
    upstream.updated_at = control.clock.now();
    Ok(())
}
