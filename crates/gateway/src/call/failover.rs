//! The loop over attempts: whom to try next, when to stop, and what the caller is told when nobody answered.

use super::attempt::{self, Answering, AttemptFailure};
use super::health::{Bar, Barred, Failed, Pass, Terms};
use super::trip::{Outcome, Trip};
use super::verdict::{self, Next, Whose};
use crate::reply::Refusal;
use crate::reply::availability::{Code, Details};
use crate::state::Gateway;
use dialect::decode::{FailureClass, UpstreamError};
use domain::catalog::Endpoint;
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending, Rejection};
use edge::upstream::Upstream;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Where the loop stands.
#[derive(Debug, Default)]
pub struct Failover {
    at: usize,
    tried: usize,
    dead_models: HashSet<String>,
    /// What failed: the same under another name is not tried again.
    dead_targets: HashSet<Aim>,
    failures: Vec<Failure>,
    barred: Vec<(usize, Barred)>,
    /// The retry budget is spent.
    is_out_of_budget: bool,
    /// The credit does not allow another attempt beside the rejected ones.
    is_out_of_credit: bool,
}

#[derive(Debug)]
struct Failure {
    provider: String,
    failure: AttemptFailure,
}

/// What an attempt asks in the end. Service tiers fail apart from each other: they have capacities of their own.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Aim {
    provider: String,
    upstream_id: String,
    tier: Option<String>,
}

impl Aim {
    fn of(endpoint: &Endpoint) -> Self {
        Self {
            provider: endpoint.provider.slug.clone(),
            upstream_id: endpoint.upstream_id.clone(),
            tier: endpoint.service_tier.clone(),
        }
    }
}

/// The attempt that is under way.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Index into the planned attempts.
    pub at: usize,
    /// Since acceptance.
    pub started: Duration,
}

/// What can be tried.
struct Open {
    at: usize,
    upstream: Arc<Upstream>,
    pass: Pass,
}

impl Failover {
    /// Sends attempts until a provider answers with a successful head.
    ///
    /// # Errors
    /// [`Refusal`] when no attempt is left; the trip has then ended.
    pub async fn next(&mut self, gateway: &Gateway, trip: &mut Trip) -> Result<(Turn, Answering), Refusal> {
        while self.tried < gateway.settings.attempts_max
            && trip.elapsed() < gateway.settings.total
            && let Some(open) = self.open(gateway, trip)
        {
            let turn = Turn { at: open.at, started: trip.elapsed() };
            self.tried += 1;
            trip.attempt_starts(open.pass);
            let patience = self.patience(gateway, trip, turn.at);
            match attempt::send(gateway, trip, turn.at, &open.upstream, patience).await {
                Ok(answering) => return Ok((turn, answering)),
                Err(failure) => self.failed(gateway, trip, turn, failure),
            }
        }
        Err(self.give_up(trip))
    }

    /// The next planned attempt that nothing speaks against; the first barred one when all are barred.
    fn open(&mut self, gateway: &Gateway, trip: &mut Trip) -> Option<Open> {
        if self.is_out_of_credit || !self.is_affordable(gateway, trip) {
            return None;
        }
        while self.at < trip.planned.len() {
            let at = self.at;
            self.at += 1;
            let is_within = |planned| trip.is_within_ceiling(planned, gateway.settings.affordable_min);
            if !trip.planned.get(at).is_some_and(is_within) {
                trip.skipped(at, "max_cost");
                continue;
            }
            if let Some(reason) = self.is_dead(trip, at) {
                trip.skipped(at, reason);
                continue;
            }
            let Some(upstream) = attempt::upstream_of(gateway, trip, at) else {
                trip.skipped(at, "the upstream was switched off meanwhile");
                continue;
            };
            match Self::admit(gateway, trip, at, &upstream, Terms::Usual) {
                Ok(pass) => return Some(Open { at, upstream, pass }),
                Err(barred) => {
                    trip.skipped(at, barred.by.reason());
                    self.barred.push((at, barred));
                }
            }
        }
        if self.tried > 0 { None } else { self.last_resort(gateway, trip) }
    }

    /// Whether the model's retry budget pays for another attempt. What the caller's own list of models asks for, after a
    /// failure that is no provider's fault, is no retry.
    fn is_affordable(&mut self, gateway: &Gateway, trip: &Trip) -> bool {
        let Some(model) = trip.planned.first().map(|planned| planned.candidate.model.id.as_str()) else { return false };
        let now = gateway.clock.elapsed();
        let Some(last) = self.failures.last() else {
            gateway.health.request(model, now);
            return true;
        };
        if verdict::of(last.failure.error.class).whose == Whose::Callers || !self.has_more(trip) {
            return true;
        }
        self.is_out_of_budget = !gateway.health.retry(model, now);
        !self.is_out_of_budget
    }

    fn is_dead(&self, trip: &Trip, at: usize) -> Option<&'static str> {
        let candidate = &trip.planned.get(at)?.candidate;
        if self.dead_models.contains(&candidate.model.id) {
            return Some("the request was refused for this model");
        }
        // The usual request has nothing behind it.
        let is_known = !self.dead_targets.is_empty() && self.dead_targets.contains(&Aim::of(&candidate.endpoint));
        is_known.then_some("the same endpoint has just failed")
    }

    fn has_more(&self, trip: &Trip) -> bool {
        (self.at..trip.planned.len()).any(|at| self.is_dead(trip, at).is_none())
    }

    fn admit(gateway: &Gateway, trip: &Trip, at: usize, upstream: &Upstream, terms: Terms) -> Result<Pass, Barred> {
        let gone = Barred { by: Bar::Full, wait: Duration::ZERO };
        let endpoint = &trip.planned.get(at).ok_or(gone)?.candidate.endpoint;
        gateway.health.admit(endpoint, upstream, trip.prompt_tokens(), terms, gateway.clock.elapsed())
    }

    /// Everybody is out: the first whose breaker is the only thing in the way is tried, at a bounded rate over all requests.
    fn last_resort(&mut self, gateway: &Gateway, trip: &Trip) -> Option<Open> {
        for (at, barred) in std::mem::take(&mut self.barred) {
            let upstream = attempt::upstream_of(gateway, trip, at);
            let may_try = matches!(barred.by, Bar::Breaker | Bar::Credential);
            let tried = match (upstream, may_try) {
                (Some(upstream), true) => {
                    Self::admit(gateway, trip, at, &upstream, Terms::LastResort).map(|pass| Open { at, upstream, pass })
                }
                _ => Err(barred),
            };
            match tried {
                Ok(open) => return Some(open),
                Err(barred) => self.barred.push((at, barred)),
            }
        }
        None
    }

    /// How long the first token may take before somebody else is asked; `None` when nobody else is left to ask.
    fn patience(&self, gateway: &Gateway, trip: &Trip, at: usize) -> Option<Duration> {
        let candidate = &trip.planned.get(at)?.candidate;
        let can_go_on = self.tried < gateway.settings.attempts_max && self.has_more(trip);
        let now = gateway.clock.elapsed();
        let has_healthy = || {
            (self.at..trip.planned.len()).any(|next| {
                let upstream = attempt::upstream_of(gateway, trip, next);
                let endpoint = trip.planned.get(next).map(|planned| &planned.candidate.endpoint);
                upstream
                    .zip(endpoint)
                    .is_some_and(|(upstream, endpoint)| gateway.health.is_stable(endpoint, &upstream, now))
            })
        };
        (can_go_on && has_healthy())
            .then(|| gateway.health.deadline(&candidate.endpoint, trip.prompt_tokens(), now))
            .flatten()
    }

    /// Takes note of a failed attempt, at its head or before its first content.
    pub fn failed(&mut self, gateway: &Gateway, trip: &mut Trip, turn: Turn, failure: AttemptFailure) {
        let error = &failure.error;
        let class = error.class;
        trip.attempt_fails(Failed {
            class,
            status: error.status,
            wait: failure.retry_after,
            is_stall: failure.is_stall,
        });
        let Some(planned) = trip.planned.get(turn.at) else { return };
        let endpoint = planned.candidate.endpoint.clone();
        gateway.metrics.attempt_failed(&endpoint.provider.slug);
        let verdict = verdict::of(class);
        if verdict.next == Next::OtherModel {
            self.dead_models.insert(planned.candidate.model.id.clone());
        }
        self.dead_targets.insert(Aim::of(&endpoint));
        let duration = trip.elapsed().saturating_sub(turn.started);
        let reason = if failure.is_stall { "slower than its own history" } else { verdict.reason };
        trip.note(turn.at, failure.error.status, AttemptOutcome::Failed, reason, turn.started, Some(duration));
        self.failures.push(Failure { provider: endpoint.provider.name.clone(), failure });
    }

    /// Takes note of an answer that broke off before the client saw any of it. Its attempt has been noted as served.
    pub fn broke(&mut self, trip: &mut Trip, at: usize, error: UpstreamError) {
        trip.attempt_breaks(&error);
        trip.last_broke(verdict::of(error.class).reason);
        let Some(endpoint) = self.bury(trip, at) else { return };
        self.failures.push(Failure { provider: endpoint.provider.name.clone(), failure: error.into() });
    }

    /// Takes note of an answer that the caller's rules rejected. Its attempt has been noted as served.
    pub fn rejected(&mut self, trip: &mut Trip, at: usize, rejection: Rejection) {
        self.is_out_of_credit |= !trip.last_rejected(rejection);
        let _endpoint = self.bury(trip, at);
    }

    /// The same endpoint under another name is not tried again.
    fn bury(&mut self, trip: &Trip, at: usize) -> Option<Arc<Endpoint>> {
        let endpoint = Arc::clone(&trip.planned.get(at)?.candidate.endpoint);
        self.dead_targets.insert(Aim::of(&endpoint));
        Some(endpoint)
    }

    /// Ends the trip and says why nobody answered.
    fn give_up(&mut self, trip: &mut Trip) -> Refusal {
        let verdicts = trip.verdicts();
        let refusal = match self.failures.last() {
            _ if !verdicts.is_empty() => self.nothing_good(verdicts),
            Some(last) => self.refusal(trip, last),
            None => self.all_barred(trip),
        };
        let refusal = refusal.router_metadata(trip.router_metadata());
        let _receipt = trip.end(Outcome::unserved(Ending::Failed, refusal.kind.status(), Some(refusal.kind)));
        refusal
    }

    /// Somebody answered, and no answer kept the caller's rules.
    fn nothing_good(&self, verdicts: Vec<Value>) -> Refusal {
        let message = if self.is_out_of_credit {
            "The answer breaks the rules of validate, and the credit does not allow another attempt"
        } else {
            "No provider gave an answer that keeps the rules of validate"
        };
        Refusal::new(ErrorKind::Unprocessable, message).meta_value("verdicts", Value::from(verdicts))
    }

    /// Nobody was asked: all endpoints are out, told us to wait, or are full.
    fn all_barred(&self, trip: &Trip) -> Refusal {
        let details = |seconds| Details { retry_after: Some(seconds), ..Details::of(&trip.routing.requested) };
        let Some(wait) = self.barred.iter().map(|(_, barred)| barred.wait).min() else {
            let code = Code::TemporarilyUnavailable;
            return Refusal::unavailable(code, "No provider could be tried", &details(1)).retry_in(1);
        };
        // Rounded up: who comes back at the stated second must not be too early.
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        if self.barred.iter().all(|(_, barred)| barred.by == Bar::ToldToWait) {
            let message = format!("All providers for {} are at capacity. Retry after {seconds} seconds.", trip.asked);
            return Refusal::unavailable(Code::CapacityExhausted, message, &details(seconds)).retry_in(seconds);
        }
        // An endpoint that is out is tried several times a second: it is worth coming back sooner than its next probe.
        let is_out = self.barred.iter().any(|(_, barred)| matches!(barred.by, Bar::Breaker | Bar::Credential));
        let message = format!("All endpoints for {} are temporarily unavailable", trip.asked);
        let seconds = if is_out { 1 } else { seconds };
        Refusal::unavailable(Code::TemporarilyUnavailable, message, &details(seconds)).retry_in(seconds)
    }

    fn refusal(&self, trip: &Trip, last: &Failure) -> Refusal {
        let error = &last.failure.error;
        let is_our_trouble = verdict::of(error.class).whose == Whose::Ours;
        let classes: Vec<FailureClass> = self.failures.iter().map(|failure| failure.failure.error.class).collect();
        let code = Code::of_failures(&classes);
        let kind = match code {
            Some(code) => code.kind(),
            None if is_our_trouble => ErrorKind::ProviderUnavailable,
            None => error.kind,
        };
        let is_caller_fault = verdict::of(error.class).whose == Whose::Callers;
        let message = match error.class {
            _ if is_caller_fault => error.message.clone(),
            FailureClass::RateLimit => format!("All providers for {} are at capacity.", trip.asked),
            _ => "Provider returned an error".to_owned(),
        };
        let previous: Vec<Value> = self
            .failures
            .iter()
            .map(|failure| {
                let error = &failure.failure.error;
                json!({"provider": failure.provider, "code": error.provider_code, "status": error.status})
            })
            .collect();
        let mut refusal = Refusal::new(kind, message)
            .provider_code(error.provider_code.clone())
            .meta("provider_name", &last.provider)
            .meta_value("previous_errors", Value::from(previous));
        let files = trip.readied.annotations();
        if !files.is_empty() {
            // What was read need not be read again when the request is sent again.
            refusal = refusal.meta_value("file_annotations", Value::from(files));
        }
        if is_caller_fault {
            refusal = refusal.meta("raw", &error.message);
        }
        if self.is_out_of_budget {
            refusal = refusal.meta("reason", "retry_budget_exhausted");
        }
        // A hint is passed on only when every attempt gave one; the smallest is the earliest that can help.
        let hints: Option<Vec<Duration>> = self.failures.iter().map(|failure| failure.failure.retry_after).collect();
        let hint = hints.and_then(|hints| hints.into_iter().min()).map(|wait| wait.min(HINT_MAX));
        if let Some(code) = code {
            let affected = self.failures.iter().map(|failure| failure.provider.clone()).collect();
            let retry_after = hint.map(|wait| wait.as_secs().max(1));
            let details = Details { affected, retry_after, ..Details::of(&trip.routing.requested) };
            refusal = refusal.availability(code, &details);
        }
        match hint {
            Some(wait) if kind.is_retryable() => refusal.retry_in(wait.as_secs().max(1)),
            _ if kind == ErrorKind::ProviderOverloaded => refusal.retry_in(1),
            _ => refusal,
        }
    }
}

/// Longest wait that is passed on.
const HINT_MAX: Duration = Duration::from_secs(60);
