//! Call: try the planned attempts until one answers, then hand its answer on.
//!
//! Plain answers are finished and charged even when the client leaves: they move to a task of their own then. Streams run
//! inside the answer's own body: no task, no channel. Failover goes on until the first content event is out.

mod attempt;
mod client;
pub(crate) mod count;
mod drain;
mod failover;
mod h2;
pub(crate) mod health;
mod live;
mod names;
mod passthrough;
mod plain;
pub(crate) mod providers;
pub(crate) mod scrub;
pub(crate) mod sticky;
mod tended;
mod trip;
mod validate;
mod whole;
mod verdict;

pub use client::UpstreamClient;
pub(crate) use drain::client_left;
pub use health::{EndpointStats, HealthBook, HealthSettings};
pub(crate) use live::bill;
pub use live::{Live, Step};
use tended::Tended;
pub use trip::Trip;
pub use validate::Rules;
pub use whole::Whole;

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
use failover::Failover;

use std::future::Future;
use std::pin::Pin;
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
    /// The events of a whole answer.
    Replay(Vec<u8>),
    Events(Box<Flow>),
}

impl Reply {
    /// The HTTP answer.
    pub fn into_response(self) -> Response {
        match self.kind {
            ReplyBody::Json(body) => head::json(body, &self.id, self.facts),
            ReplyBody::Replay(events) => head::events(Body::from(events), &self.id, self.facts),
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
    gateway.secure().await;
    Ok(Reply { id, facts, kind: ReplyBody::Json(body) })
}

/// Holds the head back until the first content or for a while, so that early failures are plain JSON errors.
async fn stream(gateway: &Arc<Gateway>, trip: Trip, id: GenerationId) -> Result<Reply, Refusal> {
    let dialect = trip.ask.dialect;
    let mut opening = if trip.ask.rules.is_some() { judged(gateway, trip) } else { unjudged(gateway, trip) };
    let facts = AccessFacts { generation: Some(id.to_string()), ..AccessFacts::default() };
    let flow = match tokio::time::timeout(gateway.settings.head_hold, &mut opening).await {
        Ok(opened) => match opened? {
            Opened::Live(live) => Flow::live(gateway, live),
            Opened::Whole(whole) => {
                let (events, facts) = whole.into_events()?;
                gateway.secure().await;
                return Ok(Reply { id, facts, kind: ReplyBody::Replay(events) });
            }
        },
        Err(_elapsed) => Flow::opening(gateway, dialect, id, opening),
    };
    Ok(Reply { id, facts: flow.facts(facts), kind: ReplyBody::Events(Box::new(flow)) })
}

/// What a streamed request is answered with once somebody has answered.
#[derive(Debug)]
pub enum Opened {
    /// A stream whose first content has arrived.
    Live(Box<Live>),
    /// An answer that had to be read whole before it could be judged.
    Whole(Box<Whole>),
}

/// The search for an answer.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Opened, Refusal>> + Send>>;

fn unjudged(gateway: &Arc<Gateway>, trip: Trip) -> Opening {
    let gateway = Arc::clone(gateway);
    Box::pin(async move {
        let live = live::open(&gateway, trip, &mut Failover::default()).await?;
        Ok(Opened::Live(Box::new(live)))
    })
}

/// Judged answers are read as plain ones are: a client that leaves is charged for what it made a provider do.
fn judged(gateway: &Arc<Gateway>, trip: Trip) -> Opening {
    let shared = Arc::clone(gateway);
    let answer = Tended::new(&gateway.tasks, async move { plain::obtain(&shared, trip).await });
    Box::pin(async move {
        let panicked = || Err(Refusal::new(ErrorKind::Server, "a judged answer panicked"));
        Ok(Opened::Whole(Box::new(answer.await.unwrap_or_else(panicked)?)))
    })
}
