//! Routing as a pure function: what is asked, which policies hold, what is there and how it fares → an ordered plan.
//!
//! The plan names a reason for every endpoint, kept or left out. Nothing here reads a clock or a random source: the same
//! [`Question`] gives the same [`Plan`].

#[expect(clippy::float_arithmetic, clippy::as_conversions, reason = "weights of a draw, never an amount of money")]
mod balance;
mod choose;
mod filter;
mod health;
mod intent;
mod latest;
mod listing;
mod names;
mod need;
mod order;
pub mod policy;
mod pool;
mod request;
mod resolve;
mod router;
#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "a JSON literal reads best as a plain argument")]
mod tests;
mod tier;

pub use balance::Balance;
pub use health::{Health, HealthState, Percentiles};
pub use intent::Intent;
pub use listing::{stand_in, stand_ins};
pub use names::names_endpoint;
pub use need::{Need, Tier};
pub use request::{RequestError, RequestRouting};
pub use resolve::{ResolveError, Strategy, Target, Wanted, resolve};
pub use router::Router;

use crate::catalog::{Catalog, Endpoint, Model};
use crate::generation::Exclusion;
use crate::money::Amount;
use policy::Layer;
use pool::Kept;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::fmt;
use std::sync::Arc;

/// Everything that a plan depends on.
#[derive(Clone)]
pub struct Question<'a> {
    /// The caller's models, in order, from [`resolve()`].
    pub wanted: &'a [Wanted],
    /// What the request needs.
    pub need: &'a Need,
    /// The catalogue that routers choose from.
    pub catalog: &'a Catalog,
    /// The day, `YYYY-MM-DD`: withdrawn models are not chosen.
    pub today: &'a str,
    /// How an endpoint fares.
    pub health: &'a dyn Fn(&Endpoint) -> Health,
    /// What the request could cost at most on an endpoint; asked only where a ceiling is set.
    pub ceiling: &'a dyn Fn(&Endpoint) -> Amount,
    /// Whether an endpoint served this conversation before and may have its prompt in cache.
    pub served_before: &'a dyn Fn(&Endpoint) -> bool,
    /// How traffic is shared.
    pub balance: Balance,
    /// Makes the plan reproducible.
    pub seed: u64,
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Question")
            .field("wanted", &self.wanted)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
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
    /// It was moved behind others because of its health, a missing parameter or a missed preference.
    pub is_demoted: bool,
    /// How it fares, as far as the plan knew.
    pub health: Health,
}

/// An endpoint that was left out.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The model.
    pub model: Arc<Model>,
    /// The endpoint.
    pub endpoint: Arc<Endpoint>,
    /// Why.
    pub reason: &'static str,
    /// Place of the layer that demands it, in the layers the intent was made of; `None` when no layer did.
    pub layer: Option<usize>,
}

impl Dropped {
    fn new(model: &Arc<Model>, endpoint: &Arc<Endpoint>, reason: &'static str, layer: Option<usize>) -> Self {
        Self { model: Arc::clone(model), endpoint: Arc::clone(endpoint), reason, layer }
    }

    /// Whether it was left out because no connection to its provider is configured.
    #[must_use]
    pub fn is_unconfigured(&self) -> bool {
        self.reason == pool::NOT_CONFIGURED
    }

    /// The form that records keep.
    #[must_use]
    pub fn exclusion(&self, layers: &[Arc<Layer>]) -> Exclusion {
        Exclusion {
            model: self.model.id.clone(),
            endpoint_tag: self.endpoint.tag.clone(),
            reason: self.reason.to_owned(),
            policy: self.layer.and_then(|at| layers.get(at)).map(|layer| layer.label()),
        }
    }
}

/// The ordered attempts and what was left out.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order in which they are tried; may be empty.
    pub attempts: Vec<Candidate>,
    /// Everything that was left out, with the reason.
    pub dropped: Vec<Dropped>,
}

/// Plans the attempts.
///
/// Per model: hard filters, then the caller's order, then a sort, else a weighted draw; endpoints in trouble behind the
/// others. Models stand in the caller's order unless a sort spans them.
#[must_use]
pub fn plan(question: &Question<'_>, intent: &Intent<'_>) -> Plan {
    let mut generator = SmallRng::seed_from_u64(question.seed);
    let mut plan = Plan::default();
    let mut groups: Vec<(Vec<Kept<'_>>, Option<policy::SortBy>)> = Vec::with_capacity(question.wanted.len());
    for wanted in question.wanted {
        let variant = wanted.variant;
        match &wanted.target {
            Target::Model(model) => {
                groups.push((pool::of_model(question, intent, model, variant, &mut plan.dropped), variant));
            }
            Target::Router(router) => {
                let pools = choose::chosen(*router, question, intent, variant, &mut generator, &mut plan.dropped);
                groups.extend(pools.into_iter().map(|pool| (pool, variant)));
            }
        }
    }
    let may_repeat = groups.len() > 1;
    if order::is_across_models(intent) {
        let together = groups.into_iter().flat_map(|(pool, _)| pool).collect();
        groups = vec![(together, None)];
    }
    for (pool, variant) in groups {
        order::append(&mut plan.attempts, &pool, question, intent, variant, &mut generator);
    }
    if may_repeat {
        without_repeats(&mut plan.attempts);
    }
    stick(&mut plan.attempts, question, intent);
    only_first(&mut plan, intent);
    plan
}

/// A model that is named twice, by two of its ids or by a router, is tried once, at its first place.
fn without_repeats(attempts: &mut Vec<Candidate>) {
    let mut seen: Vec<*const Endpoint> = Vec::with_capacity(attempts.len());
    attempts.retain(|candidate| {
        let endpoint = Arc::as_ptr(&candidate.endpoint);
        let is_new = !seen.contains(&endpoint);
        seen.push(endpoint);
        is_new
    });
}

/// Moves the endpoint whose cache may be warm to the front of its model, unless the caller has said an order or a sort.
fn stick(attempts: &mut [Candidate], question: &Question<'_>, intent: &Intent<'_>) {
    if !intent.order.is_empty() || intent.sort.is_some() {
        return;
    }
    let Some(first) = attempts.first().map(|candidate| Arc::clone(&candidate.model)) else { return };
    let is_it = |candidate: &Candidate| {
        candidate.model.id == first.id && !candidate.is_demoted && (question.served_before)(&candidate.endpoint)
    };
    let Some(at) = attempts.iter().position(is_it) else { return };
    if let Some(front) = attempts.get_mut(..=at) {
        front.rotate_right(1);
    }
    if let Some(candidate) = attempts.first_mut() {
        candidate.reason = "served this conversation before";
    }
}

/// Without fallbacks and without an order only the primary choice stays.
fn only_first(plan: &mut Plan, intent: &Intent<'_>) {
    let Some(layer) = intent.no_fallbacks().filter(|_| intent.order.is_empty()) else { return };
    for out in plan.attempts.split_off(plan.attempts.len().min(1)) {
        plan.dropped.push(Dropped::new(&out.model, &out.endpoint, pool::NO_FALLBACKS, Some(layer)));
    }
}
