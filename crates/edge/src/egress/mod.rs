//! Connections to addresses that callers name: the one door through which they leave.
//!
//! [`Egress::fetch`] reads an address once ([`WebAddress`]), resolves its name itself, judges every address that the name has,
//! connects to exactly the address that was judged, checks the certificate against the name, and does all of it again for
//! each redirect. It sends no credential, no cookie and nothing of the caller's request, and reads no proxy from anywhere.
//!
//! Connections to providers are the operator's own configuration and do not pass here.

mod connect;
mod error;
mod fetch;
mod resolve;
mod settings;

pub use error::EgressError;
pub use fetch::Fetched;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use settings::EgressSettings;

use domain::address::WebAddress;
use rustls::ClientConfig;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Fetches what callers name.
#[derive(Clone)]
pub struct Egress {
    settings: Arc<EgressSettings>,
    resolver: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
    slots: Arc<Semaphore>,
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Egress").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Egress {
    /// With the system's resolver and certificates; the bundled certificates where the system has none.
    #[must_use]
    pub fn new(settings: EgressSettings) -> Self {
        Self::with(settings, Arc::new(SystemResolver), Arc::new(connect::default_tls()))
    }

    /// With a resolver and a TLS configuration of the caller's.
    #[must_use]
    pub fn with(settings: EgressSettings, resolver: Arc<dyn Resolve>, tls: Arc<ClientConfig>) -> Self {
        let slots = Arc::new(Semaphore::new(settings.parallel));
        Self { settings: Arc::new(settings), resolver, tls, slots }
    }

    /// The limits in force.
    #[must_use]
    pub fn settings(&self) -> &EgressSettings {
        &self.settings
    }

    /// Fetches `url`, following redirects, at most `bytes_max` bytes and never more than [`EgressSettings::item_bytes`].
    ///
    /// Waits for a free slot first; slot, name, connection, redirects and body share one deadline.
    ///
    /// # Errors
    /// [`EgressError`]; its text names neither address nor machine, so that nothing can be learned about this network.
    pub async fn fetch(&self, url: &str, bytes_max: usize) -> Result<Fetched, EgressError> {
        let address = WebAddress::parse(url)?;
        let whole = async {
            let _slot = self.slots.acquire().await.map_err(|_closed| EgressError::Timeout)?;
            fetch::follow(self, address, bytes_max.min(self.settings.item_bytes)).await
        };
        tokio::time::timeout(self.settings.time, whole).await.map_err(|_elapsed| EgressError::Timeout)?
    }
}
