//! All routes on one page.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State as Shared};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, http::StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::family::{Family, Operation, Refusal};
use crate::head::respond;
use crate::options::BODY_BYTES_MAX;
use crate::scenario::Scenario;
use crate::serve::{Route, allow, model_document, serve};
use crate::state::State;

/// The simulator as a router, for embedding without a listener.
///
/// Faults below HTTP need the connection and work only behind [`crate::Simulator`]; here a reset or a closed
/// connection in the body breaks the body off, and those before the head are left out.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/completions", post(completions))
        .route("/v1/responses", post(responses))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/models", get(list))
        .route("/v1/models/{*name}", get(one).post(gemini))
        .route("/v1beta/models", get(list))
        .route("/v1beta/models/{*name}", get(one).post(gemini))
        .route("/simulator/scenarios", post(set_scenario).delete(clear_scenarios))
        .route("/simulator/observed", get(observed).delete(clear))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(state)
}

async fn answer(state: State, family: Family, operation: Operation, request: Request) -> Response {
    serve(state, Route { family, operation, model: None, stream: false }, request).await
}

async fn chat(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::OpenAi, Operation::Generate, request).await
}

async fn completions(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::OpenAi, Operation::Complete, request).await
}

async fn responses(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::OpenAi, Operation::Respond, request).await
}

async fn embeddings(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::OpenAi, Operation::Embed, request).await
}

async fn messages(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::Anthropic, Operation::Generate, request).await
}

async fn count_tokens(Shared(state): Shared<State>, request: Request) -> Response {
    answer(state, Family::Anthropic, Operation::Count, request).await
}

/// `POST …/models/{model}:{verb}`; the model may contain slashes.
async fn gemini(Shared(state): Shared<State>, Path(name): Path<String>, request: Request) -> Response {
    let Some((model, verb)) = name.rsplit_once(':') else {
        return nowhere().await;
    };
    let (operation, stream) = match verb {
        "generateContent" => (Operation::Generate, false),
        "streamGenerateContent" => (Operation::Generate, true),
        "countTokens" => (Operation::Count, false),
        "embedContent" => (Operation::Embed, false),
        "batchEmbedContents" => (Operation::EmbedMany, false),
        _ => return nowhere().await,
    };
    serve(state, Route { family: Family::Gemini, operation, model: Some(model.to_owned()), stream }, request).await
}

/// The families share `GET /v1/models`; their headers tell them apart.
fn family_of(request: &Request) -> Family {
    let headers = request.headers();
    let by_key = request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")));
    if headers.contains_key("anthropic-version") {
        Family::Anthropic
    } else if request.uri().path().starts_with("/v1beta/") || headers.contains_key("x-goog-api-key") || by_key {
        Family::Gemini
    } else {
        Family::OpenAi
    }
}

async fn list(Shared(state): Shared<State>, request: Request) -> Response {
    let family = family_of(&request);
    match allow(&state, family, request.headers(), request.uri()) {
        Ok(()) => Json(model_document(family, None)).into_response(),
        Err(refusal) => *refusal,
    }
}

async fn one(Shared(state): Shared<State>, Path(name): Path<String>, request: Request) -> Response {
    let family = family_of(&request);
    match allow(&state, family, request.headers(), request.uri()) {
        Ok(()) => Json(model_document(family, Some(&name))).into_response(),
        Err(refusal) => *refusal,
    }
}

/// A scenario to set.
#[derive(Debug, Deserialize)]
struct SetScenario {
    model: String,
    #[serde(default)]
    scenario: Scenario,
}

async fn set_scenario(Shared(state): Shared<State>, Json(wanted): Json<SetScenario>) -> StatusCode {
    state.set_scenario(&wanted.model, wanted.scenario);
    StatusCode::NO_CONTENT
}

async fn clear_scenarios(Shared(state): Shared<State>) -> StatusCode {
    state.clear_scenarios();
    StatusCode::NO_CONTENT
}

async fn observed(Shared(state): Shared<State>) -> Response {
    Json(json!({"observed": state.observed()})).into_response()
}

async fn clear(Shared(state): Shared<State>) -> StatusCode {
    state.clear();
    StatusCode::NO_CONTENT
}

async fn nowhere() -> Response {
    let meta = crate::family::Meta { seed: 0, created: 0, operation: Operation::Generate };
    let refusal = Refusal { message: Some("Unknown request URL.".to_owned()), ..Refusal::status(404) };
    let body = Family::OpenAi.error(&refusal, &meta).to_string();
    respond(Family::OpenAi, &meta, None, 404, "application/json", Body::from(body))
}
