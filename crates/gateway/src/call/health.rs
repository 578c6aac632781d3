//! The node's own book of how endpoints fare: recent failures and cool-downs.

use dialect::decode::FailureClass;
use domain::catalog::Endpoint;
use domain::route::{Health, HealthState};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How long a failure keeps an endpoint behind the stable ones. Source: the documented "outages in the last 30 seconds".
const UNSTABLE_FOR: Duration = Duration::from_secs(30);
/// Longest cool-down that a provider's Retry-After is obeyed for.
const COOL_DOWN_MAX: Duration = Duration::from_secs(60);
/// Cool-down of an endpoint whose credential was refused.
const CREDENTIAL_COOL_DOWN: Duration = Duration::from_secs(60);

/// State per endpoint; entries of endpoints that left the catalogue are small and harmless.
#[derive(Debug, Default)]
pub struct HealthBook {
    endpoints: RwLock<HashMap<u64, State>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    unstable_until: Duration,
}

fn identity(endpoint: &Endpoint) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&endpoint.model_id, &endpoint.tag).hash(&mut hasher);
    hasher.finish()
}

impl HealthBook {
    /// How an endpoint fares at monotonic time `now`.
    #[must_use]
    pub fn of(&self, endpoint: &Endpoint, now: Duration) -> Health {
        let endpoints = self.endpoints.read();
        let until = endpoints.get(&identity(endpoint)).map_or(Duration::ZERO, |state| state.unstable_until);
        Health::of(if now < until { HealthState::Unstable } else { HealthState::Stable })
    }

    /// An attempt failed.
    pub fn failed(&self, endpoint: &Endpoint, class: FailureClass, retry_after: Option<Duration>, now: Duration) {
        let pause = match class {
            // The caller's own mistakes and the content say nothing about the endpoint.
            FailureClass::Caller | FailureClass::ContextLength | FailureClass::ContentPolicy => return,
            FailureClass::Credential => {
                tracing::error!(
                    provider = endpoint.provider.slug,
                    model = endpoint.model_id,
                    "provider refused our credential or its quota is spent"
                );
                CREDENTIAL_COOL_DOWN
            }
            FailureClass::RateLimit => retry_after.unwrap_or(UNSTABLE_FOR).min(COOL_DOWN_MAX),
            FailureClass::Overload | FailureClass::Unavailable | FailureClass::ModelGone => {
                retry_after.map_or(UNSTABLE_FOR, |pause| pause.clamp(UNSTABLE_FOR, COOL_DOWN_MAX))
            }
        };
        self.endpoints.write().insert(identity(endpoint), State { unstable_until: now + pause });
    }

    /// An attempt gave content.
    pub fn succeeded(&self, endpoint: &Endpoint) {
        let id = identity(endpoint);
        if self.endpoints.read().contains_key(&id) {
            self.endpoints.write().remove(&id);
        }
    }
}
