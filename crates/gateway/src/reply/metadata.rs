//! `openrouter_metadata`: how the request was routed, for callers that ask for it.

use crate::plan::PlannedAttempt;
use domain::generation::{Attempt, AttemptOutcome};
use serde_json::{Value, json};

/// The object for a request with these attempts; `served` is the 1-based attempt that answered, if one did.
pub fn describe(
    asked: &str,
    region: Option<&str>,
    planned: &[PlannedAttempt],
    attempts: &[Attempt],
    notes: &[String],
) -> Value {
    let served = attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Served);
    let is_selected = |candidate: &PlannedAttempt| {
        served.is_some_and(|attempt| {
            attempt.endpoint_tag == candidate.candidate.endpoint.tag && attempt.model == candidate.candidate.model.id
        })
    };
    let available: Vec<Value> = planned
        .iter()
        .map(|candidate| {
            json!({
                "provider": candidate.candidate.endpoint.provider.name,
                "model": candidate.candidate.model.id,
                "selected": is_selected(candidate),
            })
        })
        .collect();
    let tried: Vec<Value> = attempts
        .iter()
        .filter(|attempt| attempt.outcome != AttemptOutcome::Skipped)
        .map(|attempt| json!({"provider": attempt.provider_name, "model": attempt.model, "status": attempt.status.unwrap_or(0)}))
        .collect();
    let is_fallback = served.is_some_and(|attempt| attempt.model != asked);
    let selected = served.map_or("none", |attempt| attempt.provider_name.as_str());
    let mut object = json!({
        "requested": asked,
        "strategy": if is_fallback { "fallback" } else { "direct" },
        "region": region,
        "summary": format!("available={}, selected={selected}", available.len()),
        "attempt": served.map_or(attempts.len(), |attempt| usize::from(attempt.index)),
        "is_byok": false,
        "endpoints": {"total": available.len(), "available": available},
        "attempts": tried,
    });
    if let (Some(object), false) = (object.as_object_mut(), notes.is_empty()) {
        object.insert("notes".to_owned(), json!(notes));
    }
    object
}
