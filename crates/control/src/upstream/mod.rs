//! Provider connections that are added at run time. Credentials go in and never come out.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod reload;
pub(crate) mod test;
pub(crate) mod update;

use crate::error::ControlError;
use crate::seal::SealError;
use crate::state::Control;
use domain::id::UpstreamId;
use edge::upstream::{Secret, UpstreamSource};
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Longest credential in characters; service accounts are the longest.
const SECRET_MAX: usize = 16 << 10;

/// Longest base address in characters.
const ADDRESS_MAX: usize = 500;

const NOT_FOUND: ControlError = ControlError::NotFound("Upstream");

/// Why the configuration in force could not be rebuilt.
#[derive(Debug, thiserror::Error)]
#[error("the configuration in force could not be rebuilt")]
pub struct ReloadError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Rebuilds the catalogue and the connections in force from configuration and store. The server implements it.
pub trait Reload: Send + Sync {
    /// Rebuilds and swaps; what was in force stays when that fails.
    ///
    /// # Errors
    /// [`ReloadError`] naming what cannot be used.
    fn reload(&self) -> BoxFuture<'_, Result<(), ReloadError>>;
}

/// What a trial call of a provider connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Whether the provider answered and accepted the credential.
    pub is_ok: bool,
    /// The provider's HTTP status, if one arrived.
    pub status: Option<u16>,
    /// What was found, in our own words.
    pub message: String,
    /// Milliseconds it took.
    pub latency_ms: u64,
}

/// Tries a provider connection. The server implements it with the data plane's connector.
pub trait Probe: Send + Sync {
    /// Calls the provider once, within the connection's deadlines, at no cost where the provider allows it.
    fn probe<'a>(&'a self, slug: &'a str) -> BoxFuture<'a, Probed>;
}

/// The place that a connection's credential is sealed for: it opens in no other row.
#[must_use]
pub fn secret_place(id: UpstreamId) -> String {
    format!("upstreams/{id}/secret")
}

/// Opens the credential of a stored connection, for building the connections in force.
///
/// # Errors
/// [`SealError`] when it was sealed elsewhere or under another master key, or is no text.
pub fn stored_secret(
    upstream: &store::durable::Upstream,
    seal: &dyn crate::seal::Seal,
) -> Result<Option<Secret>, SealError> {
    let Some(bytes) = &upstream.secret else { return Ok(None) };
    let plain = if upstream.is_sealed { seal.open(bytes, &secret_place(upstream.id))? } else { bytes.clone() };
    let text = String::from_utf8(plain).map_err(|_bytes| SealError::Form)?;
    Ok(Some(Secret::new(&text)))
}

/// A provider connection. The credential shows as its last four characters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upstream)]
pub(crate) struct UpstreamData {
    /// Provider handle.
    slug: String,
    /// Provider display name, when the catalogue knows it.
    name: Option<String>,
    /// Base address.
    base_url: String,
    /// The end of the credential; null without one.
    key_label: Option<String>,
    /// Switched off.
    disabled: bool,
    /// `environment`, `config`, `store` or `demo`; only `store` can be changed here.
    source: &'static str,
    /// When it was added here.
    created_at: Option<String>,
    /// Last change here.
    updated_at: Option<String>,
}

const fn source_text(source: UpstreamSource) -> &'static str {
    match source {
        UpstreamSource::Environment => "environment",
        UpstreamSource::Config => "config",
        UpstreamSource::Store => "store",
        UpstreamSource::Demo => "demo",
    }
}

impl UpstreamData {
    fn stored(control: &Control, upstream: &store::durable::Upstream) -> Result<Self, ControlError> {
        let secret = stored_secret(upstream, control.seal.as_ref())?;
        Ok(Self {
            name: provider_name(control, &upstream.slug),
            slug: upstream.slug.clone(),
            base_url: upstream.base_url.clone(),
            key_label: secret.map(|secret| secret.label()),
            disabled: upstream.is_disabled,
            source: source_text(UpstreamSource::Store),
            created_at: Some(upstream.created_at.to_rfc3339()),
            updated_at: Some(upstream.updated_at.to_rfc3339()),
        })
    }

    fn configured(control: &Control, upstream: &edge::upstream::Upstream) -> Self {
        Self {
            name: provider_name(control, &upstream.slug),
            slug: upstream.slug.clone(),
            base_url: upstream.base_url.clone(),
            key_label: upstream.secret.as_ref().map(Secret::label),
            disabled: upstream.disabled,
            source: source_text(upstream.source),
            created_at: None,
            updated_at: None,
        }
    }
}

fn provider_name(control: &Control, slug: &str) -> Option<String> {
    control.catalog.load().provider(slug).map(|provider| provider.name.clone())
}

async fn find(control: &Control, slug: &str) -> Result<store::durable::Upstream, ControlError> {
    let stored = control.store.upstream_list().await?;
    stored.into_iter().find(|upstream| upstream.slug == slug).ok_or(NOT_FOUND)
}

/// Checks an address as the connection that will use it does.
fn check_address(slug: &str, base_url: &str) -> Result<String, ControlError> {
    let base_url = base_url.trim_end_matches('/').to_owned();
    let upstream = edge::upstream::Upstream {
        slug: slug.to_owned(),
        base_url,
        secret: None,
        disabled: false,
        source: UpstreamSource::Store,
    };
    let has_fragment = upstream.base_url.contains('#');
    match upstream.check() {
        Ok(()) if !has_fragment => Ok(upstream.base_url),
        _ => Err(ControlError::invalid(
            "base_url",
            "must be an absolute http or https address without user, query or fragment",
        )),
    }
}

/// A credential that a header can carry, or a document such as a service account.
fn check_secret(text: &str) -> Result<&str, ControlError> {
    let text = text.trim();
    let is_carried = !text.is_empty() && text.chars().all(|char| char == '\n' || !char.is_control());
    if is_carried {
        Ok(text)
    } else {
        Err(ControlError::invalid("key", "must not be empty or hold control characters"))
    }
}

impl fmt::Debug for dyn Reload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reload")
    }
}

impl fmt::Debug for dyn Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Probe")
    }
}
