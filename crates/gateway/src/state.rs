//! What the data plane works with: shared, immutable or internally synchronised.

use crate::call::sticky::Sticky;
use crate::call::{HealthBook, UpstreamClient};
use crate::prepare::reader::DocumentReader;
use crate::pressure::Pressure;
use crate::record::GatewayMetrics;
use crate::settings::GatewaySettings;
use crate::settle::Orphans;
use arc_swap::ArcSwap;
use domain::catalog::Catalog;
use domain::time::Clock;
use edge::egress::Egress;
use edge::metrics::Metrics;
use edge::random::Random;
use edge::upstream::Upstreams;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::journal::Journal;
use store::lease::Keyring;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// What the server hands in.
#[derive(Debug)]
pub struct GatewayParts {
    /// Limits and waits.
    pub settings: GatewaySettings,
    /// Models and prices.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// Provider connections.
    pub upstreams: Arc<ArcSwap<Upstreams>>,
    /// Keys and budgets.
    pub keyring: Arc<Keyring>,
    /// Where settlements are written.
    pub journal: Arc<Journal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and seeds.
    pub random: Arc<Random>,
    /// Where metrics are registered.
    pub metrics: Arc<Metrics>,
}

/// The data plane's state.
#[derive(Debug)]
pub struct Gateway {
    pub(crate) settings: GatewaySettings,
    pub(crate) catalog: Arc<ArcSwap<Catalog>>,
    pub(crate) upstreams: Arc<ArcSwap<Upstreams>>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<Random>,
    pub(crate) client: UpstreamClient,
    pub(crate) egress: Egress,
    pub(crate) documents: DocumentReader,
    pub(crate) health: HealthBook,
    pub(crate) sticky: Sticky,
    pub(crate) pressure: Pressure,
    pub(crate) metrics: GatewayMetrics,
    /// Plain answers and drains of clients that left; awaited at shutdown.
    pub(crate) tasks: TaskTracker,
    pub(crate) drains: Arc<Semaphore>,
    pub(crate) orphans: Orphans,
    is_ending: AtomicBool,
}

impl Gateway {
    /// Puts the data plane together.
    #[must_use]
    pub fn new(parts: GatewayParts) -> Arc<Self> {
        let metrics = GatewayMetrics::default();
        let health = HealthBook::new(parts.settings.health.clone());
        let pressure = Pressure::default();
        parts.metrics.register(|registry| {
            pressure.register(registry);
            metrics.register(registry);
            health.register(registry);
        });
        Arc::new(Self {
            client: UpstreamClient::new(
                parts.settings.connect,
                parts.settings.http2_connections,
                parts.settings.keep_addresses,
            ),
            egress: Egress::new(parts.settings.egress.clone()),
            documents: DocumentReader::new(parts.settings.documents.clone()),
            drains: Arc::new(Semaphore::new(parts.settings.drain_tasks)),
            sticky: Sticky::new(parts.settings.health.sticky_for, parts.settings.health.sticky_max),
            health,
            pressure,
            orphans: Orphans::default(),
            is_ending: AtomicBool::new(false),
            metrics,
            tasks: TaskTracker::new(),
            settings: parts.settings,
            catalog: parts.catalog,
            upstreams: parts.upstreams,
            keyring: parts.keyring,
            journal: parts.journal,
            clock: parts.clock,
            random: parts.random,
        })
    }

    /// Ends every stream that still runs: its client is told within five seconds, and what was delivered is charged.
    pub fn end_streams(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether streams are to end now.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Waits until every plain answer and every drain has ended. Streams end with their connections.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// In the journal's strict mode, waits until the charges so far are on disk. When the disk does not keep up, answers leave
    /// all the same: their callers are not at fault, and the charge is written.
    pub(crate) async fn secure(&self) {
        if !self.journal.secure().await {
            tracing::error!("an answer leaves before its charge is on disk: the journal was not flushed in time");
        }
    }

    /// Journals settlements that had to wait in memory. Returns how many still wait.
    pub fn retry_orphans(&self) -> usize {
        while let Some(settlement) = self.orphans.pop() {
            if let Err(error) = self.journal.close_shared(&settlement) {
                tracing::warn!(%error, waiting = self.orphans.len() + 1, "journal still refuses settlements");
                self.orphans.push(settlement);
                break;
            }
        }
        self.orphans.len()
    }

    /// How endpoints fare on this node.
    #[must_use]
    pub const fn health(&self) -> &HealthBook {
        &self.health
    }

    /// Most answers that may run at once.
    #[must_use]
    pub const fn running_max(&self) -> usize {
        self.settings.running_max
    }

    /// Takes note of how late a timer of the runtime was.
    pub fn note_lag(&self, late: std::time::Duration) {
        self.pressure.note_lag(late);
    }

    /// Answers that are running right now.
    #[must_use]
    pub fn running(&self) -> i64 {
        self.metrics.running()
    }
}
