//! Load balancing: drawing endpoints of equal standing one after another, without replacement.

use super::order::list_price;
use super::pool::Kept;
use super::{Health, Question};
use rand::Rng;
use rand::rngs::SmallRng;

/// How traffic is shared among endpoints of equal standing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Balance {
    /// In proportion to the inverse square of the list price. Source: the documented default, 2026-08-22.
    #[default]
    InversePrice,
    /// By effective price, throughput, time to first token, rate limits and reliability, with a small share for everybody.
    /// Source: the newer description of the default, 2026-08-22; it names the inputs and no formula, the formula is ours.
    Shares,
}

impl Balance {
    /// The spelling in the configuration.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "inverse-price" => Some(Self::InversePrice),
            "shares" => Some(Self::Shares),
            _ => None,
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::InversePrice => "price-weighted choice",
            Self::Shares => "share-weighted choice",
        }
    }
}

/// Draws all endpoints one after another.
pub(super) fn draw<'p, 'a>(
    group: &[&'p Kept<'a>],
    question: &Question<'_>,
    generator: &mut SmallRng,
) -> Vec<&'p Kept<'a>> {
    let weights: Vec<u128> = match question.balance {
        Balance::InversePrice => group.iter().map(|kept| inverse_square(list_price(kept.endpoint))).collect(),
        Balance::Shares => shares(group, question),
    };
    let mut pool: Vec<(u128, &Kept<'a>)> = weights.into_iter().zip(group.iter().copied()).collect();
    let mut drawn = Vec::with_capacity(pool.len());
    while let Some(last) = pool.len().checked_sub(1) {
        let total = pool.iter().fold(0u128, |total, (weight, _)| total.saturating_add(*weight));
        let mut ticket = generator.random_range(0..total.max(1));
        let mut at = last;
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

/// 10³³ / price²: from about 10⁹ for the dearest price that is accepted to 10³³ for a free endpoint.
fn inverse_square(price: u64) -> u128 {
    const NUMERATOR: u128 = 1_000_000_000_000_000_000_000_000_000_000_000;
    let price = u128::from(price.max(1));
    (NUMERATOR / (price * price)).max(1)
}

/// The part of traffic that is shared out evenly, so that every endpoint stays measured.
const EXPLORATION: f64 = 0.05;
/// How far a measurement can move a weight, up or down.
const SWAY: f64 = 4.0;
/// Weights are shares of this whole.
const WHOLE: f64 = 1e15;

/// Shares of all endpoints of a group, in whole numbers.
fn shares(group: &[&Kept<'_>], question: &Question<'_>) -> Vec<u128> {
    let speed = median(group.iter().filter_map(|kept| kept.health.throughput.p50));
    let wait = median(group.iter().filter_map(|kept| kept.health.latency.p50));
    let price = median(group.iter().map(|kept| effective_price(kept, question)));
    let weights: Vec<f64> = group
        .iter()
        .map(|kept| {
            // In units of the group's median; a free endpoint counts as one at a thousandth of it.
            let cost = effective_price(kept, question) / price.unwrap_or(1.0).max(1.0);
            reliability(&kept.health) * relative(kept.health.throughput.p50, speed)
                / relative(kept.health.latency.p50, wait)
                / cost.max(0.001).powi(2)
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let even = EXPLORATION / weights.len().max(1) as f64;
    weights
        .into_iter()
        .map(|weight| {
            let share = if total > 0.0 { weight / total } else { 0.0 };
            // Both parts are positive and at most one; the cast cannot lose a sign.
            (((1.0 - EXPLORATION) * share + even) * WHOLE) as u128
        })
        .collect()
}

/// Femto-dollars of this request's mix of tokens: cached prompt, fresh prompt, answer.
fn effective_price(kept: &Kept<'_>, question: &Question<'_>) -> f64 {
    let sheet = &kept.endpoint.price;
    let hits = kept.health.cache_hits.unwrap_or(0.0).clamp(0.0, 1.0);
    let fresh = sheet.prompt.femtos() as f64;
    let cached = sheet.input_cache_read.map_or(fresh, |price| price.femtos() as f64);
    let prompt = question.need.prompt_tokens.max(1) as f64;
    // Without a limit an answer is taken for a quarter of the prompt, at least 200 tokens.
    let answer = question.need.output_limit.map_or((prompt / 4.0).max(200.0), |limit| limit.min(1_000_000) as f64);
    prompt * (hits * cached + (1.0 - hits) * fresh) + answer * sheet.completion.femtos() as f64
}

fn reliability(health: &Health) -> f64 {
    let served = health.uptime.unwrap_or(1.0).clamp(0.0, 1.0);
    let unlimited = 1.0 - health.rate_limited.unwrap_or(0.0).clamp(0.0, 1.0);
    served.powi(4) * unlimited.powi(2)
}

/// A measurement over the group's median, within bounds; 1 for what was not measured.
fn relative(measured: Option<f64>, median: Option<f64>) -> f64 {
    match (measured, median) {
        (Some(measured), Some(median)) if median > 0.0 => (measured / median).clamp(1.0 / SWAY, SWAY),
        _ => 1.0,
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
