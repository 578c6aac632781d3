//! `openrouter_metadata`: how the request was routed, for callers that ask for it.

use crate::plan::{PlannedAttempt, Routing};
use domain::generation::{Attempt, AttemptOutcome};
use domain::route::Strategy;
use serde_json::{Value, json};
use std::time::Duration;

/// What there is to tell about a request so far.
#[derive(Debug)]
pub struct Told<'a> {
    /// What the client asked for first.
    pub asked: &'a str,
    /// How the choice came about.
    pub routing: &'a Routing,
    /// Region of this server.
    pub region: Option<&'a str>,
    /// Attempts as planned.
    pub planned: &'a [PlannedAttempt],
    /// Endpoints that the plan left out, as far as they are kept.
    pub excluded: usize,
    /// Attempts as made.
    pub attempts: &'a [Attempt],
    /// What encoding changed.
    pub notes: &'a [String],
    /// What was done to request and answer on their way.
    pub pipeline: Vec<Value>,
    /// Since acceptance.
    pub elapsed: Duration,
}

/// The object.
pub fn describe(told: &Told<'_>) -> Value {
    let served = told.attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Served);
    let is_selected = |candidate: &PlannedAttempt| {
        served.is_some_and(|attempt| {
            attempt.endpoint_tag == candidate.candidate.endpoint.tag && attempt.model == candidate.candidate.model.id
        })
    };
    let available: Vec<Value> = told
        .planned
        .iter()
        .map(|candidate| {
            json!({
                "provider": candidate.candidate.endpoint.provider.name,
                "model": candidate.candidate.model.id,
                "selected": is_selected(candidate),
                "reason": candidate.candidate.reason,
            })
        })
        .collect();
    let selected = served.map_or("none", |attempt| attempt.provider_name.as_str());
    let mut object = json!({
        "requested": told.asked,
        "strategy": strategy(told.routing, served),
        "region": told.region,
        "summary": format!("available={}, selected={selected}", available.len()),
        "attempt": served.map_or(told.attempts.len(), |attempt| usize::from(attempt.index)),
        "is_byok": false,
        "endpoints": {"total": available.len() + told.excluded, "available": available},
        "attempts": tried(told.attempts),
        "params": {},
        "pipeline": told.pipeline,
        "generation_time": u64::try_from(told.elapsed.as_millis()).unwrap_or(u64::MAX),
        // As text: the number does not fit into a JavaScript number.
        "seed": told.routing.seed.to_string(),
        "policies": told.routing.policies,
    });
    if let (Some(object), false) = (object.as_object_mut(), told.notes.is_empty()) {
        object.insert("notes".to_owned(), json!(told.notes));
    }
    object
}

/// How the model that served was found. Another model of the list than the first is a fallback, whatever its id.
fn strategy(routing: &Routing, served: Option<&Attempt>) -> &'static str {
    let is_other = |first: &String| served.is_some_and(|attempt| attempt.model != *first);
    match (&routing.first, routing.strategy) {
        (Some(first), _) if is_other(first) => "fallback",
        (_, strategy) => Strategy::as_str(strategy),
    }
}

fn tried(attempts: &[Attempt]) -> Vec<Value> {
    let was_made = attempts.iter().filter(|attempt| attempt.outcome != AttemptOutcome::Skipped);
    was_made
        .map(|attempt| {
            json!({
                "provider": attempt.provider_name, "model": attempt.model, "status": attempt.status.unwrap_or(0),
                "reason": attempt.reason,
            })
        })
        .collect()
}
