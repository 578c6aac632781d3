//! `/routing` and `/workspaces/{workspace}/routing`: what an account or a workspace allows, prefers and shares.

use crate::body::Body;
use crate::caller::{Caller, Manager};
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::rules::RoutingRules;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use store::durable::RoutingScope;
use utoipa::ToSchema;

/// Routing settings. Both scopes hold together: what either forbids is forbidden; a default of the workspace goes before the
/// account's, and what a request says goes before both.
#[derive(ToSchema)]
#[schema(as = RoutingSettings)]
#[expect(dead_code, reason = "documents the settings; the rules themselves are written and read")]
pub(crate) struct RoutingDocument {
    /// Only these models; all when null. Ids, in which `*` stands for any text.
    allowed_models: Option<Vec<String>>,
    /// Never these models.
    ignored_models: Vec<String>,
    /// Only these providers, by slug, endpoint tag or display name; all when null.
    allowed_providers: Option<Vec<String>>,
    /// Never these providers.
    ignored_providers: Vec<String>,
    /// Only endpoints in these regions; all when null. An endpoint whose region is unknown is in none.
    allowed_regions: Option<Vec<String>>,
    /// Only endpoints with zero data retention.
    enforce_zdr: bool,
    /// The same for models of Anthropic alone.
    enforce_zdr_anthropic: bool,
    /// The same for models of OpenAI alone.
    enforce_zdr_openai: bool,
    /// The same for models of Google alone.
    enforce_zdr_google: bool,
    /// The same for models of xAI alone.
    enforce_zdr_xai: bool,
    /// The same for models of everybody else.
    enforce_zdr_other: bool,
    /// Whether paid endpoints may train on prompts; true unless changed.
    enable_paid_model_training: bool,
    /// Whether free endpoints may train on prompts; true unless changed.
    enable_free_model_training: bool,
    /// Whether free endpoints may publish prompts; true unless changed.
    enable_free_model_publication: bool,
    /// `price`, `throughput`, `latency` or `exacto`, unless a request sorts or orders.
    default_provider_sort: Option<String>,
    /// Model of requests that name none.
    default_text_model: Option<String>,
    /// Further rules, with conditions and shares of conversations.
    rules: Vec<serde_json::Value>,
}

/// Routing settings with the time of their last change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoutingReply {
    /// The settings.
    #[schema(value_type = RoutingDocument)]
    data: RoutingRules,
    /// Last change; null while nothing was ever set.
    updated_at: Option<String>,
}

/// Show the account's routing settings
#[utoipa::path(get, path = "/routing", tag = "Routing",
    responses((status = 200, body = RoutingReply), (status = 401), (status = 403)))]
pub(crate) async fn account(State(mount): State<Mount>, Manager(caller): Manager) -> Result<Response, ControlError> {
    show(&mount.control, &caller, RoutingScope::Account).await
}

/// Change the account's routing settings
#[utoipa::path(patch, path = "/routing", tag = "Routing",
    request_body(content = Object, description = "Settings to change; a list is replaced whole, null resets a setting"),
    responses((status = 200, body = RoutingReply), (status = 400), (status = 401), (status = 403)))]
pub(crate) async fn change_account(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    body: Body,
) -> Result<Response, ControlError> {
    change(&mount.control, &caller, RoutingScope::Account, &body).await
}

/// Show a workspace's routing settings
#[utoipa::path(get, path = "/workspaces/{workspace}/routing", tag = "Routing",
    params(("workspace" = String, Path, description = "The workspace's id")),
    responses((status = 200, body = RoutingReply), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn workspace(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(workspace): Path<String>,
) -> Result<Response, ControlError> {
    let scope = scope(&mount.control, &caller, &workspace).await?;
    show(&mount.control, &caller, scope).await
}

/// Change a workspace's routing settings
#[utoipa::path(patch, path = "/workspaces/{workspace}/routing", tag = "Routing",
    request_body(content = Object, description = "Settings to change; a list is replaced whole, null resets a setting"),
    params(("workspace" = String, Path, description = "The workspace's id")),
    responses((status = 200, body = RoutingReply), (status = 400), (status = 401), (status = 403), (status = 404)))]
pub(crate) async fn change_workspace(
    State(mount): State<Mount>,
    Manager(caller): Manager,
    Path(workspace): Path<String>,
    body: Body,
) -> Result<Response, ControlError> {
    let scope = scope(&mount.control, &caller, &workspace).await?;
    change(&mount.control, &caller, scope, &body).await
}

/// The caller's own workspace; any other is as absent as one that never was.
async fn scope(control: &Control, caller: &Caller, named: &str) -> Result<RoutingScope, ControlError> {
    let own = memory::workspace(control, &caller.account).await?;
    if named == own.to_string() { Ok(RoutingScope::Workspace(own)) } else { Err(ControlError::NotFound("Workspace")) }
}

async fn show(control: &Control, caller: &Caller, scope: RoutingScope) -> Result<Response, ControlError> {
    let (data, updated_at) = stored(control, caller, scope).await?;
    reply::personal(StatusCode::OK, &RoutingReply { data, updated_at })
}

/// What is stored, or the settings of somebody who never set any.
async fn stored(
    control: &Control,
    caller: &Caller,
    scope: RoutingScope,
) -> Result<(RoutingRules, Option<String>), ControlError> {
    match control.store.routing_find(caller.account.id(), scope).await? {
        None => Ok((RoutingRules::default(), None)),
        Some(found) => Ok((serde_json::from_str(&found.document)?, Some(found.updated_at.to_rfc3339()))),
    }
}

async fn change(
    control: &Control,
    caller: &Caller,
    scope: RoutingScope,
    body: &Body,
) -> Result<Response, ControlError> {
    // Refuses duplicate fields and anything but an object.
    body.fields()?;
    let changes: Map<String, Value> = serde_json::from_slice(body.bytes())
        .map_err(|_shape| ControlError::Request("The request body is not a JSON object".into()))?;
    if changes.is_empty() {
        return Err(ControlError::Request("No update fields provided".into()));
    }
    let (before, _updated_at) = stored(control, caller, scope).await?;
    let after = apply(&before, changes)?;
    let document = serde_json::to_string(&after)?;
    let now = control.clock.now();
    control.store.routing_put(caller.account.id(), scope, &document, now).await?;
    control.keyring.refresh_rules(caller.account.id()).await?;
    reply::personal(StatusCode::OK, &RoutingReply { data: after, updated_at: Some(now.to_rfc3339()) })
}

/// The settings with some replaced; null means as if never set.
fn apply(before: &RoutingRules, changes: Map<String, Value>) -> Result<RoutingRules, ControlError> {
    let mut settings = serde_json::to_value(before)?;
    let defaults = serde_json::to_value(RoutingRules::default())?;
    for (name, value) in changes {
        let Some(otherwise) = defaults.get(&name) else {
            return Err(ControlError::Request("The request body has a field that is no routing setting".into()));
        };
        let value = if value.is_null() { otherwise.clone() } else { value };
        let single = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        if serde_json::from_value::<RoutingRules>(single).is_err() {
            return Err(ControlError::invalid(name, "is not of the documented shape"));
        }
        if let Some(settings) = settings.as_object_mut() {
            settings.insert(name, value);
        }
    }
    let after: RoutingRules = serde_json::from_value(settings)?;
    after.check().map_err(|error| ControlError::invalid(error.field, error.problem))?;
    Ok(after)
}
