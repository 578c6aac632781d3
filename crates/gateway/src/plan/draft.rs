//! A draft: the plan with everything that explains it, before it is known whether anything is left.

use super::{PlannedAttempt, Quote, Routing, estimate_prompt_tokens, wishes};
use crate::accept::Ask;
use crate::authenticate::Caller;
use crate::reply::{Refusal, availability};
use crate::state::Gateway;
use domain::catalog::Endpoint;
use domain::error_kind::ErrorKind;
use domain::money::Amount;
use domain::route::policy::Layer;
use domain::route::{
    self, Candidate, Dropped, Health, HealthState, Intent, Need, Question, RequestRouting, Strategy, Target, Wanted,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands in for chance and for the health book; both are as they are when absent.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The seed of the plan.
    pub seed: Option<u64>,
    /// How endpoints fare, by tag; whoever is not named is stable.
    pub health: Option<BTreeMap<String, Health>>,
}

/// A plan that may be empty, and what it was made of.
#[derive(Debug)]
pub struct Draft {
    /// Attempts in order, each with its price.
    pub attempts: Vec<PlannedAttempt>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// The layers that the plan was made under, the request's own among them.
    pub layers: Vec<Arc<Layer>>,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// What is remembered about the choice.
    pub routing: Routing,
    is_router: bool,
}

impl Draft {
    /// Plans a request for a caller.
    ///
    /// # Errors
    /// [`Refusal`] for routing fields that cannot be read and for models that lead nowhere.
    pub fn new(gateway: &Gateway, ask: &Ask, caller: &Caller, given: &Given) -> Result<Self, Refusal> {
        let words = wishes::routing(&ask.chat)?;
        let seed = given.seed.unwrap_or_else(|| gateway.random.number());
        let mut layers = caller.policies.clone();
        layers.push(Arc::new(words.layer()));
        let facts = wishes::facts(gateway, ask, &layers);
        let intent = Intent::of(&layers, &facts, seed);
        let requested = requested(gateway, ask, &intent)?;
        let prompt_tokens = estimate_prompt_tokens(ask.chat.shape());
        let need = wishes::need(ask, prompt_tokens);
        let catalog = gateway.catalog.load();
        let today = gateway.clock.now().to_date();
        let wanted = route::resolve(&catalog, &requested, need.output, &today)
            .map_err(|error| availability::unresolved(&error, &requested))?;
        let (upstreams, now) = (gateway.upstreams.load(), gateway.clock.elapsed());
        let health = |endpoint: &Endpoint| match (upstreams.live(&endpoint.provider.slug), &given.health) {
            (None, _) => Health::of(HealthState::Absent),
            (Some(_), Some(given)) => given.get(&endpoint.tag).copied().unwrap_or_default(),
            (Some(upstream), None) => gateway.health.of(endpoint, upstream, now),
        };
        let bound = Bound::of(gateway, ask, intent.max_cost());
        let quote = |endpoint: &Endpoint| bound.lower(Quote::of(endpoint, &ask.chat, prompt_tokens));
        let recall = gateway.sticky.recall(ask, caller.key.account().id(), now);
        let question = Question {
            wanted: &wanted,
            need: &need,
            catalog: &catalog,
            today: &today,
            health: &health,
            ceiling: &|endpoint| quote(endpoint).hold(),
            served_before: &|endpoint| recall.has_served(endpoint),
            balance: gateway.settings.balance,
            seed,
        };
        let plan = largest(route::plan(&question, &intent), &question, &intent);
        let applied = intent.applied().iter().filter_map(|at| layers.get(*at)).map(|layer| layer.label()).collect();
        let planned = |candidate: route::Candidate| PlannedAttempt { quote: quote(&candidate.endpoint), candidate };
        Ok(Self {
            attempts: plan.attempts.into_iter().map(planned).collect(),
            dropped: plan.dropped,
            prompt_tokens,
            is_router: wanted.iter().any(|wanted| matches!(wanted.target, Target::Router(_))),
            routing: Routing { ceiling: intent.max_cost(), ..remembered(&wanted, requested, applied, seed, words) },
            layers,
        })
    }

    /// What the caller is told when nothing is left.
    pub fn refusal(&self) -> Option<Refusal> {
        let is_empty = self.attempts.is_empty();
        is_empty
            .then(|| availability::nothing_left(&self.routing.requested, self.is_router, &self.dropped, &self.layers))
    }
}

/// The plan; or, where prompts are compressed and even half of this one is too long for everybody, the endpoints of the largest
/// context among those that compress.
fn largest(plan: route::Plan, question: &Question<'_>, intent: &Intent<'_>) -> route::Plan {
    if !plan.attempts.is_empty() || question.need.compressed_up_to == 0 {
        return plan;
    }
    let need = Need { prompt_tokens: 0, ..question.need.clone() };
    let mut wider = route::plan(&Question { need: &need, ..question.clone() }, intent);
    let context = |candidate: &Candidate| candidate.endpoint.context_length;
    wider.attempts.retain(|candidate| context(candidate) <= need.compressed_up_to);
    let most = wider.attempts.iter().map(context).max();
    wider.attempts.retain(|candidate| Some(context(candidate)) == most);
    if wider.attempts.is_empty() { plan } else { wider }
}

fn remembered(
    wanted: &[Wanted],
    requested: Vec<String>,
    policies: Vec<String>,
    seed: u64,
    words: RequestRouting,
) -> Routing {
    let families = wanted.iter().filter_map(|wanted| match &wanted.target {
        Target::Model(model) if wanted.strategy == Strategy::Latest => Some(model.id.clone()),
        _ => None,
    });
    let first = wanted.first().and_then(|wanted| match &wanted.target {
        Target::Model(model) => Some(model.id.clone()),
        Target::Router(_) => None,
    });
    Routing {
        strategy: wanted.first().map(|wanted| wanted.strategy).unwrap_or_default(),
        families: families.collect(),
        first,
        requested,
        policies,
        seed,
        ceiling: None,
        words,
    }
}

/// A ceiling over the whole request. Without a limit of the caller's the answer is kept as short as the ceiling affords,
/// as it is when the credit is short.
struct Bound {
    ceiling: Option<Amount>,
    affordable_min: u64,
}

impl Bound {
    fn of(gateway: &Gateway, ask: &Ask, ceiling: Option<Amount>) -> Self {
        let ceiling = ceiling.filter(|_| ask.chat.output_limit().is_none());
        Self { ceiling, affordable_min: gateway.settings.affordable_min }
    }

    fn lower(&self, quote: Quote) -> Quote {
        let affordable = self.ceiling.map(|ceiling| quote.affordable(ceiling));
        match affordable.filter(|affordable| *affordable >= self.affordable_min) {
            Some(affordable) => quote.lowered_to(affordable),
            None => quote,
        }
    }
}

/// The models that are asked for, in order: `model`, `models`, else the default of the policies, else the server's.
fn requested(gateway: &Gateway, ask: &Ask, intent: &Intent<'_>) -> Result<Vec<String>, Refusal> {
    let mut requested: Vec<String> = ask.chat.model().map(str::to_owned).into_iter().collect();
    requested.extend(ask.chat.models().iter().filter(|model| Some(model.as_str()) != ask.chat.model()).cloned());
    if requested.is_empty() {
        requested.extend(intent.default_model().map(str::to_owned).or_else(|| gateway.settings.default_model.clone()));
    }
    if requested.is_empty() {
        return Err(Refusal::new(ErrorKind::InvalidRequest, "No model given and no default model is set"));
    }
    Ok(requested)
}
