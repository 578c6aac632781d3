//! In which order a list shows models. A model without the figure that is asked for comes last.

use super::shape::listed_price;
use crate::error::ControlError;
use crate::figures::{Measured, best};
use crate::query::Params;
use crate::state::Control;
use domain::catalog::Model;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Orders by figures that no entry of the catalogue has: every model lacks them alike, so the order stays as it is.
const UNKNOWN_FIGURES: [&str; 4] =
    ["intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low", "design-arena-elo-high-to-low"];

/// An order of models.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By id.
    Default,
    /// Latest publication first.
    Newest,
    /// Lowest price first.
    Cheapest,
    /// Highest price first.
    Dearest,
    /// Longest context first.
    Context,
    /// Most tokens of the last thirty days on this server first.
    Popular,
    /// Most tokens of the last seven days on this server first.
    PopularThisWeek,
    /// Fastest endpoint first, as measured here.
    Throughput,
    /// Shortest wait first, as measured here.
    Latency,
}

impl Order {
    pub(super) fn read(params: &Params) -> Result<Self, ControlError> {
        Ok(match params.one("sort")? {
            None => Self::Default,
            Some("newest") => Self::Newest,
            Some("pricing-low-to-high") => Self::Cheapest,
            Some("pricing-high-to-low") => Self::Dearest,
            Some("context-high-to-low") => Self::Context,
            Some("most-popular") => Self::Popular,
            Some("top-weekly") => Self::PopularThisWeek,
            Some("throughput-high-to-low") => Self::Throughput,
            Some("latency-low-to-high") => Self::Latency,
            Some(other) if UNKNOWN_FIGURES.contains(&other) => Self::Default,
            Some(_) => return Err(ControlError::invalid("sort", "is not a known order")),
        })
    }

    /// Whether the sums of use are needed.
    pub(super) const fn needs_popularity(self) -> bool {
        matches!(self, Self::Popular | Self::PopularThisWeek)
    }

    /// Puts models in order; those that are equal keep their place.
    pub(super) fn sort(
        self,
        models: &mut [Arc<Model>],
        control: &Control,
        popularity: Option<&HashMap<String, (u64, u64)>>,
    ) {
        let cost = |model: &Arc<Model>| {
            listed_price(model).map(|(prompt, completion)| prompt.femtos().saturating_add(completion.femtos()))
        };
        let used = |model: &Arc<Model>| popularity.and_then(|sums| sums.get(&model.id)).copied().unwrap_or((0, 0));
        match self {
            Self::Default => {}
            Self::Newest => models.sort_by_key(|model| Reverse(model.created)),
            Self::Cheapest => models.sort_by_key(|model| (cost(model).is_none(), cost(model))),
            Self::Dearest => models.sort_by_key(|model| Reverse(cost(model))),
            Self::Context => models.sort_by_key(|model| Reverse(model.context_length)),
            Self::Popular => models.sort_by_key(|model| Reverse(used(model).1)),
            Self::PopularThisWeek => models.sort_by_key(|model| Reverse(used(model).0)),
            Self::Throughput => by_figure(models, control, |measured| measured.throughput_last_30m.p50, false),
            Self::Latency => by_figure(models, control, |measured| measured.latency_last_30m.p50, true),
        }
    }
}

fn by_figure(models: &mut [Arc<Model>], control: &Control, pick: fn(&Measured) -> Option<f64>, is_least: bool) {
    models.sort_by_cached_key(|model| {
        let figure = best(control.measure.as_ref(), model, pick, is_least);
        // Positive floats sort like their bits; what is missing comes last either way.
        figure
            .filter(|figure| *figure >= 0.0)
            .map_or((true, 0), |figure| (false, if is_least { figure.to_bits() } else { u64::MAX - figure.to_bits() }))
    });
}
