//! One request, from accept to record.

use crate::accept::{self, Ask, Credential};
use crate::admit;
use crate::authenticate::{self, Caller};
use crate::call;
use crate::plan;
use crate::prepare;
use crate::record;
use crate::reply::{self, Refusal};
use crate::settle::{self, Ended};
use crate::state::Gateway;
use axum::extract::Request;
use axum::response::Response;
use dialect::inbound::{Asked, Dialect};
use std::sync::Arc;

/// Answers a request. Whatever goes wrong becomes an answer in the caller's dialect; every admission is settled or voided.
pub async fn run(gateway: &Arc<Gateway>, dialect: Dialect, credential: Credential, request: Request) -> Response {
    let knock = accept::accept(gateway, dialect, credential, request);
    let id = knock.id();
    match walk(gateway, knock).await {
        Ok(response) => response,
        Err(refusal) => reply::error::respond_with_id(&refusal, dialect, &id),
    }
}

async fn walk(gateway: &Arc<Gateway>, knock: accept::Knock) -> Result<Response, Refusal> {
    let caller = match authenticate::authenticate(gateway, knock.head()).await {
        Ok(caller) => caller,
        Err(refusal) => {
            knock.discard().await;
            return Err(refusal);
        }
    };
    let ask = knock.open(gateway, &caller).await?;
    let asked = Asked::of(&ask.chat);
    serve(gateway, ask, &caller).await.map_err(|refusal| refusal.asked(asked))
}

/// Answers a request that is read, on behalf of a caller that is known.
async fn serve(gateway: &Arc<Gateway>, ask: Box<Ask>, caller: &Caller) -> Result<Response, Refusal> {
    let plan = plan::plan(gateway, &ask, caller)?;
    let admission = admit::admit(gateway, &ask, caller, plan).await?;
    let prepared = prepare::prepare(gateway, ask, admission).await?;
    let reply = call::call(gateway, prepared).await?;
    Ok(reply.into_response())
}

/// Ends an answer: called exactly once per admission, from wherever the answer ended.
pub(crate) fn finish(gateway: &Gateway, ended: Ended) -> settle::Receipt {
    let receipt = settle::settle(gateway, ended);
    record::record(gateway, &receipt);
    receipt
}
