//! Plan: which endpoints to try, in which order, and what each could cost at most.

mod quote;

pub use quote::{Quote, estimate_prompt_tokens};

use crate::accept::Ask;
use crate::authenticate::Caller;
use crate::reply::Refusal;
use crate::state::Gateway;
use domain::catalog::{Catalog, Endpoint, Model, Slug, Variant};
use domain::error_kind::ErrorKind;
use domain::generation::Exclusion;
use domain::route::{self, Candidate, Health, HealthState, Need, Preferences, Sort};
use std::sync::Arc;

/// The attempts, each with its price, and what was left out.
#[derive(Debug)]
pub struct Plan {
    /// What the client asked for, as written.
    pub asked: String,
    /// Attempts in order; never empty.
    pub attempts: Vec<PlannedAttempt>,
    /// What was left out, and why.
    pub excluded: Vec<Exclusion>,
    /// Estimated prompt tokens.
    pub prompt_tokens: u64,
    /// Every attempt costs nothing.
    pub is_free: bool,
}

/// One planned attempt and what it could cost.
#[derive(Debug, Clone)]
pub struct PlannedAttempt {
    /// Model, endpoint and reason.
    pub candidate: Candidate,
    /// Its price ceiling.
    pub quote: Quote,
}

/// Plans a request from the catalogue, the configured upstreams and the health book.
///
/// # Errors
/// [`Refusal`]: 400 for an unknown model, 404 when no endpoint is left, naming the filters that emptied the set.
pub fn plan(gateway: &Gateway, ask: &Ask, caller: &Caller) -> Result<Plan, Refusal> {
    let catalog = gateway.catalog.load();
    let wanted = wanted_models(gateway, ask)?;
    let mut preferences = ask
        .chat
        .provider()
        .map(|json| Preferences::parse(json.get()))
        .transpose()
        .map_err(|error| Refusal::new(ErrorKind::InvalidRequest, error.to_string()))?
        .unwrap_or_default();
    let models = find_models(&catalog, &wanted, &mut preferences)?;
    let prompt_tokens = estimate_prompt_tokens(ask.chat.shape());
    let need = Need {
        parameters: ask.chat.parameters(),
        modalities: ask.chat.shape().input_modalities().into_iter().filter(|modality| *modality != "text").collect(),
        prompt_tokens,
        output_limit: ask.chat.output_limit(),
    };
    let (upstreams, now) = (gateway.upstreams.load(), gateway.clock.elapsed());
    let health = |endpoint: &Endpoint| match upstreams.live(&endpoint.provider.slug) {
        None => Health::of(HealthState::Absent),
        Some(upstream) => gateway.health.of(endpoint, upstream, now),
    };
    let plan = route::plan(&models, &need, &preferences, &health, gateway.random.number());
    if plan.attempts.is_empty() {
        return Err(nothing_left(&wanted, &plan.excluded));
    }
    let mut attempts: Vec<_> = plan
        .attempts
        .into_iter()
        .map(|candidate| {
            let quote = Quote::of(&candidate.endpoint, &ask.chat, prompt_tokens);
            PlannedAttempt { candidate, quote }
        })
        .collect();
    if preferences.order.is_empty() {
        gateway.sticky.lead(ask, caller.key.account().id(), &mut attempts, now);
    }
    Ok(Plan {
        asked: wanted.into_iter().next().unwrap_or_default(),
        is_free: attempts.iter().all(|attempt| attempt.candidate.endpoint.price.is_free()),
        attempts,
        excluded: plan.excluded,
        prompt_tokens,
    })
}

fn wanted_models(gateway: &Gateway, ask: &Ask) -> Result<Vec<String>, Refusal> {
    let mut wanted: Vec<String> = ask.chat.model().map(str::to_owned).into_iter().collect();
    wanted.extend(ask.chat.models().iter().filter(|model| Some(model.as_str()) != ask.chat.model()).cloned());
    if wanted.is_empty() {
        wanted.extend(gateway.settings.default_model.clone());
    }
    if wanted.is_empty() {
        return Err(Refusal::new(ErrorKind::InvalidRequest, "No model given and no default model is set"));
    }
    Ok(wanted)
}

fn find_models(
    catalog: &Catalog,
    wanted: &[String],
    preferences: &mut Preferences,
) -> Result<Vec<Arc<Model>>, Refusal> {
    let mut models = Vec::with_capacity(wanted.len());
    for id in wanted {
        let unknown = || unknown_model(catalog, id);
        let slug = Slug::parse(id).map_err(|_error| unknown())?;
        let model = catalog.model(&slug.model).ok_or_else(unknown)?;
        for variant in &slug.dynamic {
            let sort = match variant {
                Variant::Nitro => Some(Sort::Throughput),
                Variant::Floor => Some(Sort::Price),
                Variant::Exacto => Some(Sort::Exacto),
                Variant::Online | Variant::Beta | Variant::Static(_) => None,
            };
            preferences.sort = preferences.sort.or(sort);
        }
        models.push(Arc::clone(model));
    }
    Ok(models)
}

fn unknown_model(catalog: &Catalog, id: &str) -> Refusal {
    let shown: String = id.chars().take(100).collect();
    let mut message = format!("{shown} is not a valid model ID");
    if let Some(nearest) = catalog.similar(id, 1).first() {
        message = format!("{message}. Did you mean {nearest}?");
    }
    Refusal::new(ErrorKind::InvalidRequest, message).availability("model_not_found", std::slice::from_ref(&shown), &[])
}

/// What the caller is told when the filters left nothing, by the filter that removed most.
fn nothing_left(wanted: &[String], excluded: &[Exclusion]) -> Refusal {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for out in excluded {
        match reasons.iter_mut().find(|(reason, _)| *reason == out.reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((&out.reason, 1)),
        }
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let model = wanted.first().map_or("", String::as_str);
    // What is not configured here can never serve; the filters that removed the rest are the ones worth naming.
    let telling = reasons.iter().map(|(reason, _)| *reason).find(|reason| *reason != "no upstream configured");
    let (message, code) = match telling {
        None => {
            (format!("No endpoints found for {model}: no upstream is configured for its providers"), "no_endpoints")
        }
        Some("tool use not supported") => (
            "No endpoints found that support tool use. To use tools, choose another model or provider.".to_owned(),
            "no_endpoints",
        ),
        Some("input modality not supported") => {
            ("No endpoints found that support image input".to_owned(), "no_endpoints")
        }
        Some("allowed_providers" | "ignored provider" | "allow_fallbacks is false") => {
            ("No allowed providers are available for the selected model.".to_owned(), "constraint_filtered")
        }
        Some("data_policy:training" | "data_policy:zdr") => {
            ("No endpoints found matching your data policy".to_owned(), "privacy_restricted")
        }
        Some("context_length") => {
            return Refusal::new(
                ErrorKind::ContextLengthExceeded,
                format!("The request is longer than the context of every endpoint of {model}"),
            );
        }
        Some(reason) => {
            (format!("No endpoints found for {model} matching your request: {reason}"), "constraint_filtered")
        }
    };
    let by: Vec<&str> = reasons.iter().map(|(reason, _)| *reason).collect();
    Refusal::new(ErrorKind::NotFound, message).availability(code, wanted, &by)
}
