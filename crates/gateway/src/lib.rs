//! The data plane: one request from accept to record.
//!
//! Start reading at [`journey`]. The modules below stand in the order in which a request passes them; each stage is a
//! folder with one public function and hands one noun on to the next.

mod accept;
mod authenticate;
mod plan;
mod admit;
mod prepare;
mod call;
mod settle;
mod record;

mod count;
mod explain;
mod journey;
mod pressure;
mod reply;
mod settings;
mod state;
mod vet;

pub use call::providers::address as provider_address;
pub use call::scrub::scrub;
pub use call::{EndpointStats, HealthBook, HealthSettings, UpstreamClient};
pub use prepare::reader::document_exit;
pub use reply::error::{Refusal, respond as respond_to_refusal};
pub use settings::{DocumentSettings, FreeFailedAnswers, GatewaySettings};
pub use state::{Gateway, GatewayParts};
pub use vet::vet;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use dialect::inbound::Dialect;
use domain::error_kind::ErrorKind;
use edge::route::{Access, Route};
use std::sync::Arc;
use store::lease::Key;

/// Every route of the data plane.
pub const ROUTES: &[Route] = &[
    Route { method: "POST", pattern: "/api/v1/chat/completions", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/chat/completions", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/messages", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/messages", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/messages/count_tokens", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/messages/count_tokens", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/responses", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/responses", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/completions", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/completions", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/embeddings", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/v1/embeddings", access: Access::Inference, body_max: 33_554_432 },
    Route { method: "POST", pattern: "/api/v1/route/explain", access: Access::AnyKey, body_max: 33_554_432 },
];

/// What the data plane answers behind the console's door; the server mounts these, because a session is the control
/// plane's to recognise.
pub const CONSOLE_ROUTES: &[Route] = &[
    Route {
        method: "POST",
        pattern: "/console/api/v1/chat/completions",
        access: Access::Session,
        body_max: 33_554_432,
    },
    Route { method: "POST", pattern: "/console/api/v1/route/explain", access: Access::Session, body_max: 33_554_432 },
];

/// The public routes of the data plane.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/api/v1/chat/completions", post(chat))
        .route("/v1/chat/completions", post(chat))
        .route("/api/v1/messages", post(messages))
        .route("/v1/messages", post(messages))
        .route("/api/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/api/v1/responses", post(responses))
        .route("/v1/responses", post(responses))
        .route("/api/v1/completions", post(completions))
        .route("/v1/completions", post(completions))
        .route("/api/v1/embeddings", post(embeddings))
        .route("/v1/embeddings", post(embeddings))
        .route("/api/v1/route/explain", post(explain_route))
        .method_not_allowed_fallback(|| async {
            reply::error::respond(&Refusal::new(ErrorKind::MethodNotAllowed, "Method not allowed"))
        })
        .with_state(gateway)
}

async fn chat(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    journey::run(&gateway, Dialect::Chat, accept::Credential::Header, request).await
}

async fn messages(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    journey::run(&gateway, Dialect::Messages, accept::Credential::Header, request).await
}

async fn count_tokens(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    count::run(&gateway, Dialect::Messages, request).await
}

async fn responses(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    journey::run(&gateway, Dialect::Responses, accept::Credential::Header, request).await
}

async fn completions(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    journey::run(&gateway, Dialect::Completions, accept::Credential::Header, request).await
}

async fn embeddings(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    journey::run(&gateway, Dialect::Embeddings, accept::Credential::Header, request).await
}

async fn explain_route(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    explain::explain(&gateway, accept::Credential::Header, request).await
}

/// Answers a chat request on behalf of a key that the console's session stands for.
pub async fn chat_for(gateway: &Arc<Gateway>, key: Arc<Key>, request: Request) -> Response {
    journey::run(gateway, Dialect::Chat, accept::Credential::Session(key), request).await
}

/// Explains a request's route on behalf of a key that the console's session stands for.
pub async fn explain_for(gateway: &Arc<Gateway>, key: Arc<Key>, request: Request) -> Response {
    explain::explain(gateway, accept::Credential::Session(key), request).await
}
