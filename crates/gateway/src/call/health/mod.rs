//! The node's own book of how endpoints and credentials fare.
//!
//! Every call is admitted by the book and reports back through the [`Pass`] it got: what was admitted is released however
//! the call ends. Each endpoint has a lock of its own, held for arithmetic only; the list of endpoints is swapped, never
//! locked. All logic runs on the caller's monotonic `now`.
//!
//! The book decides about single calls. Which endpoints are tried in which order is the plan's business: it gets a
//! [`Health`] per endpoint.

mod breaker;
mod budget;
mod capacity;
mod entry;
pub(super) mod hint;
mod metrics;
mod pass;
mod settings;
mod sketch;
mod stats;
#[cfg(test)]
mod tests;
mod window;

pub use pass::{Failed, Pass};
pub use settings::HealthSettings;
pub use stats::EndpointStats;

use arc_swap::ArcSwap;
use breaker::Gate;
use budget::RetryBudget;
use domain::catalog::Endpoint;
use domain::route::{Health, HealthState};
use edge::upstream::Upstream;
use entry::{Entry, workload};
use metrics::HealthMetrics;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// The book. Its entries are bounded by the catalogue and the configured connections: no text of a request is a key.
#[derive(Debug)]
pub struct HealthBook {
    shared: Arc<Shared>,
    endpoints: Table<Entry>,
    credentials: Table<Mutex<breaker::Breaker>>,
    budgets: Table<Mutex<RetryBudget>>,
}

/// What the book and its passes share.
#[derive(Debug, Default)]
struct Shared {
    settings: HealthSettings,
    metrics: HealthMetrics,
}

type Table<T> = ArcSwap<HashMap<u64, Arc<T>>>;

/// Why a call may not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Barred {
    /// What is in the way.
    pub by: Bar,
    /// When to come back, as far as known.
    pub wait: Duration,
}

/// What keeps a call from an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bar {
    /// The breaker is open.
    Breaker,
    /// The provider refused our credential lately.
    Credential,
    /// The provider said how long to wait.
    ToldToWait,
    /// What the endpoint takes is used up.
    Full,
}

impl Bar {
    /// The reason as it appears in records and metadata.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Breaker => "out after repeated failures",
            Self::Credential => "the provider refused our credential lately",
            Self::ToldToWait => "the provider asked to wait",
            Self::Full => "at its learned capacity",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Credential => "credential",
            Self::ToldToWait => "told_to_wait",
            Self::Full => "full",
        }
    }
}

/// On what terms a call asks for admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// As one of several.
    Usual,
    /// Nobody else is left: an open breaker lets it through at a bounded rate.
    LastResort,
}

impl Default for HealthBook {
    fn default() -> Self {
        Self::new(HealthSettings::default())
    }
}

impl HealthBook {
    /// A book in which nothing has happened yet.
    #[must_use]
    pub fn new(settings: HealthSettings) -> Self {
        Self {
            shared: Arc::new(Shared { settings, metrics: HealthMetrics::default() }),
            endpoints: Table::default(),
            credentials: Table::default(),
            budgets: Table::default(),
        }
    }

    /// Registers the book's metrics.
    pub fn register(&self, registry: &mut Registry) {
        self.shared.metrics.register(registry);
    }

    /// How an endpoint fares at monotonic time `now`, for the plan.
    #[must_use]
    pub fn of(&self, endpoint: &Endpoint, upstream: &Upstream, now: Duration) -> Health {
        let credential = fingerprint(upstream);
        let is_refused = self.shared.settings.ejects
            && self
                .credentials
                .load()
                .get(&credential)
                .is_some_and(|gate| matches!(gate.lock().gate(now), Gate::Open(_)));
        let endpoints = self.endpoints.load();
        let Some(entry) = endpoints.get(&identity(&endpoint.model_id, &endpoint.tag)) else {
            return Health::of(if is_refused { HealthState::Open } else { HealthState::Stable });
        };
        let mut record = entry.record();
        let state = record.state(credential, &self.shared.settings, now);
        let state = if is_refused { HealthState::Open } else { state };
        Health { state, ..record.measurements(&self.shared.settings, now) }
    }

    /// Admits a call, or says what is in the way.
    ///
    /// # Errors
    /// [`Barred`] with the wait after which it is worth asking again.
    pub fn admit(
        &self,
        endpoint: &Endpoint,
        upstream: &Upstream,
        prompt_tokens: u64,
        terms: Terms,
        now: Duration,
    ) -> Result<Pass, Barred> {
        let credential = fingerprint(upstream);
        let key = identity(&endpoint.model_id, &endpoint.tag);
        let entry = find_or_add(&self.endpoints, key, || Entry::new(endpoint));
        let account = find_or_add(&self.credentials, credential, Mutex::default);
        let mut record = entry.record();
        let (mut is_probe, mut is_credential_probe) = (false, false);
        if self.shared.settings.ejects {
            let barred = |by: Bar, wait: Duration| {
                self.shared.metrics.skipped(&entry.provider, by.label());
                Err(Barred { by, wait })
            };
            if let Some(wait) = record.must_wait(credential, now) {
                return barred(Bar::ToldToWait, wait);
            }
            if !record.capacity.has_room(now) {
                return barred(Bar::Full, Duration::from_secs(1));
            }
            let mut account = account.lock();
            let is_out = match (account.gate(now), record.breaker.gate(now)) {
                (Gate::Open(wait), _) => Some((Bar::Credential, wait)),
                (_, Gate::Open(wait)) => Some((Bar::Breaker, wait)),
                _ => None,
            };
            if let Some((by, wait)) = is_out
                && (terms == Terms::Usual || !record.last_try(&self.shared.settings, now))
            {
                return barred(by, wait);
            }
            is_probe = record.breaker.gate(now) != Gate::Closed;
            is_credential_probe = account.gate(now) != Gate::Closed;
            if is_probe {
                record.breaker.probe();
            }
            if is_credential_probe {
                account.probe();
            }
            if is_probe || is_credential_probe {
                self.shared.metrics.probe(&entry.provider);
            }
        }
        record.capacity.start(now);
        drop(record);
        Ok(Pass::new(
            pass::Parts {
                shared: Arc::clone(&self.shared),
                entry,
                account,
                credential,
                workload: workload(prompt_tokens),
                is_probe,
                is_credential_probe,
            },
            now,
        ))
    }

    /// How long the first token of a call may take before somebody else is asked; `None` while the endpoint's history is
    /// too short.
    pub fn deadline(&self, endpoint: &Endpoint, prompt_tokens: u64, now: Duration) -> Option<Duration> {
        if !self.shared.settings.adaptive_deadline {
            return None;
        }
        let endpoints = self.endpoints.load();
        let entry = endpoints.get(&identity(&endpoint.model_id, &endpoint.tag))?;
        let mut record = entry.record();
        record.deadline(workload(prompt_tokens), &self.shared.settings, now)
    }

    /// Whether nothing speaks against an endpoint.
    pub fn is_stable(&self, endpoint: &Endpoint, upstream: &Upstream, now: Duration) -> bool {
        self.of(endpoint, upstream, now).state == HealthState::Stable
    }

    /// A request for `model` starts its first attempt.
    pub fn request(&self, model: &str, now: Duration) {
        find_or_add(&self.budgets, hash(&model), Mutex::default).lock().request(now);
    }

    /// Takes an attempt after the first from the budget of `model`, if there is one.
    pub fn retry(&self, model: &str, now: Duration) -> bool {
        let budget = find_or_add(&self.budgets, hash(&model), Mutex::default);
        let is_allowed = budget.lock().retry(&self.shared.settings, now);
        self.shared.metrics.retry(is_allowed);
        is_allowed
    }
}

fn find_or_add<T>(table: &Table<T>, key: u64, make: impl FnOnce() -> T) -> Arc<T> {
    if let Some(found) = table.load().get(&key) {
        return Arc::clone(found);
    }
    let made = Arc::new(make());
    table.rcu(|old| {
        let mut new = HashMap::clone(old);
        new.entry(key).or_insert_with(|| Arc::clone(&made));
        new
    });
    // Somebody else may have been quicker: what stands in the table is what counts.
    table.load().get(&key).map_or(made, Arc::clone)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn identity(model: &str, tag: &str) -> u64 {
    hash(&(model, tag))
}

/// What stands for a provider's credential, without being it.
fn fingerprint(upstream: &Upstream) -> u64 {
    hash(&(&upstream.slug, upstream.secret.as_ref().map(edge::upstream::Secret::expose)))
}
