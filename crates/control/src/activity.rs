//! `GET /activity`: usage per day, model and provider, from the daily sums.

use crate::caller::Manager;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::id::KeyId;
use domain::key::KeyHash;
use domain::money::Amount;
use domain::time::Timestamp;
use http::StatusCode;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::durable::{ActivityFilter, ActivityRow};
use utoipa::{IntoParams, ToSchema};

/// Completed UTC days that can be asked for.
const DAYS: u32 = 30;
const DAY: Duration = Duration::from_secs(86_400);

/// Which usage.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; parameters are read one by one")]
pub(crate) struct ActivityParams {
    /// One UTC day, `YYYY-MM-DD`, among the last 30 completed ones.
    date: Option<String>,
    /// One key by its handle, 64 lowercase hexadecimal digits.
    api_key_hash: Option<String>,
    /// The account's workspace.
    workspace_id: Option<String>,
    /// Only keys that this person made; a deleted key is nobody's.
    user_id: Option<String>,
    /// `workspace`: rows name theirs.
    group_by: Option<String>,
}

/// Usage per day, model and provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityReply {
    data: Vec<ActivityData>,
}

/// One day of one model at one provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityData {
    /// UTC day, `YYYY-MM-DD`.
    date: String,
    /// Model id.
    model: String,
    /// Permanent form of the model id.
    model_permaslug: String,
    /// `model@provider`: names the endpoint within this server.
    endpoint_id: String,
    /// Provider display name.
    provider_name: String,
    /// Charges in US dollars.
    #[schema(value_type = f64)]
    usage: Dollars,
    /// Charges by providers on own keys.
    #[schema(value_type = f64)]
    byok_usage_inference: Dollars,
    /// Calls.
    requests: u64,
    /// Prompt tokens.
    prompt_tokens: u64,
    /// Answer tokens.
    completion_tokens: u64,
    /// Reasoning tokens.
    reasoning_tokens: u64,
    /// Prompt tokens read from caches.
    cached_tokens: u64,
    /// Calls that asked for another model id than the one that served, suffixes that only change routing aside: fallbacks,
    /// routers and aliases. An addition to the public contract.
    redirected_requests: u64,
    /// Where the calls were made; only with `group_by=workspace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<String>,
}

/// Show daily usage
#[utoipa::path(get, path = "/activity", tag = "Usage", params(ActivityParams),
    responses((status = 200, body = ActivityReply), (status = 400), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let today = control.clock.now().day_start();
    let (from_day, to_day) = days(&params, today)?;
    let key = match params.one("api_key_hash")? {
        None => None,
        Some(text) => Some(find_key(control, caller.account.id(), text).await?),
    };
    let workspace = crate::memory::workspace(control, &caller.account).await?.to_string();
    if params.one("workspace_id")?.is_some_and(|named| named != workspace) {
        return Err(ControlError::NotFound("Workspace"));
    }
    let workspace = match params.one("group_by")? {
        None => None,
        Some("workspace") => Some(workspace),
        Some(_) => return Err(ControlError::invalid("group_by", "must be workspace")),
    };
    let filter = ActivityFilter { from_day, to_day, key, model: None };
    let mut rows = control.store.activity(caller.account.id(), &filter).await?;
    if let Some(user) = params.one("user_id")? {
        let keys = keys_of(control, &rows, user).await?;
        rows.retain(|row| keys.contains(&row.key));
    }
    let mut data = sum(control, &rows);
    data.iter_mut().for_each(|row| row.workspace_id.clone_from(&workspace));
    reply::personal(StatusCode::OK, &ActivityReply { data })
}

fn back(from: Timestamp, days: u32) -> Timestamp {
    let span = i64::try_from((DAY * days).as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(from.micros().saturating_sub(span))
}

fn days(params: &Params, today: Timestamp) -> Result<(Timestamp, Timestamp), ControlError> {
    let (first, last) = (back(today, DAYS), back(today, 1));
    let Some(text) = params.one("date")? else { return Ok((first, last)) };
    let day =
        Timestamp::parse_date(text).ok_or_else(|| ControlError::invalid("date", "must be a day like 2027-01-31"))?;
    if (first..=last).contains(&day) {
        Ok((day, day))
    } else {
        Err(ControlError::invalid("date", "must be one of the last 30 completed UTC days"))
    }
}

async fn find_key(control: &Control, account: domain::id::AccountId, text: &str) -> Result<KeyId, ControlError> {
    let wrong = || ControlError::invalid("api_key_hash", "must be 64 lowercase hexadecimal digits");
    let hash = KeyHash::parse(text).ok_or_else(wrong)?;
    let found = control.store.key_find_by_hash(hash, control.clock.now()).await?;
    found.filter(|key| key.account == account).map(|key| key.id).ok_or(ControlError::NotFound("API key"))
}

/// The keys among those of `rows` that a person made.
async fn keys_of(control: &Control, rows: &[ActivityRow], user: &str) -> Result<BTreeSet<KeyId>, ControlError> {
    let mut own = BTreeSet::new();
    for key in rows.iter().map(|row| row.key).collect::<BTreeSet<_>>() {
        let state = control.store.key_state(key, control.clock.now()).await?;
        if state.and_then(|state| state.user).is_some_and(|maker| maker.to_string() == user) {
            own.insert(key);
        }
    }
    Ok(own)
}

#[derive(Default)]
struct Sums {
    cost: Amount,
    requests: u64,
    prompt: u64,
    completion: u64,
    reasoning: u64,
    cached: u64,
    redirected: u64,
}

/// Adds the keys of a day, model and provider together; newest day first.
fn sum(control: &Control, rows: &[ActivityRow]) -> Vec<ActivityData> {
    let mut groups: BTreeMap<(std::cmp::Reverse<Timestamp>, &str, &str), Sums> = BTreeMap::new();
    for row in rows {
        let sums = groups.entry((std::cmp::Reverse(row.day), &row.model, &row.provider)).or_default();
        sums.cost = sums.cost.saturating_add(row.cost);
        sums.requests += row.requests;
        sums.prompt += row.prompt_tokens;
        sums.completion += row.completion_tokens;
        sums.reasoning += row.reasoning_tokens;
        sums.cached += row.cached_tokens;
        sums.redirected += row.redirected;
    }
    let catalog = control.catalog.load();
    let line = |((day, model, provider), sums): ((std::cmp::Reverse<Timestamp>, &str, &str), Sums)| ActivityData {
        date: day.0.to_date(),
        model: model.to_owned(),
        model_permaslug: catalog.model(model).map_or(model, |model| &model.canonical_slug).to_owned(),
        endpoint_id: format!("{model}@{provider}"),
        provider_name: catalog.provider(provider).map_or(provider, |provider| &provider.name).to_owned(),
        usage: sums.cost.into(),
        byok_usage_inference: Dollars::zero(),
        requests: sums.requests,
        prompt_tokens: sums.prompt,
        completion_tokens: sums.completion,
        reasoning_tokens: sums.reasoning,
        cached_tokens: sums.cached,
        redirected_requests: sums.redirected,
        workspace_id: None,
    };
    groups.into_iter().map(line).collect()
}
