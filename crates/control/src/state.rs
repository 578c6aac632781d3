//! What the control plane works with.

use crate::body::BODY_MAX;
use crate::figures::{Measure, Popularity};
use crate::seal::Seal;
use crate::upstream::{Probe, Reload};
use arc_swap::ArcSwap;
use domain::catalog::Catalog;
use domain::limit::FreeLimits;
use domain::money::Amount;
use domain::time::Clock;
use edge::random::Random;
use edge::upstream::Upstreams;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::durable::PresetLimits;
use store::lease::{Keyring, LeaseBook};

/// Asks the node to post its finished settlements now; completes when that is done or has taken too long (at most 1 s).
pub type Drain = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Reads the fields of a preset that only the data plane understands, the way a request's are read.
pub trait Vet: Send + Sync {
    /// Takes a preset's configuration, a JSON object.
    ///
    /// # Errors
    /// What a request with the same configuration would be refused with.
    fn config(&self, json: &str) -> Result<(), Unfit>;
}

/// Why a preset's configuration would make requests fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfit {
    /// The words that a request would get; they begin with the field's name.
    pub message: String,
}

/// Settings of the control plane.
#[derive(Debug, Clone)]
pub struct ControlSettings {
    /// Whether the session cookie is a `__Host-` cookie with `Secure`; only loopback over plain HTTP goes without.
    pub secure_cookies: bool,
    /// Longest pause between two requests of a session.
    pub session_idle: Duration,
    /// Longest life of a session.
    pub session_life: Duration,
    /// How often a session's last request is written down.
    pub session_touch: Duration,
    /// Promotional credit of an account that a set-up link makes.
    pub signup_allowance: Amount,
    /// Limits on free models, as the data plane applies them.
    pub free: FreeLimits,
    /// How young a generation must be for its record to be waited for.
    pub record_wait: Duration,
    /// Most provider connections that can be added at run time.
    pub upstreams_max: usize,
    /// Largest request body in bytes.
    pub body_max: usize,
    /// How many presets a workspace may have, and how many versions a preset.
    pub presets: PresetLimits,
    /// Whether only demonstration models answer.
    pub demo: bool,
    /// Address under which people reach the server, for links that leave it.
    pub public_url: String,
    /// Version of the program, shown in the console.
    pub version: String,
}

impl Default for ControlSettings {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            secure_cookies: true,
            session_idle: Duration::from_secs(DAY),
            session_life: Duration::from_secs(30 * DAY),
            session_touch: Duration::from_secs(60),
            signup_allowance: Amount::ZERO,
            free: FreeLimits::default(),
            record_wait: Duration::from_secs(60),
            upstreams_max: 500,
            body_max: BODY_MAX,
            presets: PresetLimits { presets: 500, versions: 1000 },
            demo: false,
            public_url: "http://127.0.0.1:7878".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The control plane's state; everything in it is shared with the rest of the server.
pub struct Control {
    /// The database.
    pub store: Store,
    /// Accounts and keys in memory: balances and figures come from here, they are ahead of the store.
    pub book: Arc<LeaseBook>,
    /// Look-up of keys by their text.
    pub keyring: Arc<Keyring>,
    /// Models and prices.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// Provider connections in force.
    pub upstreams: Arc<ArcSwap<Upstreams>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub random: Arc<Random>,
    /// Limits and switches.
    pub settings: ControlSettings,
    /// Seals provider credentials before they are stored.
    pub seal: Arc<dyn Seal>,
    /// Tries a provider connection.
    pub probe: Arc<dyn Probe>,
    /// Rebuilds catalogue and connections after a change.
    pub reload: Arc<dyn Reload>,
    /// Posts finished settlements now.
    pub drain: Drain,
    /// How endpoints fare.
    pub measure: Arc<dyn Measure>,
    /// Judges what is kept for later requests.
    pub vet: Arc<dyn Vet>,
    /// What is used most.
    pub popularity: Popularity,
}

impl fmt::Debug for Control {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Control").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Through which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The public API: keys, never cookies.
    Api,
    /// The console: a session cookie, never keys.
    Console,
}

/// The state of one mounted router.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) control: Arc<Control>,
    pub(crate) door: Door,
}
