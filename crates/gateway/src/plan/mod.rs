//! Plan: which endpoints to try, in which order, and what each could cost at most.

mod draft;
mod quote;
pub(crate) mod wishes;

pub use draft::{Draft, Given};
pub use quote::{Quote, estimate_prompt_tokens, text_tokens};

use crate::accept::Ask;
use crate::authenticate::Caller;
use crate::reply::Refusal;
use crate::state::Gateway;
use domain::generation::Exclusion;
use domain::money::Amount;
use domain::route::{Candidate, RequestRouting, Strategy};

/// The attempts, each with its price, and what was left out.
#[derive(Debug)]
pub struct Plan {
    /// Attempts in order; never empty.
    pub attempts: Vec<PlannedAttempt>,
    /// What was left out, and why; at most 64 are kept.
    pub excluded: Vec<Exclusion>,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// Every attempt costs nothing.
    pub is_free: bool,
    /// How the choice came about.
    pub routing: Box<Routing>,
}

/// How a choice came about: what later stages and the caller's metadata say about it.
#[derive(Debug, Clone)]
pub struct Routing {
    /// How the first model was found.
    pub strategy: Strategy,
    /// Id of the first model, if the client named one.
    pub first: Option<String>,
    /// Models that were found as the newest of their family.
    pub families: Vec<String>,
    /// What the client asked for, in order.
    pub requested: Vec<String>,
    /// The policies that said something, outermost first.
    pub policies: Vec<String>,
    /// Makes the plan reproducible.
    pub seed: u64,
    /// The most that all attempts together may cost.
    pub ceiling: Option<Amount>,
    /// The request's own words about routing.
    pub words: RequestRouting,
}

impl Routing {
    /// What the client asked for first, as written.
    pub fn asked(&self) -> &str {
        self.requested.first().map_or("", String::as_str)
    }
}

/// One planned attempt and what it could cost.
#[derive(Debug, Clone)]
pub struct PlannedAttempt {
    /// Model, endpoint and reason.
    pub candidate: Candidate,
    /// Its price ceiling.
    pub quote: Quote,
}

/// Most exclusions that a record keeps.
const EXCLUDED_MAX: usize = 64;

/// Plans a request from the catalogue, the policies, the configured upstreams and the health book.
///
/// # Errors
/// [`Refusal`]: 400 for an unknown model or routing fields that cannot be read, 404 when no endpoint is left, naming the
/// filters that emptied the set and the policies that demand them.
pub fn plan(gateway: &Gateway, ask: &Ask, caller: &Caller) -> Result<Plan, Refusal> {
    let given = Given { seed: ask.seed, health: None };
    let draft = Draft::new(gateway, ask, caller, &given)?;
    if let Some(refusal) = draft.refusal() {
        return Err(refusal);
    }
    // What is configured tells more than what is not.
    let (other, telling): (Vec<_>, Vec<_>) = draft.dropped.iter().partition(|out| out.is_unconfigured());
    let excluded =
        telling.into_iter().chain(other).take(EXCLUDED_MAX).map(|out| out.exclusion(&draft.layers)).collect();
    Ok(Plan {
        is_free: draft.attempts.iter().all(|attempt| attempt.candidate.endpoint.price.is_free()),
        attempts: draft.attempts,
        excluded,
        prompt_tokens: draft.prompt_tokens,
        routing: Box::new(draft.routing),
    })
}
