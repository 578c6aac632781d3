//! The control plane: keys, credits, sessions, generations, activity, catalogue, upstreams.
//!
//! One endpoint is one file: its documented input and output, its handler. The public API and the console mount the same
//! handlers; what differs is the door: keys at `/api/v1` and `/v1`, a session cookie at `/console/api/v1`, never both.

mod activity;
mod body;
mod caller;
mod credits;
mod dollars;
mod error;
mod figures;
mod generation;
mod key;
mod memory;
mod model;
mod openapi;
mod preset;
mod provider;
mod query;
mod reply;
mod routes;
mod routing;
pub mod seal;
mod session;
mod state;
pub mod upstream;

pub use error::ControlError;
pub use figures::{Measure, Measured, Popularity};
pub use openapi::openapi;
pub use routes::ROUTES;
pub use session::session_key;
pub use state::{Control, ControlSettings, Drain, Unfit, Vet};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use edge::request_id::RequestId;
use state::{Door, Mount};
use std::sync::Arc;

/// The routes of the control plane, ready to be merged with the data plane's. Request ids, cross-origin answers and the
/// access log are the server's; a path that is not in [`ROUTES`] is left to it.
pub fn router(control: Arc<Control>) -> Router {
    let api = routes::api().with_state(Mount { control: Arc::clone(&control), door: Door::Api });
    let console = routes::console().with_state(Mount { control, door: Door::Console });
    Router::new()
        .nest("/api/v1", api.clone())
        .nest("/v1", api)
        .nest("/console/api/v1", console)
        .method_not_allowed_fallback(|| async { ControlError::MethodNotAllowed })
        .layer(from_fn(report))
}

/// Logs a failure of ours once, with all its causes and the request's id.
async fn report(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    if let Some(error::Failure(failure)) = response.extensions().get() {
        let request_id = id.as_ref().map_or("", RequestId::as_str);
        tracing::error!(request_id, error = error::chain(failure.as_ref()), "a request of the control plane failed");
    }
    response
}
