//! Service tiers: which endpoints of a model are in the pool, and in which order the tiers are tried.

use super::intent::Intent;
use super::policy::SortBy;
use super::{Need, Tier};
use crate::catalog::{Endpoint, Model};

/// The rank of an endpoint's tier, 0 first; `None` when it is not in the pool.
pub(super) fn rank(
    endpoint: &Endpoint,
    model: &Model,
    need: &Need,
    intent: &Intent<'_>,
    variant: Option<SortBy>,
) -> Option<u8> {
    let Some(tier) = endpoint.service_tier.as_deref() else { return ordinary(model, need) };
    // An order, or the ordinary tier asked for by name, switches the tiers of `:nitro` and `:floor` off.
    let widens = intent.order.is_empty() && need.tier != Tier::Default;
    match (tier, need.tier) {
        ("priority", Tier::Priority) | ("ultrafast", Tier::Ultrafast) | ("flex", Tier::Flex) => Some(0),
        ("priority", Tier::Ultrafast) => Some(1),
        ("priority", _) if widens && variant == Some(SortBy::Throughput) => Some(0),
        ("flex", _) if widens && variant == Some(SortBy::Price) => Some(0),
        _ => is_named(endpoint, intent).then_some(0),
    }
}

/// The rank of the ordinary tier: behind the faster ones when they are asked for, out when flex is and exists.
fn ordinary(model: &Model, need: &Need) -> Option<u8> {
    let has = |tier: &str| model.endpoints.iter().any(|endpoint| endpoint.service_tier.as_deref() == Some(tier));
    match need.tier {
        Tier::Flex if has("flex") => None,
        Tier::Ultrafast => Some(2),
        Tier::Priority => Some(1),
        Tier::Unsaid | Tier::Default | Tier::Flex => Some(0),
    }
}

/// Whether an order or an allow-list names exactly this endpoint.
fn is_named(endpoint: &Endpoint, intent: &Intent<'_>) -> bool {
    let allowed = intent.restrictions.iter().filter_map(|(_, restrict)| restrict.allowed_providers.as_ref()).flatten();
    intent.order.iter().chain(allowed).any(|wanted| wanted.eq_ignore_ascii_case(&endpoint.tag))
}
