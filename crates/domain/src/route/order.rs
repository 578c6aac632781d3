//! Putting what is left in the order in which it is tried.

use super::intent::{Intent, Standing};
use super::names::names_endpoint;
use super::policy::SortBy;
use super::pool::Kept;
use super::{Candidate, HealthState, Question, balance, filter, policy::Partition};
use crate::catalog::Endpoint;
use rand::rngs::SmallRng;
use std::cmp::Ordering;
use std::sync::Arc;

/// Parameters for which supporting endpoints are taken when there are some, and which are ignored when there are none.
const SOFT_PARAMETERS: [&str; 3] = ["response_format", "structured_outputs", "verbosity"];

/// Where an endpoint stands, before any sort or draw: smaller is earlier, equal ones are sorted or drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standings {
    listed: usize,
    lacks: bool,
    trouble: u8,
    tier: u8,
    misses: bool,
}

/// How endpoints of equal standing are put in order.
#[derive(Debug, Clone, Copy)]
enum Way {
    Sorted(SortBy),
    Drawn,
}

/// Puts a pool behind the attempts, in order, and says why each endpoint stands where it stands.
///
/// Endpoints with their measurements are large, so it is their places in the pool that are moved around.
pub(super) fn append(
    attempts: &mut Vec<Candidate>,
    pool: &[Kept<'_>],
    question: &Question<'_>,
    intent: &Intent<'_>,
    variant: Option<SortBy>,
    generator: &mut SmallRng,
) {
    let soft: Vec<&str> =
        SOFT_PARAMETERS.iter().copied().filter(|parameter| question.need.parameters.contains(parameter)).collect();
    let mut placed: Vec<(Standings, &Kept<'_>)> =
        pool.iter().map(|kept| (standing(kept, intent, &soft), kept)).collect();
    placed.sort_by_key(|(standing, _)| *standing);
    let by = sort_of(intent, variant);
    attempts.reserve(placed.len());
    for group in placed.chunk_by(|(left, _), (right, _)| left == right) {
        let Some((standing, _)) = group.first() else { continue };
        let way = by.or_else(|| tier_sort(question, *standing)).map_or(Way::Drawn, Way::Sorted);
        let reason = reason(*standing, way, question);
        let is_demoted = standing.is_demoted();
        let mut group: Vec<&Kept<'_>> = group.iter().map(|(_, kept)| *kept).collect();
        match way {
            Way::Sorted(by) => group.sort_by(|left, right| compare(by, left, right)),
            Way::Drawn => group = balance::draw(&group, question, generator),
        }
        attempts.extend(group.into_iter().map(|kept| candidate(kept, reason, is_demoted)));
    }
}

fn candidate(kept: &Kept<'_>, reason: &'static str, is_demoted: bool) -> Candidate {
    let (model, endpoint) = (Arc::clone(kept.model), Arc::clone(kept.endpoint));
    Candidate { model, endpoint, reason, is_demoted, health: kept.health }
}

fn standing(kept: &Kept<'_>, intent: &Intent<'_>, soft: &[&str]) -> Standings {
    let listed = intent.order.iter().position(|wanted| names_endpoint(wanted, kept.endpoint));
    let below = intent
        .min_throughput
        .is_some_and(|cutoffs| cutoffs.broken_by(&kept.health.throughput, |is, wanted| is < wanted));
    let above =
        intent.max_latency.is_some_and(|cutoffs| cutoffs.broken_by(&kept.health.latency, |is, wanted| is > wanted));
    let is_listed = listed.is_some();
    Standings {
        listed: listed.unwrap_or(usize::MAX),
        lacks: soft.iter().any(|parameter| !filter::supports(kept.endpoint, parameter)),
        // The caller's own order stands whatever the book says; the call itself still skips what is paused.
        trouble: match kept.health.state {
            HealthState::Open if !is_listed => 2,
            HealthState::Unstable if !is_listed => 1,
            _ => 0,
        },
        tier: kept.tier,
        misses: below || above,
    }
}

impl Standings {
    const fn is_demoted(self) -> bool {
        self.lacks || self.trouble > 0 || self.misses
    }
}

/// The sort in force: the request's own word or a locked one, else the variant's, else the outer default.
pub(super) fn sort_of(intent: &Intent<'_>, variant: Option<SortBy>) -> Option<SortBy> {
    match intent.sort {
        Some((sort, Standing::Firm)) => Some(sort.by),
        Some((sort, Standing::Default)) => variant.or(Some(sort.by)),
        None => variant,
    }
}

/// Whether endpoints of all models are sorted together.
pub(super) fn is_across_models(intent: &Intent<'_>) -> bool {
    intent.sort.is_some_and(|(sort, _)| sort.partition == Partition::None)
}

/// Without another wish the faster tiers are sorted by throughput and flex by price.
fn tier_sort(question: &Question<'_>, standing: Standings) -> Option<SortBy> {
    match question.need.tier {
        super::Tier::Priority if standing.tier == 0 => Some(SortBy::Throughput),
        super::Tier::Ultrafast if standing.tier <= 1 => Some(SortBy::Throughput),
        super::Tier::Flex => Some(SortBy::Price),
        _ => None,
    }
}

fn reason(standing: Standings, way: Way, question: &Question<'_>) -> &'static str {
    if standing.listed != usize::MAX {
        return "provider.order";
    }
    match (standing.lacks, standing.trouble, standing.misses, way) {
        (true, ..) => "lacks a parameter in use, tried last",
        (_, 2, ..) => "paused after failures, tried last",
        (_, 1, ..) => "recent failures, tried last",
        (_, _, true, _) => "misses the preferred throughput or latency, tried last",
        (.., Way::Sorted(_)) => "sorted as asked",
        (.., Way::Drawn) => question.balance.reason(),
    }
}

/// Compares two endpoints. What was not measured stands behind what was; ties fall to the price, then to the names, so that
/// the order never depends on chance.
fn compare(by: SortBy, left: &Kept<'_>, right: &Kept<'_>) -> Ordering {
    let speed = || measured(right.health.throughput.p50, left.health.throughput.p50, Ordering::reverse);
    let first = match by {
        SortBy::Price => Ordering::Equal,
        SortBy::Throughput => speed(),
        SortBy::Latency => measured(left.health.latency.p50, right.health.latency.p50, |order| order),
        SortBy::Exacto => measured(left.health.tool_errors, right.health.tool_errors, |order| order).then_with(speed),
    };
    first
        .then_with(|| list_price(left.endpoint).cmp(&list_price(right.endpoint)))
        .then_with(|| left.endpoint.tag.cmp(&right.endpoint.tag))
        .then_with(|| left.model.id.cmp(&right.model.id))
}

/// Smaller measurements first; what was not measured comes last, or, with `absence` reversed, the other way round.
fn measured(left: Option<f64>, right: Option<f64>, absence: fn(Ordering) -> Ordering) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        (left, right) => absence(left.is_none().cmp(&right.is_none())),
    }
}

/// The price that stands for an endpoint: prompt plus answer token, in femto-dollars.
pub(super) fn list_price(endpoint: &Endpoint) -> u64 {
    let sum = endpoint.price.prompt.femtos().saturating_add(endpoint.price.completion.femtos());
    u64::try_from(sum).unwrap_or(0)
}
