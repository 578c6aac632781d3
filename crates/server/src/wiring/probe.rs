//! Trying a provider connection: one listing of models, at no cost.

use arc_swap::ArcSwap;
use bytes::Bytes;
use control::upstream::{Probe, Probed};
use domain::catalog::{Catalog, Family};
use domain::time::Clock;
use edge::upstream::Upstreams;
use futures_util::future::BoxFuture;
use gateway::UpstreamClient;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the listing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest listing that is read.
const LISTING_MAX: usize = 16 << 20;

/// Tries connections through the data plane's connector.
#[derive(Debug)]
pub struct UpstreamProbe {
    client: UpstreamClient,
    catalog: Arc<ArcSwap<Catalog>>,
    upstreams: Arc<ArcSwap<Upstreams>>,
    clock: Arc<dyn Clock>,
}

impl UpstreamProbe {
    /// A probe over the catalogue and connections in force.
    pub fn new(
        connect: Duration,
        catalog: Arc<ArcSwap<Catalog>>,
        upstreams: Arc<ArcSwap<Upstreams>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client: UpstreamClient::new(connect, 0, Duration::ZERO), catalog, upstreams, clock }
    }

    async fn list_models(&self, slug: &str) -> Result<(u16, usize), String> {
        let catalog = self.catalog.load_full();
        let provider = catalog.provider(slug).ok_or("the catalogue does not know this provider")?;
        let upstream =
            self.upstreams.load().live(slug).cloned().ok_or("no connection is configured and switched on")?;
        let address = gateway::provider_address(provider.family, &upstream.base_url, "/models");
        let mut builder =
            Request::get(address).header("accept", "application/json").header("accept-encoding", "identity");
        for (name, value) in &provider.headers {
            builder = builder.header(name, value);
        }
        if let Some((name, value)) = upstream.auth_header(provider).map_err(|error| error.to_string())? {
            builder = builder.header(name, value);
        }
        let request = builder.body(Full::new(Bytes::new())).map_err(|_error| "the address cannot be used")?;
        let response = self.client.send(request).await.map_err(|error| {
            tracing::warn!(provider = slug, error = ?error, "upstream test failed");
            if error.is_connect() { "no connection" } else { "the provider broke the connection" }
        })?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LISTING_MAX).collect().await;
        let body = body.map_err(|_error| "the listing could not be read")?.to_bytes();
        if status != 200 {
            let error = dialect::decode::error(provider.family, status, &body);
            return Err(format!("{status}: {}", gateway::scrub(&error.message, upstream.secret.as_ref())));
        }
        let listing: serde_json::Value = serde_json::from_slice(&body).map_err(|_error| "the listing is not JSON")?;
        let field = if provider.family == Family::Gemini { "models" } else { "data" };
        let count = listing.get(field).and_then(|models| models.as_array()).map_or(0, Vec::len);
        Ok((status, count))
    }
}

impl Probe for UpstreamProbe {
    fn probe<'a>(&'a self, slug: &'a str) -> BoxFuture<'a, Probed> {
        Box::pin(async move {
            let started = self.clock.elapsed();
            let found = tokio::time::timeout(PATIENCE, self.list_models(slug)).await;
            let latency_ms =
                u64::try_from(self.clock.elapsed().saturating_sub(started).as_millis()).unwrap_or(u64::MAX);
            match found {
                Ok(Ok((status, count))) => {
                    Probed { is_ok: true, status: Some(status), message: format!("{count} models listed"), latency_ms }
                }
                Ok(Err(message)) => {
                    let status = message.get(..3).and_then(|code| code.parse().ok());
                    Probed { is_ok: false, status, message, latency_ms }
                }
                Err(_elapsed) => {
                    Probed { is_ok: false, status: None, message: "no answer in time".to_owned(), latency_ms }
                }
            }
        })
    }
}
