//! [`Trip`]: what one admitted request carries through its attempts, and the guard that ends it.

use super::health::{Failed, Pass};
use super::sticky::{Topic, topic};
use crate::accept::Ask;
use crate::journey;
use crate::plan::{PlannedAttempt, Routing};
use crate::prepare::{Prepared, Readied};
use crate::reply::metadata;
use crate::settle::{Ended, Receipt, estimate_tokens};
use crate::state::Gateway;
use dialect::canonical::reply::{Finish, UpstreamError};
use dialect::inbound::Dialect;
use dialect::upstream::ToolNames;
use domain::catalog::Endpoint;
use domain::error_kind::ErrorKind;
use domain::generation::{Attempt, AttemptOutcome, Ending, Exclusion, Opening, Rejection};
use domain::id::{AccountId, GenerationId};
use domain::money::{Amount, CostKind, PriceSheet};
use domain::usage::Usage;
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use store::lease::KeyHold;

/// An admitted request on its way. Ends exactly once: through [`Trip::end`], or, when dropped, as cancelled and free.
#[derive(Debug)]
pub struct Trip {
    gateway: Arc<Gateway>,
    hold: Option<KeyHold>,
    /// The admission of the attempt that is under way or serves.
    pass: Option<Pass>,
    /// The request.
    pub ask: Box<Ask>,
    /// Planned attempts.
    pub planned: Vec<PlannedAttempt>,
    /// Attempts so far.
    pub attempts: Vec<Attempt>,
    /// What was gathered for the request.
    pub readied: Readied,
    /// What was done to the answer, as entries of the pipeline.
    pub mended: Vec<Value>,
    /// What encoding dropped or changed, for the caller's metadata.
    pub notes: Vec<String>,
    /// Output limit in place of the caller's.
    pub output_cap: Option<u64>,
    /// What the caller wrote as the model.
    pub asked: String,
    /// How the choice came about.
    pub routing: Box<Routing>,
    /// From acceptance to admission.
    pub overhead: Duration,
    excluded: Vec<Exclusion>,
    gist: Option<Gist>,
    prompt_tokens: u64,
    is_free: bool,
    is_collected: bool,
}

/// Most characters kept of a model's name as a provider reports it.
const REPORTED_MAX: usize = 128;

/// What is still needed of a request whose text is gone.
#[derive(Debug)]
struct Gist {
    customer: Option<String>,
    feature: Option<String>,
    topic: Option<Topic>,
}

/// How an answer came out, for [`Trip::end`].
#[derive(Debug)]
pub struct Outcome {
    /// The attempt that served, as an index into `planned`; `None` when none did.
    pub served: Option<usize>,
    /// What the provider reported.
    pub usage: Option<Usage>,
    /// Bytes of generated text that went out.
    pub delivered_bytes: u64,
    /// How the provider ended.
    pub finish: Option<Finish>,
    /// How it ended for us.
    pub ending: Ending,
    /// Status that the client saw.
    pub status: u16,
    /// Error that the client saw.
    pub error: Option<ErrorKind>,
    /// The provider's id of the call.
    pub upstream_id: Option<String>,
    /// Tier that served.
    pub service_tier: Option<String>,
    /// From acceptance to the first content.
    pub first_content: Option<Duration>,
}

impl Outcome {
    /// Nothing was served.
    pub const fn unserved(ending: Ending, status: u16, error: Option<ErrorKind>) -> Self {
        Self {
            served: None,
            usage: None,
            delivered_bytes: 0,
            finish: None,
            ending,
            status,
            error,
            upstream_id: None,
            service_tier: None,
            first_content: None,
        }
    }
}

impl Trip {
    /// Starts a trip.
    pub fn new(gateway: &Arc<Gateway>, prepared: Prepared) -> Self {
        let Prepared { ask, admission, readied } = prepared;
        let overhead = gateway.clock.elapsed().saturating_sub(ask.started);
        gateway.metrics.admitted(overhead);
        Self {
            gateway: Arc::clone(gateway),
            hold: Some(admission.hold),
            pass: None,
            planned: admission.plan.attempts,
            attempts: Vec::new(),
            readied,
            mended: Vec::new(),
            notes: Vec::new(),
            output_cap: admission.output_cap,
            asked: admission.plan.routing.asked().to_owned(),
            routing: admission.plan.routing,
            overhead,
            excluded: admission.plan.excluded,
            gist: None,
            prompt_tokens: admission.plan.prompt_tokens,
            is_free: admission.plan.is_free,
            // Vectors have no streamed form.
            is_collected: admission.is_collected && ask.dialect != Dialect::Embeddings,
            ask,
        }
    }

    /// Id of the generation.
    pub const fn id(&self) -> GenerationId {
        self.ask.id
    }

    /// Whether the answer is streamed.
    pub const fn is_stream(&self) -> bool {
        self.ask.chat.is_stream()
    }

    /// Whether a provider of the caller's own format is quoted: not when tool names must be mapped back inside its words,
    /// nor when its thinking must be kept from the caller.
    pub fn is_quoted(&self, names: &ToolNames) -> bool {
        self.ask.dialect == Dialect::Messages && names.is_empty() && !self.ask.chat.wants_reasoning_hidden()
    }

    /// Whether the provider is asked for a stream.
    pub const fn is_stream_upstream(&self) -> bool {
        self.is_collected || self.is_stream()
    }

    /// The hold, while the trip lasts.
    pub const fn hold_mut(&mut self) -> Option<&mut KeyHold> {
        self.hold.as_mut()
    }

    /// Who pays, while the trip lasts.
    pub fn account(&self) -> Option<AccountId> {
        self.hold.as_ref().map(|hold| hold.key().account().id())
    }

    /// Whether the key may still be used.
    pub fn is_key_usable(&self) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.key().is_usable(self.gateway.clock.now()))
    }

    /// Estimated prompt tokens.
    pub const fn prompt_tokens(&self) -> u64 {
        self.prompt_tokens
    }

    /// Takes over the admission of an attempt that starts; the one before it has been reported.
    pub fn attempt_starts(&mut self, pass: Pass) {
        self.pass = Some(pass);
    }

    /// The first content of a stream has arrived.
    pub fn attempt_begins(&mut self) {
        if let Some(pass) = &mut self.pass {
            pass.begun(self.gateway.clock.elapsed());
        }
    }

    /// A whole answer of so many tokens has arrived at once.
    pub fn attempt_arrives(&mut self, tokens: u64) {
        if let Some(mut pass) = self.pass.take() {
            pass.arrived(tokens, self.gateway.clock.elapsed());
        }
    }

    /// The attempt under way has failed, before or after its first content.
    pub fn attempt_fails(&mut self, failed: Failed) {
        if let Some(mut pass) = self.pass.take() {
            pass.failed(failed, self.gateway.clock.elapsed());
        }
    }

    /// The provider of the attempt that answers says which model it uses; another one than it was asked for is counted and
    /// kept, at most [`REPORTED_MAX`] characters of its name.
    pub fn reported(&mut self, at: usize, model: Option<&str>) {
        let (Some(model), Some(planned)) = (model, self.planned.get(at)) else { return };
        if !is_same_model(model, &planned.candidate.endpoint.upstream_id) {
            self.gateway.metrics.served_differs("reported");
            if let Some(last) = self.attempts.last_mut() {
                last.reported_model = Some(model.chars().take(REPORTED_MAX).collect());
            }
        }
    }

    /// The answer broke after it had begun.
    pub fn attempt_breaks(&mut self, error: &UpstreamError) {
        self.attempt_fails(Failed { class: error.class, status: error.status, wait: None, is_stall: false });
    }

    /// Monotonic time since acceptance.
    pub fn elapsed(&self) -> Duration {
        self.gateway.clock.elapsed().saturating_sub(self.ask.started)
    }

    /// The facts of the generation as they stand, for the OPEN record and the row.
    pub fn opening(&self, served: Option<usize>) -> Option<Opening> {
        let hold = self.hold.as_ref()?;
        let key = hold.key();
        let tried = self.attempts.last().and_then(|last| {
            self.planned.iter().position(|planned| planned.candidate.endpoint.tag == last.endpoint_tag)
        });
        let planned = self.planned.get(served.or(tried).unwrap_or(0))?;
        let endpoint = &planned.candidate.endpoint;
        let rates = endpoint.price.at(self.prompt_tokens);
        Some(Opening {
            id: self.ask.id,
            account: key.account().id(),
            workspace: key.settings().workspace.or(key.account().workspace()),
            key: key.id(),
            created_at: self.ask.received_at,
            model_asked: self.asked.clone(),
            model: planned.candidate.model.id.clone(),
            provider_slug: endpoint.provider.slug.clone(),
            provider_name: endpoint.provider.name.clone(),
            endpoint_tag: endpoint.tag.clone(),
            attempt: self.attempts.last().map_or(0, |attempt| attempt.index),
            api_type: self.ask.dialect.api_type().to_owned(),
            streamed: self.is_stream(),
            price_version: endpoint.price_version.clone(),
            prompt_price: rates.prompt,
            completion_price: rates.completion,
            fixed_price: self.fixed_price(&endpoint.price),
            prompt_tokens: self.prompt_tokens,
            hold: hold.amount(),
            user: self.ask.chat.user().map(str::to_owned),
            customer: self.label("customer", |gist| &gist.customer),
            feature: self.label("feature", |gist| &gist.feature),
            session_id: self.ask.session_id.clone(),
            app_title: self.ask.app_title.clone(),
            app_url: self.ask.app_url.clone(),
            user_agent: self.ask.user_agent.clone(),
            region: self.gateway.settings.region.clone(),
            data_policy: Some(policy_text(endpoint.data_policy, &self.routing.policies)),
            is_free: self.is_free,
            preset: self.ask.preset,
            service_tier: None,
        })
    }

    /// Femto-dollars of what a request costs however long its prompt and answer are. From the price alone: a quote also
    /// covers the worst case of the documents, which may be another one on every endpoint.
    fn fixed_price(&self, price: &PriceSheet) -> i64 {
        let images = i64::from(self.ask.chat.shape().images);
        let images = price.rate(CostKind::Image).femtos().saturating_mul(images);
        images.saturating_add(price.rate(CostKind::Request).femtos())
    }

    /// The facts of a stream whose first content is about to leave, for the OPEN record: at the prices of the tier that the
    /// provider has named by then, where none of them is above what was agreed on.
    pub fn beginning(&self, at: usize, tier: Option<&str>) -> Option<Opening> {
        let mut opening = self.opening(Some(at))?;
        opening.service_tier = tier.map(str::to_owned);
        let Some(served) = self.planned.get(at).and_then(|planned| served_as(planned, tier)) else {
            return Some(opening);
        };
        let rates = served.price.at(self.prompt_tokens);
        let fixed = self.fixed_price(&served.price);
        if rates.prompt <= opening.prompt_price
            && rates.completion <= opening.completion_price
            && fixed <= opening.fixed_price
        {
            (opening.prompt_price, opening.completion_price) = (rates.prompt, rates.completion);
            opening.fixed_price = fixed;
            opening.price_version.clone_from(&served.price_version);
        }
        Some(opening)
    }

    /// Lets go of the request's text and headers, once the attempt `at` has begun to stream: nothing is sent again.
    pub fn release_request(&mut self, at: usize) {
        let endpoint = self.planned.get(at).map(|planned| &planned.candidate.endpoint);
        let is_kept = endpoint.is_some_and(|endpoint| self.gateway.sticky.is_kept(endpoint));
        self.gist = Some(Gist {
            customer: self.metadata_text("customer"),
            feature: self.metadata_text("feature"),
            topic: if is_kept { topic(&self.ask) } else { None },
        });
        self.ask.chat.release();
        self.ask.headers = HeaderMap::new();
    }

    /// One of the caller's labels, from the request or from what is left of it.
    fn label(&self, name: &str, kept: fn(&Gist) -> &Option<String>) -> Option<String> {
        self.gist.as_ref().map_or_else(|| self.metadata_text(name), |gist| kept(gist).clone())
    }

    /// One value of the caller's `metadata`.
    fn metadata_text(&self, name: &str) -> Option<String> {
        let value: Value = serde_json::from_str(self.ask.chat.field("metadata")?).ok()?;
        value.get(name)?.as_str().map(str::to_owned)
    }

    /// `openrouter_metadata` as it stands, when the caller asked for it.
    pub fn router_metadata(&self) -> Option<Value> {
        let region = self.gateway.settings.region.as_deref();
        self.ask.wants_metadata.then(|| {
            metadata::describe(&metadata::Told {
                asked: &self.asked,
                routing: &self.routing,
                region,
                planned: &self.planned,
                excluded: self.excluded.len(),
                attempts: &self.attempts,
                notes: &self.notes,
                pipeline: [self.readied.pipeline(), self.mended.clone()].concat(),
                elapsed: self.elapsed(),
            })
        })
    }

    /// Attempts that were made so far.
    pub fn tried(&self) -> u16 {
        let tried = self.attempts.iter().filter(|attempt| attempt.outcome != AttemptOutcome::Skipped).count();
        u16::try_from(tried).unwrap_or(u16::MAX)
    }

    /// Notes an attempt that was not made.
    pub fn skipped(&mut self, at: usize, reason: &str) {
        self.note(at, None, AttemptOutcome::Skipped, reason, self.elapsed(), None);
    }

    /// Whether it has ended.
    pub const fn is_over(&self) -> bool {
        self.hold.is_none()
    }

    /// The last attempt answered, and its answer broke off before the client saw any of it.
    pub fn last_broke(&mut self, reason: &str) {
        if let Some(last) = self.attempts.last_mut() {
            last.outcome = AttemptOutcome::Failed;
            reason.clone_into(&mut last.reason);
        }
    }

    /// The last attempt answered, and the caller's rules rejected the answer. `false` when the credit does not allow another
    /// attempt beside what this one cost.
    pub fn last_rejected(&mut self, mut rejection: Rejection) -> bool {
        let cost = self.left().map_or(rejection.cost, |left| rejection.cost.min(left));
        rejection.cost = cost;
        if let Some(last) = self.attempts.last_mut() {
            let broken: Vec<_> =
                rejection.verdicts.iter().map(|verdict| format!("{} ({})", verdict.rule, verdict.problem)).collect();
            last.outcome = AttemptOutcome::Rejected;
            last.reason = format!("the answer breaks {}", broken.join(", "));
            last.rejection = Some(Box::new(rejection));
        }
        self.hold_mut().is_some_and(|hold| hold.extend(cost).is_ok())
    }

    /// The output limit to send in place of the caller's: as much as the credit and the ceiling of the request afford.
    pub fn output_limit(&self, planned: &PlannedAttempt) -> Option<u64> {
        let affordable = self.left().map(|left| planned.quote.affordable(left));
        let most = planned.candidate.endpoint.max_completion_tokens.unwrap_or(u64::MAX);
        let lowered = affordable.filter(|affordable| self.ask.chat.output_limit().is_none() && *affordable < most);
        [self.output_cap, lowered].into_iter().flatten().min()
    }

    /// Whether another attempt fits under the ceiling of the request, whatever it answers.
    pub fn is_within_ceiling(&self, planned: &PlannedAttempt, least: u64) -> bool {
        let wanted = self.ask.chat.output_limit().unwrap_or(least);
        self.left().is_none_or(|left| planned.quote.affordable(left) >= wanted)
    }

    /// What the ceiling of the request leaves beside what rejected answers cost.
    fn left(&self) -> Option<Amount> {
        let spent = self.attempts.iter().filter_map(|attempt| Some(attempt.rejection.as_ref()?.cost));
        self.routing.ceiling.map(|ceiling| spent.fold(ceiling, Amount::saturating_sub))
    }

    /// Why answers were rejected so far, attempt by attempt.
    pub fn verdicts(&self) -> Vec<Value> {
        let rejected = self.attempts.iter().filter_map(|attempt| Some((attempt, attempt.rejection.as_ref()?)));
        rejected
            .map(|(attempt, rejection)| {
                json!({
                    "provider": attempt.provider_name,
                    "model": attempt.model,
                    "cost": rejection.cost.to_usd(),
                    "verdicts": rejection.verdicts,
                })
            })
            .collect()
    }

    /// Notes an attempt.
    pub fn note(
        &mut self,
        at: usize,
        status: Option<u16>,
        outcome: AttemptOutcome,
        reason: &str,
        started: Duration,
        duration: Option<Duration>,
    ) {
        let Some(planned) = self.planned.get(at) else { return };
        let endpoint = &planned.candidate.endpoint;
        // That it served is its outcome; what only the plan knows is why it was its turn.
        let reason = if outcome == AttemptOutcome::Served { planned.candidate.reason } else { reason };
        let tried = self.tried();
        self.attempts.push(Attempt {
            index: tried.saturating_add(1),
            model: planned.candidate.model.id.clone(),
            provider_slug: endpoint.provider.slug.clone(),
            provider_name: endpoint.provider.name.clone(),
            endpoint_tag: endpoint.tag.clone(),
            status,
            outcome,
            reason: reason.to_owned(),
            started_ms: u64::try_from(started.as_millis()).unwrap_or(u64::MAX),
            duration_ms: duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
            rejection: None,
            reported_model: None,
        });
    }

    /// Ends the trip: settles, records, and says what it cost. `None` when it had already ended.
    pub fn end(&mut self, outcome: Outcome) -> Option<Receipt> {
        let opening = self.opening(outcome.served)?;
        self.close_pass(&outcome);
        let hold = self.hold.take()?;
        let planned = outcome.served.and_then(|at| self.planned.get(at)).or_else(|| self.planned.first());
        let served_as = planned.and_then(|planned| served_as(planned, outcome.service_tier.as_deref())).cloned();
        let (price, context_length) = planned
            .map(|planned| (Arc::clone(&planned.candidate.endpoint.price), planned.candidate.endpoint.context_length))
            .unwrap_or_default();
        let ended = Ended {
            opening,
            hold,
            price,
            served_as,
            context_length: context_length.max(1),
            usage: outcome.usage,
            delivered_bytes: outcome.delivered_bytes,
            images: u64::from(self.ask.chat.shape().images),
            finish: outcome.finish,
            ending: outcome.ending,
            status: outcome.status,
            error: outcome.error,
            attempts: std::mem::take(&mut self.attempts),
            excluded: std::mem::take(&mut self.excluded),
            upstream_id: outcome.upstream_id,
            service_tier: outcome.service_tier,
            first_content: outcome.first_content,
            elapsed: self.elapsed(),
            was_served: outcome.served.is_some(),
            ceiling: self.routing.ceiling,
        };
        Some(journey::finish(&self.gateway, ended))
    }
}

impl Trip {
    /// Reports a whole answer to the health book and remembers who has the conversation's prompt in cache.
    fn close_pass(&mut self, outcome: &Outcome) {
        let is_whole = matches!(outcome.ending, Ending::Completed | Ending::BudgetEnded);
        if let (Some(mut pass), true) = (self.pass.take(), is_whole && outcome.served.is_some()) {
            let estimate = estimate_tokens(outcome.delivered_bytes);
            let tokens = outcome.usage.map_or(estimate, |usage| usage.completion_tokens());
            pass.ended(tokens, self.gateway.clock.elapsed());
        }
        let served = outcome.served.and_then(|at| self.planned.get(at));
        let (Some(served), Some(first), true) = (served, self.planned.first(), is_whole) else { return };
        let (model, endpoint) = (&served.candidate.model, &served.candidate.endpoint);
        if model.id != first.candidate.model.id {
            self.gateway.metrics.served_differs("fallback");
        }
        if let Some(account) = self.account().filter(|_| self.gateway.sticky.is_kept(endpoint)) {
            let cached = |usage: Usage| usage.input_cache_read.saturating_add(usage.cache_write_tokens());
            let used_cache = outcome.usage.is_some_and(|usage| cached(usage) > 0);
            let is_wanted = used_cache || self.ask.session_id.is_some();
            let found = || self.gist.as_ref().map_or_else(|| topic(&self.ask), |gist| gist.topic);
            if let Some(topic) = is_wanted.then(found).flatten() {
                self.gateway.sticky.keep(topic, account, endpoint, used_cache, self.gateway.clock.elapsed());
            }
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        if self.hold.is_some() {
            // The client left, or a panic unwinds, before any provider had answered: nothing is owed.
            let _receipt = self.end(Outcome::unserved(Ending::Cancelled, 499, None));
        }
    }
}

/// The endpoint of the tier that the provider says has served, when it is another one than the attempt asked for.
pub fn served_as<'a>(planned: &'a PlannedAttempt, tier: Option<&str>) -> Option<&'a Arc<Endpoint>> {
    planned.candidate.model.served_as(&planned.candidate.endpoint, tier?)
}

/// Whether a provider's name for the model that it used means the one it was asked for: providers add dates and paths.
fn is_same_model(reported: &str, asked: &str) -> bool {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let (reported, asked) = (last(reported), last(asked));
    reported.starts_with(&asked) || asked.starts_with(&reported)
}

/// The endpoint's data policy, and the layers of policy that the choice was made under.
fn policy_text(policy: domain::catalog::DataPolicy, layers: &[String]) -> String {
    let word = |value: Option<bool>| match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let under = if layers.is_empty() { String::new() } else { format!("; under {}", layers.join(", ")) };
    format!(
        "trains: {}, retains: {}, zero retention: {}{under}",
        word(policy.training),
        word(policy.retains_prompts),
        word(policy.zdr)
    )
}
