//! Counting input tokens: a shorter journey that calls no model and costs nothing.
//!
//! An extension of the public contract. Providers that count are asked; otherwise the number is an estimate and says so.

use crate::accept::{self, Credential};
use crate::authenticate;
use crate::call;
use crate::plan;
use crate::reply::{self, Refusal, head};
use crate::state::Gateway;
use axum::extract::Request;
use axum::response::Response;
use dialect::inbound::Dialect;
use dialect::tokens;
use edge::access_log::AccessFacts;
use serde_json::json;
use std::sync::Arc;

/// Answers how many input tokens a request has.
pub async fn run(gateway: &Arc<Gateway>, dialect: Dialect, request: Request) -> Response {
    let knock = accept::accept(gateway, dialect, Credential::Header, request);
    let id = knock.id();
    match count(gateway, knock).await {
        Ok(response) => response,
        Err(refusal) => reply::error::respond_with_id(&refusal, dialect, &id),
    }
}

async fn count(gateway: &Arc<Gateway>, knock: accept::Knock) -> Result<Response, Refusal> {
    let caller = match authenticate::authenticate(gateway, knock.head()).await {
        Ok(caller) => caller,
        Err(refusal) => {
            knock.discard().await;
            return Err(refusal);
        }
    };
    let ask = knock.open(gateway, &caller).await?;
    let plan = plan::plan(gateway, &ask, &caller)?;
    let counted = call::count::ask(gateway, &ask, &plan).await;
    let body = json!({
        "input_tokens": counted.unwrap_or_else(|| tokens::estimate(&ask.chat)),
        "estimated": counted.is_none(),
    });
    let facts = AccessFacts { generation: Some(ask.id.to_string()), ..AccessFacts::default() };
    Ok(head::json(body.to_string().into_bytes(), &ask.id, facts))
}
