//! Wiring: from a configuration to parts that know each other.

mod catalog;
mod demo;
mod import;
mod probe;
mod secrets;
mod settings;
mod upstreams;

pub use catalog::{base_builder, build_catalog};
pub use demo::Demo;
pub use import::{ImportOrder, ImportOutcome, import_catalog};
pub use probe::UpstreamProbe;
pub use secrets::{master_key, node_id};
pub use settings::{control_settings, gateway_settings, public_url, signup_credit, store_options};
pub use upstreams::build_upstreams;

use crate::config::Config;
use arc_swap::ArcSwap;
use control::seal::Seal;
use control::upstream::{Reload, ReloadError};
use domain::catalog::Catalog;
use domain::time::Clock;
use edge::upstream::Upstreams;
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// What the node serves from, rebuilt on reload: catalogue and connections.
pub struct Shelf {
    /// Where the configuration was read from.
    pub config_path: Option<PathBuf>,
    /// Data directory.
    pub data: PathBuf,
    /// Stored overlays.
    pub store: Store,
    /// Opens stored credentials.
    pub seal: Arc<dyn Seal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The built-in simulator, if it runs.
    pub demo: Option<Demo>,
    /// Models and prices in force.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// Connections in force.
    pub upstreams: Arc<ArcSwap<Upstreams>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shelf").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Shelf {
    /// Reads configuration and store again, checks everything, and swaps. What is in force stays on any error.
    ///
    /// # Errors
    /// Any mistake in configuration, stored connections or catalogue.
    pub async fn rebuild(&self) -> anyhow::Result<()> {
        let config = Config::load(self.config_path.as_deref(), &self.data)?;
        let catalog = build_catalog(&config, &self.store, self.demo.as_ref(), self.clock.now()).await?;
        let upstreams = build_upstreams(&config, &catalog, &self.store, self.seal.as_ref(), self.demo.as_ref()).await?;
        self.catalog.store(Arc::new(catalog));
        self.upstreams.store(Arc::new(upstreams));
        Ok(())
    }
}

impl Reload for Shelf {
    fn reload(&self) -> BoxFuture<'_, Result<(), ReloadError>> {
        Box::pin(async { self.rebuild().await.map_err(|error| ReloadError(error.into())) })
    }
}
