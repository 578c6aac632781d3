//! What all requests of one simulator share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, RwLock};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::bench::Bench;
use crate::family::{Meta, Operation};
use crate::observe::{Observed, Ring};
use crate::options::{Options, SCENARIOS_MAX};
use crate::scenario::{Scenario, ScenarioError, pick};

/// Most models whose requests are counted for `headers.refuse_first`.
const COUNTED_MAX: usize = 100_000;

/// State of one simulator; cheap to clone.
#[derive(Debug, Clone)]
pub struct State(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    scenarios: RwLock<HashMap<String, Scenario>>,
    ring: Ring,
    requests: AtomicU64,
    counted: Mutex<HashMap<String, u64>>,
    bench: Bench,
}

impl State {
    /// State of a simulator that has seen nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Shared {
            options,
            scenarios: RwLock::default(),
            ring: Ring::default(),
            requests: AtomicU64::new(0),
            counted: Mutex::default(),
            bench: Bench::default(),
        }))
    }

    /// Every request seen since the start or the last [`State::clear`], oldest first.
    #[must_use]
    pub fn observed(&self) -> Vec<Observed> {
        self.0.ring.all()
    }

    /// Forgets what was seen, and starts all counts again.
    pub fn clear(&self) {
        self.0.ring.clear();
        self.0.counted.lock().clear();
    }

    /// Sets what a model does; beyond ten thousand models a new one is ignored.
    pub fn set_scenario(&self, model: &str, scenario: Scenario) {
        let mut scenarios = self.0.scenarios.write();
        if scenarios.len() < SCENARIOS_MAX || scenarios.contains_key(model) {
            scenarios.insert(model.to_owned(), scenario);
        } else {
            tracing::warn!(model, "no room for another scenario");
        }
    }

    /// Forgets all scenarios that were set.
    pub fn clear_scenarios(&self) {
        self.0.scenarios.write().clear();
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.0.ring
    }

    pub(crate) fn bench(&self) -> &Bench {
        &self.0.bench
    }

    pub(crate) fn scenario(&self, model: &str, text: &str) -> Result<Scenario, ScenarioError> {
        pick(&self.0.scenarios.read(), model, text)
    }

    /// Numbers a request and derives its seed.
    pub(crate) fn meta(&self, operation: Operation) -> Meta {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed);
        // An odd multiplier keeps seeds of neighbouring requests far apart.
        let seed = self.0.options.seed ^ number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        Meta { seed, created: i64::try_from(created).unwrap_or(i64::MAX), operation }
    }

    /// Counts a request under `name` and says how many came before it.
    pub(crate) fn before(&self, name: String) -> u64 {
        let mut counted = self.0.counted.lock();
        if counted.len() >= COUNTED_MAX {
            counted.clear();
        }
        let count = counted.entry(name).or_insert(0);
        *count += 1;
        *count - 1
    }
}

/// Whether a draw from `seed` falls into `share`, 0–1.
pub(crate) fn drawn(seed: u64, share: f64) -> bool {
    share > 0.0 && SmallRng::seed_from_u64(seed).random::<f64>() < share
}
