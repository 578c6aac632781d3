//! `GET /generations`: the account's calls, newest first. Console only.

use crate::caller::Visitor;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::query::Params;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use domain::generation::{Ending, Settlement};
use domain::id::GenerationId;
use domain::time::Timestamp;
use http::StatusCode;
use serde::Serialize;
use store::durable::GenerationCursor;
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: u64 = 50;
const LIMIT_MAX: u64 = 100;

/// Which calls.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; parameters are read one by one")]
pub(crate) struct GenerationListParams {
    /// Rows per page, 1 to 100; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GenerationListReply {
    data: Vec<GenerationRow>,
    /// Where the next page starts; null after the last.
    next_cursor: Option<String>,
}

/// A call in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GenerationRow {
    /// Generation id.
    id: String,
    /// When the request arrived.
    created_at: String,
    /// Model id that served.
    model: String,
    /// Provider display name.
    provider_name: String,
    /// Charge in US dollars.
    #[schema(value_type = f64)]
    total_cost: Dollars,
    /// Prompt tokens.
    tokens_prompt: u64,
    /// Answer tokens.
    tokens_completion: u64,
    /// Normalised finish reason.
    finish_reason: Option<String>,
    /// Whether the answer was streamed.
    streamed: bool,
    /// HTTP status that the client saw.
    status: u16,
    /// `completed`, `cancelled`, `failed`, `interrupted` or `budget_ended`.
    ending: &'static str,
    /// Milliseconds to the first content.
    latency: u64,
    /// Milliseconds from the first attempt to the end.
    generation_time: u64,
}

/// List calls
#[utoipa::path(get, path = "/generations", tag = "Console", params(GenerationListParams),
    responses((status = 200, body = GenerationListReply), (status = 400), (status = 401)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    Visitor(session): Visitor,
    params: Params,
) -> Result<Response, ControlError> {
    let limit = params.number("limit", 1, LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    let limit = usize::try_from(limit).unwrap_or(1);
    let after = match params.one("cursor")? {
        None | Some("") => None,
        Some(text) => Some(parse(text).ok_or_else(|| ControlError::invalid("cursor", "is not one of ours"))?),
    };
    let rows = u32::try_from(limit).unwrap_or(u32::MAX);
    let settlements = mount.control.store.generation_list(session.account.id(), after, rows).await?;
    let next_cursor = settlements.last().filter(|_| settlements.len() >= limit).map(cursor);
    let data = settlements.into_iter().map(row).collect();
    reply::personal(StatusCode::OK, &GenerationListReply { data, next_cursor })
}

fn row(settlement: Settlement) -> GenerationRow {
    let opening = settlement.opening;
    GenerationRow {
        id: opening.id.to_string(),
        created_at: opening.created_at.to_rfc3339(),
        model: opening.model,
        provider_name: opening.provider_name,
        total_cost: settlement.charge.into(),
        tokens_prompt: settlement.usage.prompt_tokens(),
        tokens_completion: settlement.usage.completion_tokens(),
        finish_reason: settlement.finish_reason,
        streamed: opening.streamed,
        status: settlement.status,
        ending: match settlement.ending {
            Ending::Completed => "completed",
            Ending::Cancelled => "cancelled",
            Ending::Failed => "failed",
            Ending::Interrupted => "interrupted",
            Ending::BudgetEnded => "budget_ended",
        },
        latency: settlement.latency_ms,
        generation_time: settlement.generation_ms,
    }
}

fn cursor(settlement: &Settlement) -> String {
    format!("{}.{}", settlement.opening.created_at.micros(), settlement.opening.id)
}

fn parse(text: &str) -> Option<GenerationCursor> {
    let (micros, id) = text.split_once('.')?;
    let is_plain = !micros.is_empty() && micros.bytes().all(|byte| byte.is_ascii_digit());
    let created_at = Timestamp::from_micros(micros.parse().ok().filter(|_| is_plain)?);
    Some(GenerationCursor { created_at, id: GenerationId::parse(id).ok()? })
}
