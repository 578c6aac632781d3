//! API keys: the calling key, and their administration.

pub(crate) mod create;
pub(crate) mod current;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod update;

use crate::caller::Caller;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::memory;
use crate::state::Control;
use domain::key::{KeyHash, KeyRole};
use domain::time::ResetPeriod;
use serde::Serialize;
use std::sync::Arc;
use store::durable::KeyState;
use store::lease::Key;
use utoipa::ToSchema;

const NOT_FOUND: ControlError = ControlError::NotFound("API key");

/// An API key as its owner sees it; the secret itself is never shown again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyData {
    /// SHA-256 of the key, 64 lowercase hexadecimal digits; the key's handle, never a credential.
    hash: String,
    /// Head and tail of the key.
    label: String,
    /// Display name.
    name: String,
    /// Switched off.
    disabled: bool,
    /// Whether it administers instead of calling models.
    is_management_key: bool,
    /// Credit limit in US dollars; null is none.
    #[schema(value_type = Option<f64>)]
    limit: Option<Dollars>,
    /// What the limit leaves in its current period.
    #[schema(value_type = Option<f64>)]
    limit_remaining: Option<Dollars>,
    /// `daily`, `weekly` or `monthly`; null never starts again. Periods start at 00:00 UTC, weeks on Monday.
    limit_reset: Option<&'static str>,
    /// Whether calls on own provider keys count towards the limit.
    include_byok_in_limit: bool,
    #[serde(flatten)]
    usage: Usage,
    /// When it was made.
    created_at: String,
    /// Last change.
    updated_at: Option<String>,
    /// Last call.
    last_used_at: Option<String>,
    /// Refused from this moment on.
    expires_at: Option<String>,
    /// Who made it, if a person did.
    creator_user_id: Option<String>,
    /// End user of a partner; not used here.
    external_user: Option<String>,
    /// Its workspace.
    workspace_id: String,
}

/// What a key has spent, in US dollars.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Ever.
    #[schema(value_type = f64)]
    usage: Dollars,
    /// In this UTC day.
    #[schema(value_type = f64)]
    usage_daily: Dollars,
    /// In this week, from Monday.
    #[schema(value_type = f64)]
    usage_weekly: Dollars,
    /// In this month.
    #[schema(value_type = f64)]
    usage_monthly: Dollars,
    /// On own provider keys, ever.
    #[schema(value_type = f64)]
    byok_usage: Dollars,
    /// On own provider keys, in this UTC day.
    #[schema(value_type = f64)]
    byok_usage_daily: Dollars,
    /// On own provider keys, in this week.
    #[schema(value_type = f64)]
    byok_usage_weekly: Dollars,
    /// On own provider keys, in this month.
    #[schema(value_type = f64)]
    byok_usage_monthly: Dollars,
}

impl Usage {
    fn of(key: &Key, control: &Control) -> Self {
        let figures = key.figures(control.clock.now());
        Self {
            usage: figures.total.into(),
            usage_daily: figures.daily.into(),
            usage_weekly: figures.weekly.into(),
            usage_monthly: figures.monthly.into(),
            byok_usage: Dollars::zero(),
            byok_usage_daily: Dollars::zero(),
            byok_usage_weekly: Dollars::zero(),
            byok_usage_monthly: Dollars::zero(),
        }
    }
}

impl KeyData {
    /// The row says what was set, memory what was spent.
    fn new(state: KeyState, key: &Key, control: &Control) -> Self {
        let now = control.clock.now();
        let figures = key.figures(now);
        let remaining = match (state.limit, key.limit_remaining(now)) {
            (Some(_), Some(remaining)) => Some(remaining.into()),
            _ => None,
        };
        Self {
            hash: state.hash.to_string(),
            label: state.label,
            name: state.name,
            disabled: state.is_disabled,
            is_management_key: state.role == KeyRole::Management,
            limit: state.limit.map(Dollars::from),
            limit_remaining: remaining,
            limit_reset: state.reset.map(ResetPeriod::as_str),
            include_byok_in_limit: state.include_byok_in_limit,
            usage: Usage::of(key, control),
            created_at: state.created_at.to_rfc3339(),
            updated_at: state.updated_at.map(|at| at.to_rfc3339()),
            last_used_at: figures.last_used_at.max(state.last_used_at).map(|at| at.to_rfc3339()),
            expires_at: state.expires_at.map(|at| at.to_rfc3339()),
            creator_user_id: state.user.map(|user| user.to_string()),
            external_user: None,
            workspace_id: state.workspace.to_string(),
        }
    }
}

/// Finds a key of the caller's account by its handle. Somebody else's key is as absent as one that never was.
async fn find(control: &Control, caller: &Caller, hash: &str) -> Result<(KeyState, Arc<Key>), ControlError> {
    let hash = KeyHash::parse(hash).ok_or(NOT_FOUND)?;
    let state = control.store.key_find_by_hash(hash, control.clock.now()).await?.ok_or(NOT_FOUND)?;
    if state.account != caller.account.id() || state.is_internal {
        return Err(NOT_FOUND);
    }
    with_memory(control, state).await
}

/// Joins a stored key with its figures in memory.
async fn with_memory(control: &Control, state: KeyState) -> Result<(KeyState, Arc<Key>), ControlError> {
    match control.book.key(&state.hash) {
        Some(key) => Ok((state, key)),
        None => memory::put(control, state).await?.ok_or(NOT_FOUND),
    }
}

/// Reads `limit_reset`: one of the periods, or null for never.
fn reset(fields: &crate::body::Fields<'_>) -> Result<Option<Option<ResetPeriod>>, ControlError> {
    let Some(text) = fields.text("limit_reset", 100)? else { return Ok(None) };
    let Some(text) = text else { return Ok(Some(None)) };
    let wrong = || ControlError::invalid("limit_reset", "must be daily, weekly, monthly or null");
    ResetPeriod::parse(&text).map(|period| Some(Some(period))).ok_or_else(wrong)
}

/// The caller's only workspace may be named; any other is not theirs.
async fn check_workspace(
    control: &Control,
    caller: &Caller,
    fields: &crate::body::Fields<'_>,
) -> Result<domain::id::WorkspaceId, ControlError> {
    let own = memory::workspace(control, &caller.account).await?;
    match fields.text("workspace_id", 200)?.flatten() {
        Some(named) if named != own.to_string() => Err(ControlError::NotFound("Workspace")),
        _ => Ok(own),
    }
}
