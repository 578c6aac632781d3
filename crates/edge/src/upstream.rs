//! Configured provider connections: address and credential per provider slug.
//!
//! Both planes read the same immutable table behind an atomic swap: the data plane to call, the control plane to show and
//! to test. A credential leaves this module only into the request to its own provider.

use domain::catalog::{AuthStyle, Provider};
use http::{HeaderName, HeaderValue, Uri};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A provider credential. Prints as redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a credential text; surrounding white space (a newline from a file) is no part of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The text, for the one header that carries it and for scrubbing it out of error texts.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `…` and the last four characters, when it is long enough to give four away.
    #[must_use]
    pub fn label(&self) -> String {
        let tail: String = self.0.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        if self.0.chars().count() >= 16 { format!("…{tail}") } else { "…".to_owned() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

/// Where a connection was configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamSource {
    /// A well-known environment variable.
    Environment,
    /// The configuration file.
    Config,
    /// Added at run time, in the store.
    Store,
    /// The built-in simulator.
    Demo,
}

/// One configured connection.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Provider slug.
    pub slug: String,
    /// Base address without trailing slash.
    pub base_url: String,
    /// Credential, if the provider wants one.
    pub secret: Option<Secret>,
    /// Switched off by the operator.
    pub disabled: bool,
    /// Where it was configured.
    pub source: UpstreamSource,
}

/// A connection that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The address is no absolute http(s) URL.
    #[error("base_url of {slug} is not an absolute http or https address")]
    Address {
        /// The provider.
        slug: String,
    },
    /// The credential cannot travel in a header.
    #[error("the credential of {slug} has characters that no header can carry")]
    Credential {
        /// The provider.
        slug: String,
    },
    /// The provider's scheme has no adapter.
    #[error("provider {slug} uses an authentication scheme that is not supported")]
    Scheme {
        /// The provider.
        slug: String,
    },
}

impl Upstream {
    /// The headers that authenticate a call, per the provider's style.
    ///
    /// # Errors
    /// [`UpstreamError`] when the credential cannot travel in a header or the scheme is unknown.
    pub fn auth_header(&self, provider: &Provider) -> Result<Option<(HeaderName, HeaderValue)>, UpstreamError> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let (name, text) = match &provider.auth {
            AuthStyle::None => return Ok(None),
            AuthStyle::Bearer => ("authorization", format!("Bearer {}", secret.expose())),
            AuthStyle::Header(name) => (name.as_str(), secret.expose().to_owned()),
            AuthStyle::Unsupported => return Err(UpstreamError::Scheme { slug: self.slug.clone() }),
        };
        let failed = || UpstreamError::Credential { slug: self.slug.clone() };
        let name = HeaderName::from_bytes(name.as_bytes()).ok().ok_or_else(failed)?;
        let mut value = HeaderValue::try_from(text).ok().ok_or_else(failed)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Checks the address.
    ///
    /// # Errors
    /// [`UpstreamError::Address`] unless it is an absolute http or https address without user information.
    pub fn check(&self) -> Result<(), UpstreamError> {
        let wrong = || UpstreamError::Address { slug: self.slug.clone() };
        let uri: Uri = self.base_url.parse().ok().ok_or_else(wrong)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let is_plain =
            uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && uri.query().is_none();
        if is_web && is_plain { Ok(()) } else { Err(wrong()) }
    }
}

/// All configured connections by provider slug.
#[derive(Debug, Clone, Default)]
pub struct Upstreams {
    by_slug: HashMap<String, Arc<Upstream>>,
}

impl Upstreams {
    /// Adds or replaces a connection.
    pub fn put(&mut self, upstream: Upstream) {
        self.by_slug.insert(upstream.slug.clone(), Arc::new(upstream));
    }

    /// The connection to a provider, if it is configured and switched on.
    #[must_use]
    pub fn live(&self, slug: &str) -> Option<&Arc<Upstream>> {
        self.by_slug.get(slug).filter(|upstream| !upstream.disabled)
    }

    /// Every connection, by slug.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Upstream>> {
        let mut all: Vec<_> = self.by_slug.values().cloned().collect();
        all.sort_by(|left, right| left.slug.cmp(&right.slug));
        all
    }
}
