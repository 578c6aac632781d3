//! The pool: what of a model's endpoints is left after the hard filters.

use super::intent::Intent;
use super::policy::SortBy;
use super::{Dropped, Health, HealthState, Question, filter, names, tier};
use crate::catalog::{Endpoint, Model};
use std::sync::Arc;

/// An endpoint that may serve.
#[derive(Debug, Clone)]
pub(super) struct Kept<'a> {
    pub(super) model: &'a Arc<Model>,
    pub(super) endpoint: &'a Arc<Endpoint>,
    pub(super) health: Health,
    /// Rank of its service tier, 0 first.
    pub(super) tier: u8,
}

/// Filters the endpoints of one model. What is left out goes to `dropped`.
pub(super) fn of_model<'a>(
    question: &Question<'_>,
    intent: &Intent<'_>,
    model: &'a Arc<Model>,
    variant: Option<SortBy>,
    dropped: &mut Vec<Dropped>,
) -> Vec<Kept<'a>> {
    let mut kept = Vec::with_capacity(model.endpoints.len());
    for endpoint in &model.endpoints {
        let health = (question.health)(endpoint);
        match admitted(question, intent, model, endpoint, variant, health.state) {
            Ok(tier) => kept.push(Kept { model, endpoint, health, tier }),
            Err((reason, layer)) => dropped.push(Dropped::new(model, endpoint, reason, layer)),
        }
    }
    kept
}

/// The rank of the endpoint's tier, or why it is left out.
fn admitted(
    question: &Question<'_>,
    intent: &Intent<'_>,
    model: &Model,
    endpoint: &Endpoint,
    variant: Option<SortBy>,
    state: HealthState,
) -> Result<u8, filter::Refusal> {
    if state == HealthState::Absent {
        return Err((NOT_CONFIGURED, None));
    }
    let Some(tier) = tier::rank(endpoint, model, question.need, intent, variant) else {
        return Err(("service tier not asked for", None));
    };
    if let Some(refusal) = filter::refusal(question, intent, model, endpoint) {
        return Err(refusal);
    }
    match intent.no_fallbacks() {
        Some(layer)
            if !intent.order.is_empty()
                && !intent.order.iter().any(|wanted| names::names_endpoint(wanted, endpoint)) =>
        {
            Err((NO_FALLBACKS, Some(layer)))
        }
        _ => Ok(tier),
    }
}

/// Why an endpoint without a connection of ours is left out.
pub(super) const NOT_CONFIGURED: &str = "no upstream configured";
/// Why everything beyond the primary choice is left out.
pub(super) const NO_FALLBACKS: &str = "allow_fallbacks is false";
