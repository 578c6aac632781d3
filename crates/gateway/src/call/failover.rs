//! The loop over attempts: whom to try next, when to stop, and what the caller is told when nobody answered.

use super::attempt::{self, Answering, AttemptFailure};
use super::trip::{Outcome, Trip};
use super::verdict::{self, Next};
use crate::reply::Refusal;
use crate::state::Gateway;
use dialect::decode::FailureClass;
use domain::error_kind::ErrorKind;
use domain::generation::{AttemptOutcome, Ending};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// Where the loop stands.
#[derive(Debug, Default)]
pub struct Failover {
    at: usize,
    tried: usize,
    dead_models: HashSet<String>,
    failures: Vec<Failure>,
}

#[derive(Debug)]
struct Failure {
    provider: String,
    failure: AttemptFailure,
}

/// The attempt that is under way.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Index into the planned attempts.
    pub at: usize,
    /// Since acceptance.
    pub started: Duration,
}

impl Failover {
    /// Sends attempts until a provider answers with a successful head.
    ///
    /// # Errors
    /// [`Refusal`] when no attempt is left; the trip has then ended.
    pub async fn next(&mut self, gateway: &Gateway, trip: &mut Trip) -> Result<(Turn, Answering), Refusal> {
        while self.at < trip.planned.len()
            && self.tried < gateway.settings.attempts_max
            && trip.elapsed() < gateway.settings.total
        {
            let turn = Turn { at: self.at, started: trip.elapsed() };
            self.at += 1;
            let model = trip.planned.get(turn.at).map(|planned| planned.candidate.model.id.clone()).unwrap_or_default();
            if self.dead_models.contains(&model) {
                trip.skipped(turn.at, "the request was refused for this model");
                continue;
            }
            let Some(upstream) = attempt::upstream_of(gateway, trip, turn.at) else {
                trip.skipped(turn.at, "the upstream was switched off meanwhile");
                continue;
            };
            self.tried += 1;
            match attempt::send(gateway, trip, turn.at, &upstream).await {
                Ok(answering) => return Ok((turn, answering)),
                Err(failure) => self.failed(gateway, trip, turn, failure),
            }
        }
        Err(self.give_up(trip))
    }

    /// Takes note of a failed attempt, at its head or before its first content.
    pub fn failed(&mut self, gateway: &Gateway, trip: &mut Trip, turn: Turn, failure: AttemptFailure) {
        let Some(planned) = trip.planned.get(turn.at) else { return };
        let endpoint = planned.candidate.endpoint.clone();
        let class = failure.error.class;
        gateway.health.failed(&endpoint, class, failure.retry_after, gateway.clock.elapsed());
        gateway.metrics.attempt_failed(&endpoint.provider.slug);
        if verdict::next(class) == Next::OtherModel {
            self.dead_models.insert(planned.candidate.model.id.clone());
        }
        let duration = trip.elapsed().saturating_sub(turn.started);
        trip.note(
            turn.at,
            failure.error.status,
            AttemptOutcome::Failed,
            verdict::reason(class),
            turn.started,
            Some(duration),
        );
        self.failures.push(Failure { provider: endpoint.provider.name.clone(), failure });
    }

    /// Ends the trip and says why nobody answered.
    fn give_up(&mut self, trip: &mut Trip) -> Refusal {
        let refusal = self.refusal(trip).router_metadata(trip.router_metadata());
        let _receipt = trip.end(Outcome::unserved(Ending::Failed, refusal.kind.status(), Some(refusal.kind)));
        refusal
    }

    fn refusal(&self, trip: &Trip) -> Refusal {
        let Some(last) = self.failures.last() else {
            return Refusal::new(ErrorKind::ProviderUnavailable, "No provider could be tried").retry_in(1);
        };
        let error = &last.failure.error;
        let is_our_trouble = matches!(error.class, FailureClass::Credential | FailureClass::ModelGone);
        let kind = if is_our_trouble { ErrorKind::ProviderUnavailable } else { error.kind };
        let message = match error.class {
            FailureClass::Caller | FailureClass::ContextLength | FailureClass::ContentPolicy => error.message.clone(),
            FailureClass::RateLimit => format!("All providers for {} are at capacity.", trip.asked),
            _ => "Provider returned an error".to_owned(),
        };
        let is_caller_fault =
            matches!(error.class, FailureClass::Caller | FailureClass::ContextLength | FailureClass::ContentPolicy);
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
        if is_caller_fault {
            refusal = refusal.meta("raw", &error.message);
        }
        // A hint is passed on only when every attempt gave one; the smallest is the earliest that can help.
        let hints: Option<Vec<Duration>> = self.failures.iter().map(|failure| failure.failure.retry_after).collect();
        match hints.and_then(|hints| hints.into_iter().min()) {
            Some(wait) if kind.is_retryable() => refusal.retry_in(wait.as_secs().max(1)),
            _ if kind == ErrorKind::ProviderOverloaded => refusal.retry_in(1),
            _ => refusal,
        }
    }
}
