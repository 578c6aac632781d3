//! Call: try the planned attempts until one answers, then hand its answer on.
//!
//! Plain answers are finished and charged even when the client leaves: they move to a task of their own then. Streams run
//! inside the answer's own body: no task, no channel. Failover goes on until the first content event is out.

mod attempt;
mod client;
pub(crate) mod count;
mod drain;
mod failover;
pub(crate) mod health;
mod live;
mod passthrough;
mod plain;
pub(crate) mod providers;
pub(crate) mod scrub;
pub(crate) mod sticky;
mod tended;
mod trip;
mod verdict;

pub use client::UpstreamClient;
pub(crate) use drain::client_left;
pub use health::{EndpointStats, HealthBook, HealthSettings};
pub(crate) use live::bill;
pub use live::{Live, Step};
use tended::Tended;
pub use trip::Trip;

use crate::prepare::Prepared;
use crate::reply::Refusal;
use crate::reply::flow::Flow;
use crate::reply::head;
use crate::state::Gateway;
use axum::body::Body;
use axum::response::Response;
use domain::error_kind::ErrorKind;
use domain::id::GenerationId;
use edge::access_log::AccessFacts;
use std::sync::Arc;

/// An answer: its head's facts and its body.
#[derive(Debug)]
pub struct Reply {
    id: GenerationId,
    facts: AccessFacts,
    kind: ReplyBody,
}

#[derive(Debug)]
enum ReplyBody {
    Json(Vec<u8>),
    Events(Box<Flow>),
}

impl Reply {
    /// The HTTP answer.
    pub fn into_response(self) -> Response {
        match self.kind {
            ReplyBody::Json(body) => head::json(body, &self.id, self.facts),
            ReplyBody::Events(flow) => head::events(Body::new(*flow), &self.id, self.facts),
        }
    }
}

/// Calls providers until one answers.
///
/// # Errors
/// [`Refusal`] when no attempt answered before the head had to go out.
pub async fn call(gateway: &Arc<Gateway>, prepared: Prepared) -> Result<Reply, Refusal> {
    let trip = Trip::new(gateway, prepared);
    let id = trip.id();
    if trip.is_stream() {
        return stream(gateway, trip, id).await;
    }
    let shared = Arc::clone(gateway);
    let answer = Tended::new(&gateway.tasks, async move { plain::answer(&shared, trip).await }).await;
    let (body, facts) = answer.unwrap_or_else(|| Err(Refusal::new(ErrorKind::Server, "a plain answer panicked")))?;
    Ok(Reply { id, facts, kind: ReplyBody::Json(body) })
}

/// Holds the head back until the first content or for a while, so that early failures are plain JSON errors.
async fn stream(gateway: &Arc<Gateway>, trip: Trip, id: GenerationId) -> Result<Reply, Refusal> {
    let (shared, dialect) = (Arc::clone(gateway), trip.ask.dialect);
    let mut opening = Box::pin(async move { live::open(&shared, trip).await });
    let facts = AccessFacts { generation: Some(id.to_string()), ..AccessFacts::default() };
    let flow = match tokio::time::timeout(gateway.settings.head_hold, &mut opening).await {
        Ok(live) => Flow::live(gateway, live?),
        Err(_elapsed) => Flow::opening(gateway, dialect, id, opening),
    };
    Ok(Reply {
        id,
        facts: AccessFacts { model: flow.model(), provider: flow.provider(), ..facts },
        kind: ReplyBody::Events(Box::new(flow)),
    })
}
