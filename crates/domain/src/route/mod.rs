//! Routing as a pure function: what is asked, what is preferred, what is there and how it fares → an ordered plan.
//!
//! The plan names a reason for every endpoint, kept or left out. Nothing here reads a clock or a random source: the same
//! inputs and seed give the same plan.

mod filter;
mod health;
mod order;
pub mod policy;
mod preferences;
mod router;
#[cfg(test)]
mod tests;

pub use health::{Health, HealthState, Percentiles};
pub use policy::MaxPrice;
pub use preferences::{PreferenceError, Preferences, Sort};
pub use router::Router;

use crate::catalog::{Endpoint, Model};
use crate::generation::Exclusion;
use std::sync::Arc;

/// What the request needs of an endpoint.
#[derive(Debug, Clone, Default)]
pub struct Need {
    /// Request parameters in use, in the vocabulary of `supported_parameters`.
    pub parameters: Vec<&'static str>,
    /// Input modalities in use beyond text.
    pub modalities: Vec<&'static str>,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// The caller's output limit.
    pub output_limit: Option<u64>,
}

/// One planned attempt.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The model that would serve.
    pub model: Arc<Model>,
    /// The endpoint that would serve it.
    pub endpoint: Arc<Endpoint>,
    /// Why it stands where it stands.
    pub reason: &'static str,
}

/// The ordered attempts and what was left out.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order in which they are tried; may be empty.
    pub attempts: Vec<Candidate>,
    /// Everything that was left out, with the reason.
    pub excluded: Vec<Exclusion>,
}

/// Plans the attempts over `models`, in the caller's order of models.
///
/// Per model: hard filters, then the caller's order or sort, else stable endpoints drawn with probability proportional to
/// the inverse square of the price, unstable ones last. (Source: the documented default algorithm, 2026-08-22.)
pub fn plan(
    models: &[Arc<Model>],
    need: &Need,
    preferences: &Preferences,
    health: &dyn Fn(&Endpoint) -> Health,
    seed: u64,
) -> Plan {
    let mut plan = Plan::default();
    for (position, model) in models.iter().enumerate() {
        let mut kept = Vec::new();
        for endpoint in &model.endpoints {
            let state = health(endpoint);
            match filter::refusal(endpoint, need, preferences, state) {
                Some(reason) => plan.excluded.push(Exclusion {
                    model: model.id.clone(),
                    endpoint_tag: endpoint.tag.clone(),
                    reason: reason.to_owned(),
                }),
                None => kept.push((Arc::clone(endpoint), state)),
            }
        }
        filter::prefer_supporting(&mut kept, need);
        let salt = u64::try_from(position).unwrap_or(0);
        for (endpoint, reason) in order::ordered(kept, preferences, seed.wrapping_add(salt)) {
            plan.attempts.push(Candidate { model: Arc::clone(model), endpoint, reason });
        }
    }
    if !preferences.allow_fallbacks && preferences.order.is_empty() {
        for dropped in plan.attempts.split_off(plan.attempts.len().min(1)) {
            plan.excluded.push(Exclusion {
                model: dropped.model.id.clone(),
                endpoint_tag: dropped.endpoint.tag.clone(),
                reason: "allow_fallbacks is false".to_owned(),
            });
        }
    }
    plan
}

/// Whether a provider name from a request means this endpoint: a base slug means all its endpoints, a suffixed slug
/// exactly one, a display name the provider.
#[must_use]
pub fn names_endpoint(wanted: &str, endpoint: &Endpoint) -> bool {
    let provider = &endpoint.provider;
    wanted == endpoint.tag || wanted.eq_ignore_ascii_case(&provider.slug) || wanted.eq_ignore_ascii_case(&provider.name)
}
