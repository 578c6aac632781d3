//! Putting kept endpoints in the order in which they are tried.

use super::{Health, HealthState, Preferences, Sort, names_endpoint};
use crate::catalog::Endpoint;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::sync::Arc;

type Kept = Vec<(Arc<Endpoint>, Health)>;
type Ordered = Vec<(Arc<Endpoint>, &'static str)>;

/// Orders the endpoints of one model and says why each stands where it stands.
pub(super) fn ordered(kept: Kept, preferences: &Preferences, seed: u64) -> Ordered {
    let (mut result, rest) = by_caller_order(kept, &preferences.order);
    let (stable, unstable): (Kept, Kept) =
        rest.into_iter().partition(|(_, health)| health.state == HealthState::Stable);
    let mut generator = SmallRng::seed_from_u64(seed);
    for (group, balanced, sorted) in [
        (stable, "price-weighted choice", "sorted as asked"),
        (unstable, "recent failures, tried last", "recent failures, tried last"),
    ] {
        match preferences.sort {
            // Without measurements throughput, latency and exacto fall back to price; the measured forms replace this order.
            Some(Sort::Price | Sort::Throughput | Sort::Latency | Sort::Exacto) => {
                let mut group = group;
                group.sort_by(|(left, _), (right, _)| {
                    weight_price(left).cmp(&weight_price(right)).then(left.tag.cmp(&right.tag))
                });
                result.extend(group.into_iter().map(|(endpoint, _)| (endpoint, sorted)));
            }
            None => result.extend(draw(group, &mut generator).into_iter().map(|endpoint| (endpoint, balanced))),
        }
    }
    result
}

fn by_caller_order(mut kept: Kept, order: &[String]) -> (Ordered, Kept) {
    let mut result = Vec::new();
    for wanted in order {
        while let Some(at) = kept.iter().position(|(endpoint, _)| names_endpoint(wanted, endpoint)) {
            result.push((kept.remove(at).0, "provider.order"));
        }
    }
    (result, kept)
}

/// Draws all endpoints one after another without replacement, each with weight 1/price².
fn draw(group: Kept, generator: &mut SmallRng) -> Vec<Arc<Endpoint>> {
    let mut pool: Vec<(u128, Arc<Endpoint>)> =
        group.into_iter().map(|(endpoint, _)| (weight(&endpoint), endpoint)).collect();
    let mut drawn = Vec::with_capacity(pool.len());
    while !pool.is_empty() {
        let total: u128 = pool.iter().map(|(weight, _)| weight).sum();
        let mut ticket = generator.random_range(0..total.max(1));
        let mut at = pool.len() - 1;
        for (index, (weight, _)) in pool.iter().enumerate() {
            if ticket < *weight {
                at = index;
                break;
            }
            ticket -= weight;
        }
        drawn.push(pool.remove(at).1);
    }
    drawn
}

/// 10³⁶ / price²: from about 10¹² for the dearest price that is accepted to 10³⁶ for a free endpoint.
fn weight(endpoint: &Endpoint) -> u128 {
    const NUMERATOR: u128 = 1_000_000_000_000_000_000_000_000_000_000_000_000;
    let price = u128::from(weight_price(endpoint).max(1));
    (NUMERATOR / (price * price)).max(1)
}

/// The price that stands for an endpoint: prompt plus answer token, in femto-dollars.
fn weight_price(endpoint: &Endpoint) -> u64 {
    let sum = endpoint.price.prompt.femtos().saturating_add(endpoint.price.completion.femtos());
    u64::try_from(sum).unwrap_or(0)
}
