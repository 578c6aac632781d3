//! `GET /key`: what the calling key is, has spent and may still spend.

use super::Usage;
use crate::caller::Holder;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::key::KeyRole;
use domain::money::Amount;
use domain::time::ResetPeriod;
use http::StatusCode;
use serde::Serialize;
use store::lease::Key;
use utoipa::ToSchema;

/// The calling key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurrentKeyReply {
    data: CurrentKey,
}

/// The calling key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurrentKey {
    /// Head and tail of the key.
    label: String,
    /// Credit limit in US dollars; null is none.
    #[schema(value_type = Option<f64>)]
    limit: Option<Dollars>,
    /// `daily`, `weekly` or `monthly`; null never starts again.
    limit_reset: Option<&'static str>,
    /// What the limit leaves in its current period.
    #[schema(value_type = Option<f64>)]
    limit_remaining: Option<Dollars>,
    /// Whether calls on own provider keys count towards the limit.
    include_byok_in_limit: bool,
    #[serde(flatten)]
    usage: Usage,
    /// Whether the account has never bought credit.
    is_free_tier: bool,
    /// Whether it administers instead of calling models.
    is_management_key: bool,
    /// Former name of `is_management_key`.
    is_provisioning_key: bool,
    rate_limit: RateLimit,
    free_model_daily_requests: FreeRequests,
    /// Every budget that applies to the key.
    budgets: Vec<Budget>,
    /// The budget that will be spent first.
    effective_budget: Option<Budget>,
    /// Regions that the key may be served from.
    allowed_data_regions: Vec<&'static str>,
    /// Refused from this moment on.
    expires_at: Option<String>,
    /// Its workspace.
    workspace_id: Option<String>,
    /// Its organization; there are none yet.
    organization_id: Option<String>,
    /// Who made it, if a person did.
    creator_user_id: Option<String>,
}

/// Historic; there is no limit of this kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateLimit {
    /// -1: unlimited.
    requests: i64,
    /// A period.
    interval: &'static str,
    /// Says that the object is historic.
    note: &'static str,
}

/// Requests to free models on this UTC day, account-wide.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FreeRequests {
    /// How many are allowed.
    limit: u32,
    /// How many were made.
    used: u32,
    /// How many are left.
    remaining: u32,
}

/// A budget that limits the key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = KeyBudget)]
pub(crate) struct Budget {
    /// What it is set on; `key_limit` for the key's own limit.
    scope: &'static str,
    /// Id of a shared budget.
    budget_id: Option<String>,
    /// Guardrail that carries it.
    guardrail_id: Option<String>,
    /// What may be spent per period, in US dollars.
    #[schema(value_type = f64)]
    limit_usd: Dollars,
    /// What was spent in this period.
    #[schema(value_type = f64)]
    spend_usd: Dollars,
    /// What is left; never negative.
    #[schema(value_type = f64)]
    remaining_usd: Dollars,
    /// `daily`, `weekly` or `monthly`; null never starts again.
    reset_interval: Option<&'static str>,
    /// When the next period starts.
    resets_at: Option<String>,
    /// Whether calls on own provider keys count.
    include_byok: bool,
}

/// Show the calling key
#[utoipa::path(get, path = "/key", tag = "API keys",
    responses((status = 200, body = CurrentKeyReply), (status = 401)))]
pub(crate) async fn handler(State(mount): State<Mount>, Holder(key): Holder) -> Result<Response, ControlError> {
    let control = &mount.control;
    // Only the row knows who made the key.
    let stored = control.store.key_state(key.id(), control.clock.now()).await?.ok_or(ControlError::UnknownKey)?;
    let mut data = describe(control, &key);
    data.creator_user_id = stored.user.map(|user| user.to_string());
    reply::personal(StatusCode::OK, &CurrentKeyReply { data })
}

fn describe(control: &Control, key: &Key) -> CurrentKey {
    let now = control.clock.now();
    let (settings, account) = (key.settings(), key.account());
    let free = &control.settings.free;
    let (allowed, used) = (free.per_day_for(account.bought()), account.free_used_today(now));
    let budget = key_budget(control, key);
    let is_management = settings.role == KeyRole::Management;
    CurrentKey {
        label: settings.label.clone(),
        limit: settings.limit.map(Dollars::from),
        limit_reset: settings.reset.map(ResetPeriod::as_str),
        limit_remaining: key.limit_remaining(now).map(Dollars::from),
        include_byok_in_limit: settings.include_byok_in_limit,
        usage: Usage::of(key, control),
        is_free_tier: account.bought() <= Amount::ZERO,
        is_management_key: is_management,
        is_provisioning_key: is_management,
        rate_limit: RateLimit {
            requests: -1,
            interval: "10s",
            note: "Historic: paid models have no request limit, free models the one in free_model_daily_requests.",
        },
        free_model_daily_requests: FreeRequests { limit: allowed, used, remaining: allowed.saturating_sub(used) },
        budgets: budget.clone().into_iter().collect(),
        effective_budget: budget,
        allowed_data_regions: vec!["global"],
        expires_at: settings.expires_at.map(|at| at.to_rfc3339()),
        workspace_id: settings.workspace.or(account.workspace()).map(|id| id.to_string()),
        organization_id: None,
        creator_user_id: None,
    }
}

fn key_budget(control: &Control, key: &Key) -> Option<Budget> {
    let now = control.clock.now();
    let settings = key.settings();
    let figures = key.figures(now);
    let spent = match settings.reset {
        None => figures.total,
        Some(ResetPeriod::Daily) => figures.daily,
        Some(ResetPeriod::Weekly) => figures.weekly,
        Some(ResetPeriod::Monthly) => figures.monthly,
    };
    Some(Budget {
        scope: "key_limit",
        budget_id: None,
        guardrail_id: None,
        limit_usd: settings.limit?.into(),
        spend_usd: spent.into(),
        remaining_usd: key.limit_remaining(now)?.into(),
        reset_interval: settings.reset.map(ResetPeriod::as_str),
        resets_at: settings.reset.map(|reset| reset.next(now).to_rfc3339()),
        include_byok: settings.include_byok_in_limit,
    })
}
