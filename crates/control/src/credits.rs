//! `GET /credits`: what was granted and what was used.

use crate::caller::Manager;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::reply;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The account's credit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditsReply {
    data: CreditsData,
}

/// The account's credit; the balance is the difference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditsData {
    /// All grants, in US dollars.
    #[schema(value_type = f64)]
    total_credits: Dollars,
    /// All charges, in US dollars, those included that the store does not have yet.
    #[schema(value_type = f64)]
    total_usage: Dollars,
}

/// Show the account's credit
#[utoipa::path(get, path = "/credits", tag = "Credits",
    responses((status = 200, body = CreditsReply), (status = 401), (status = 403)))]
pub(crate) async fn handler(Manager(caller): Manager) -> Result<Response, ControlError> {
    let budget = caller.account.budget();
    let data = CreditsData { total_credits: budget.granted().into(), total_usage: budget.posted().into() };
    reply::personal(StatusCode::OK, &CreditsReply { data })
}
