//! [`Intent`]: what all layers say together about one request.

use super::policy::{Auto, Cutoffs, Facts, Layer, Prefer, Restrict, Scope, Sort};
use crate::money::Amount;
use std::sync::Arc;

/// What the active rules of all layers say together.
#[derive(Debug, Clone, Default)]
pub struct Intent<'a> {
    /// What is forbidden, each with the place of its layer.
    pub(super) restrictions: Vec<(usize, &'a Restrict)>,
    /// Providers or tags to try first.
    pub(super) order: &'a [String],
    /// What replaces load balancing, and who says so.
    pub(super) sort: Option<(Sort, Standing)>,
    /// Tokens per second below which an endpoint is moved last.
    pub(super) min_throughput: Option<Cutoffs>,
    /// Seconds to the first token above which an endpoint is moved last.
    pub(super) max_latency: Option<Cutoffs>,
    /// How the automatic router chooses.
    pub(super) auto: Option<&'a Auto>,
    default_model: Option<&'a str>,
    applied: Vec<usize>,
}

/// How firmly a preference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A default of an outer layer.
    Default,
    /// The request's own word, or a locked one.
    Firm,
}

impl<'a> Intent<'a> {
    /// Merges the layers. Restrictions add up; of preferences the layer nearest to the request wins, unless an outer rule is
    /// locked. Layers count by scope, not by their place in the list.
    #[must_use]
    pub fn of(layers: &'a [Arc<Layer>], facts: &'a Facts, seed: u64) -> Self {
        let mut intent = Self::default();
        let mut locks = Locks::default();
        let mut places: Vec<usize> = (0..layers.len()).collect();
        places.sort_by_key(|at| layers.get(*at).map(|layer| layer.scope));
        for (at, layer) in places.into_iter().filter_map(|at| Some((at, layers.get(at)?))) {
            let before = intent.restrictions.len();
            let mut applies = false;
            for rule in layer.active(facts, seed) {
                applies |= !rule.prefer.is_empty();
                if !rule.restrict.is_empty() {
                    intent.restrictions.push((at, &rule.restrict));
                }
                intent.prefer(&rule.prefer, layer.scope, rule.locked, &mut locks);
            }
            if applies || intent.restrictions.len() > before {
                intent.applied.push(at);
            }
        }
        intent
    }

    fn prefer(&mut self, prefer: &'a Prefer, scope: Scope, locked: bool, locks: &mut Locks) {
        let standing = if locked || scope == Scope::Request { Standing::Firm } else { Standing::Default };
        let sort = prefer.sort.map(|sort| (sort, standing));
        let order = prefer.order.as_deref();
        if let Some(order) = take(order, locked, &mut locks.order) {
            self.order = order;
        }
        self.sort = take(sort, locked, &mut locks.sort).or(self.sort);
        self.min_throughput = take(prefer.min_throughput, locked, &mut locks.throughput).or(self.min_throughput);
        self.max_latency = take(prefer.max_latency, locked, &mut locks.latency).or(self.max_latency);
        self.auto = take(prefer.auto.as_ref(), locked, &mut locks.auto).or(self.auto);
        self.default_model = take(prefer.default_model.as_deref(), locked, &mut locks.model).or(self.default_model);
    }

    /// Places of the layers that say something about this request, outermost first.
    #[must_use]
    pub fn applied(&self) -> &[usize] {
        &self.applied
    }

    /// The lowest ceiling over all attempts together that any layer sets.
    #[must_use]
    pub fn max_cost(&self) -> Option<Amount> {
        self.restrictions.iter().filter_map(|(_, restrict)| restrict.max_cost).min()
    }

    /// The model of a request that names none.
    #[must_use]
    pub const fn default_model(&self) -> Option<&'a str> {
        self.default_model
    }

    /// Whether nothing beyond the primary choice or the listed order may serve, and by whose word.
    pub(super) fn no_fallbacks(&self) -> Option<usize> {
        self.restrictions.iter().find(|(_, restrict)| restrict.no_fallbacks).map(|(at, _)| *at)
    }
}

#[derive(Default)]
struct Locks {
    order: bool,
    sort: bool,
    throughput: bool,
    latency: bool,
    auto: bool,
    model: bool,
}

/// The value, unless an outer rule has locked its field.
fn take<T>(value: Option<T>, locks: bool, locked: &mut bool) -> Option<T> {
    let value = value.filter(|_| !*locked)?;
    *locked |= locks;
    Some(value)
}
