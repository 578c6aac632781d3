//! The routers: which models a request without a model of its own is given.

use super::intent::Intent;
use super::policy::{Auto, CostTier, Pattern, SortBy};
use super::pool::{self, Kept};
use super::{Dropped, HealthState, Question, Router};
use crate::catalog::{Endpoint, Model};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use std::cmp::Reverse;

/// Models that the automatic router tries, the choice itself included.
const AUTO_MODELS: usize = 3;
/// Models that the router of free models tries.
const FREE_MODELS: usize = 5;

/// The pools of the chosen models, in the order in which they are tried.
pub(super) fn chosen<'a>(
    router: Router,
    question: &Question<'a>,
    intent: &Intent<'_>,
    variant: Option<SortBy>,
    generator: &mut SmallRng,
    dropped: &mut Vec<Dropped>,
) -> Vec<Vec<Kept<'a>>> {
    let mut pools = match router {
        Router::Auto => auto(question, intent, variant, dropped),
        Router::Free => free(question, intent, generator, dropped),
    };
    let is_strange = |pool: &Vec<Kept<'_>>| !pool.iter().any(|kept| (question.served_before)(kept.endpoint));
    // A stable sort: the conversation's model comes first, the rest keeps its order.
    pools.sort_by_cached_key(is_strange);
    let most = match router {
        Router::Auto => AUTO_MODELS,
        Router::Free => FREE_MODELS,
    };
    for kept in pools.split_off(pools.len().min(most)).into_iter().flatten() {
        dropped.push(Dropped::new(kept.model, kept.endpoint, "another model was chosen", None));
    }
    pools
}

/// Best quality tier first, cheapest first within a tier; models whose endpoints all fail stand last.
fn auto<'a>(
    question: &Question<'a>,
    intent: &Intent<'_>,
    variant: Option<SortBy>,
    dropped: &mut Vec<Dropped>,
) -> Vec<Vec<Kept<'a>>> {
    let everything = Auto::default();
    let wishes = intent.auto.unwrap_or(&everything);
    let band = wishes.cost_tier.unwrap_or_default();
    let mut pools = Vec::new();
    for model in candidates(question) {
        let reason = not_wanted(model, wishes);
        if let Some(reason) = reason {
            dropped.extend(model.endpoints.iter().map(|endpoint| Dropped::new(model, endpoint, reason, None)));
            continue;
        }
        let pool = pool::of_model(question, intent, model, variant, dropped);
        let Some(price) = pool.iter().map(|kept| mixed_price(kept.endpoint)).min() else { continue };
        if band_of(price) == band {
            let is_failing = pool.iter().all(|kept| kept.health.state != HealthState::Stable);
            let tier = model.quality.as_ref().map(|quality| quality.tier);
            pools.push(((is_failing, Reverse(tier), price, model.id.as_str()), pool));
        } else {
            dropped.extend(pool.iter().map(|kept| Dropped::new(model, kept.endpoint, "cost_tier", None)));
        }
    }
    pools.sort_by_key(|(rank, _)| *rank);
    pools.into_iter().map(|(_, pool)| pool).collect()
}

/// Free models that can do what is needed, in random order.
fn free<'a>(
    question: &Question<'a>,
    intent: &Intent<'_>,
    generator: &mut SmallRng,
    dropped: &mut Vec<Dropped>,
) -> Vec<Vec<Kept<'a>>> {
    let needed = question.need.parameters.iter().filter(|parameter| CAPABILITIES.contains(parameter));
    let needed: Vec<&str> = needed.copied().collect();
    let mut pools = Vec::new();
    for model in candidates(question).filter(|model| model.is_free()) {
        let mut pool = pool::of_model(question, intent, model, None, dropped);
        pool.retain(|kept| {
            let lacks = needed.iter().any(|parameter| !super::filter::supports(kept.endpoint, parameter));
            let reason =
                if lacks { Some("require_parameters") } else { (!kept.endpoint.price.is_free()).then_some("not free") };
            dropped.extend(reason.map(|reason| Dropped::new(model, kept.endpoint, reason, None)));
            reason.is_none()
        });
        if !pool.is_empty() {
            pools.push(pool);
        }
    }
    pools.shuffle(generator);
    pools.sort_by_key(|pool| pool.iter().all(|kept| kept.health.state != HealthState::Stable));
    pools
}

/// Parameters that change what a model must be able to do. Source: the description of the free router, 2026-08-22.
const CAPABILITIES: [&str; 3] = ["tools", "structured_outputs", "response_format"];

/// Models that a router may choose: they give what the route answers with and are not withdrawn.
fn candidates<'a>(question: &Question<'a>) -> impl Iterator<Item = &'a std::sync::Arc<Model>> {
    let (output, today) = (question.need.output, question.today);
    question
        .catalog
        .models()
        .iter()
        .filter(move |model| model.output_modalities.iter().any(|gives| gives == output) && !model.is_gone(today))
}

fn not_wanted(model: &Model, wishes: &Auto) -> Option<&'static str> {
    let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(&model.id));
    // Free variants are few requests a day; who wants them asks for them.
    if model.id.ends_with(":free") {
        return Some("free variants are not chosen automatically");
    }
    if wishes.allowed_models.as_ref().is_some_and(|allowed| !matches(allowed)) {
        return Some("allowed_models");
    }
    matches(&wishes.excluded_models).then_some("excluded_models")
}

/// Femto-dollars per token, three prompt tokens to one of the answer.
fn mixed_price(endpoint: &Endpoint) -> i64 {
    (endpoint.price.prompt.femtos().saturating_mul(3).saturating_add(endpoint.price.completion.femtos())) / 4
}

/// The band of a mixed price: below 1, 4, 10 and 25 USD per million tokens, and above.
fn band_of(price: i64) -> CostTier {
    const DOLLAR_PER_MILLION: i64 = 1_000_000_000;
    match price / DOLLAR_PER_MILLION {
        ..1 => CostTier::Low,
        1..4 => CostTier::Medium,
        4..10 => CostTier::High,
        10..25 => CostTier::Xhigh,
        _ => CostTier::Max,
    }
}
