//! `POST /api/v1/route/explain`: the plan of a request in any dialect, with every reason, and no call to anybody.

use crate::accept::{self, Ask, Credential};
use crate::authenticate::{self, Caller};
use crate::plan::{Draft, Given, PlannedAttempt};
use crate::reply::{self, Refusal, head};
use crate::state::Gateway;
use axum::extract::Request;
use axum::response::Response;
use dialect::inbound::Dialect;
use domain::catalog::{DataPolicy, Endpoint};
use domain::error_kind::ErrorKind;
use domain::key::KeyRole;
use domain::money::Amount;
use domain::route::{Dropped, Health};
use edge::access_log::AccessFacts;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Answers with the plan that a request would be given. Nothing is called, held or charged.
pub async fn explain(gateway: &Arc<Gateway>, credential: Credential, request: Request) -> Response {
    let dialect = dialect(&request);
    let knock = accept::accept(gateway, dialect.as_ref().copied().unwrap_or(Dialect::Chat), credential, request);
    let id = knock.id();
    let explained = async {
        let caller = match authenticate::any_key(gateway, knock.head()).await {
            Ok(caller) => caller,
            Err(refusal) => {
                knock.discard().await;
                return Err(refusal);
            }
        };
        if let Err(refusal) = dialect {
            knock.discard().await;
            return Err(refusal);
        }
        let ask = knock.open(gateway, &caller).await?;
        describe(gateway, &ask, &caller)
    };
    match explained.await {
        Ok(body) => head::json(body.to_string().into_bytes(), &id, AccessFacts::default()),
        Err(refusal) => reply::error::respond_with_id(&refusal, Dialect::Chat, &id),
    }
}

/// The route whose body this is, by `dialect` in the query; a chat without it.
fn dialect(request: &Request) -> Result<Dialect, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let mut named = query.split('&').filter_map(|pair| pair.strip_prefix("dialect="));
    match (named.next(), named.next()) {
        (None | Some("chat"), None) => Ok(Dialect::Chat),
        (Some("messages"), None) => Ok(Dialect::Messages),
        (Some("responses"), None) => Ok(Dialect::Responses),
        (Some("completions"), None) => Ok(Dialect::Completions),
        (Some("embeddings"), None) => Ok(Dialect::Embeddings),
        _ => {
            let message = "dialect: must be one of chat, messages, responses, completions and embeddings";
            Err(Refusal::new(ErrorKind::InvalidRequest, message).meta("param", "dialect"))
        }
    }
}

/// The request's `explain` object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    seed: Option<SeedText>,
    health: Option<BTreeMap<String, Health>>,
}

/// A seed, as a number or, because not all fit into a JavaScript number, as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SeedText {
    Number(u64),
    Text(String),
}

/// Most endpoints of a health view that is passed in.
const HEALTH_MAX: usize = 2000;

fn given(ask: &Ask, caller: &Caller) -> Result<Given, Refusal> {
    let wrong = |problem: &str| {
        let message = format!("explain: {problem}");
        Refusal::new(ErrorKind::InvalidRequest, message).meta("param", "explain")
    };
    let wish: Wish = match ask.chat.field("explain") {
        Some(json) => serde_json::from_str(json)
            .map_err(|_error| wrong("must be an object with seed, and health by endpoint tag"))?,
        None => Wish::default(),
    };
    if wish.health.is_some() && caller.key.settings().role != KeyRole::Management {
        return Err(Refusal::new(ErrorKind::PermissionDenied, "Only management keys can pass a health view"));
    }
    if wish.health.as_ref().is_some_and(|health| health.len() > HEALTH_MAX) {
        return Err(wrong("health names more than 2000 endpoints"));
    }
    let seed = match wish.seed {
        None => ask.seed,
        Some(SeedText::Number(seed)) => Some(seed),
        Some(SeedText::Text(text)) => Some(text.parse().map_err(|_error| wrong("seed must be a whole number"))?),
    };
    Ok(Given { seed, health: wish.health })
}

fn describe(gateway: &Gateway, ask: &Ask, caller: &Caller) -> Result<Value, Refusal> {
    let draft = Draft::new(gateway, ask, caller, &given(ask, caller)?)?;
    let ranked = draft.attempts.iter().enumerate().map(|(at, planned)| attempt(at + 1, planned, &draft));
    let refusal = draft.refusal().map(|refusal| refusal.body_in(Dialect::Chat, None));
    let ceiling = draft.attempts.iter().map(|planned| planned.quote.hold()).max();
    Ok(json!({
        "object": "route.explanation",
        "requested": draft.routing.requested,
        "strategy": draft.routing.strategy.as_str(),
        // As text: the number does not fit into a JavaScript number.
        "seed": draft.routing.seed.to_string(),
        "policies": draft.routing.policies,
        "region": gateway.settings.region,
        "prompt_tokens": draft.prompt_tokens,
        "attempts_max": gateway.settings.attempts_max,
        "hold_usd": ceiling.map(Amount::to_usd),
        "attempts": ranked.collect::<Vec<_>>(),
        "excluded": draft.dropped.iter().map(|out| excluded(out, &draft)).collect::<Vec<_>>(),
        "error": refusal.and_then(|body| body.get("error").cloned()),
    }))
}

fn attempt(rank: usize, planned: &PlannedAttempt, draft: &Draft) -> Value {
    let candidate = &planned.candidate;
    let endpoint = &candidate.endpoint;
    let price = endpoint.price.at(draft.prompt_tokens);
    let mut value = named(&candidate.model.id, endpoint);
    let more = json!({
        "rank": rank,
        "reason": candidate.reason,
        "demoted": candidate.is_demoted,
        "health": candidate.health,
        "price": {"prompt": price.prompt.to_usd_per_unit(), "completion": price.completion.to_usd_per_unit()},
        "price_version": endpoint.price_version,
        "estimate": {
            "prompt_usd": planned.quote.prompt().to_usd(),
            "max_usd": planned.quote.hold().to_usd(),
            "max_completion_tokens": planned.quote.output(),
        },
        "data_policy": policy(endpoint.data_policy),
        "quantization": endpoint.quantization,
        "context_length": endpoint.context_length,
    });
    extend(&mut value, more);
    value
}

fn excluded(out: &Dropped, draft: &Draft) -> Value {
    let mut value = named(&out.model.id, &out.endpoint);
    let by = out.layer.and_then(|at| draft.layers.get(at)).map(|layer| layer.label());
    extend(&mut value, json!({"reason": out.reason, "policy": by}));
    value
}

fn named(model: &str, endpoint: &Endpoint) -> Value {
    json!({
        "model": model,
        "provider": endpoint.provider.name,
        "tag": endpoint.tag,
        "region": endpoint.region,
        "service_tier": endpoint.service_tier,
    })
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (value, more) {
        object.extend(more);
    }
}

fn policy(policy: DataPolicy) -> Value {
    json!({
        "training": policy.training,
        "retains_prompts": policy.retains_prompts,
        "retention_days": policy.retention_days,
        "zdr": policy.zdr,
    })
}
