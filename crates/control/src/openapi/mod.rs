//! The API document, generated from the handlers.
//!
//! Handlers document themselves with paths relative to their prefix, because the same handler is mounted under several. The
//! document is put together here: prefixes, names of operations, who may call, and the one error body.

mod chat;
mod completions;
mod compose;
mod embeddings;
mod explain;
mod messages;
mod responses;

use crate::{activity, credits, generation, key, model, preset, provider, routing, session, upstream};
use serde::Serialize;
use utoipa::OpenApi as _;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorReply {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The HTTP status.
    code: u16,
    /// For people.
    message: String,
    metadata: Option<ErrorMetadata>,
}

/// Details of a refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorMetadata {
    /// For programs: `authentication`, `not_found`, `invalid_request`, ….
    error_type: Option<String>,
    /// The field or query parameter that cannot be used, if it is one.
    param: Option<String>,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Portolan",
        description = "One API key for every model of every provider. The public API lives at `/api/v1` and, the same, at \
            `/v1`; it takes `Authorization: Bearer sk-or-v1-…`. The console's API lives at `/console/api/v1`; it takes the \
            session cookie, and state changes need the header `x-portolan-csrf`, a JSON content type and the same origin. \
            Money is in US dollars: exact decimal numbers, or decimal texts for prices per unit.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ErrorReply, ErrorBody, ErrorMetadata, messages::MessagesProblem)),
    tags(
        (name = "Inference", description = "Calling models"),
        (name = "Catalogue", description = "Models, providers and prices; open to everybody"),
        (name = "API keys", description = "The calling key, and the administration of keys with a management key"),
        (name = "Credits", description = "The account's credit"),
        (name = "Usage", description = "What was called, what it cost and why"),
        (name = "Presets", description = "Named sets of model, parameters and system prompt"),
        (name = "Routing", description = "What an account or a workspace allows, prefers and shares"),
        (name = "Upstreams", description = "Provider connections of this server, an extension of the public contract"),
        (name = "Console", description = "What only the web console uses")
    )
)]
struct Frame;

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    chat::chat_completions,
    messages::messages,
    messages::count_tokens,
    responses::responses,
    completions::completions,
    embeddings::embeddings,
    explain::route_explain,
    model::list::handler,
    model::count::handler,
    model::user::handler,
    model::find::escaped,
    model::find::parts,
    model::endpoints::handler,
    model::find::handler,
    provider::handler,
    model::zdr::handler,
    model::embeddings::handler,
    model::images::list,
    model::images::endpoints,
    key::current::handler,
    key::list::handler,
    key::create::handler,
    key::read::handler,
    key::update::handler,
    key::delete::handler,
    credits::handler,
    generation::find::handler,
    activity::handler,
    preset::list::handler,
    preset::read::handler,
    preset::update::handler,
    preset::delete::handler,
    preset::versions::handler,
    preset::version::handler,
    preset::create::chat,
    preset::create::messages,
    preset::create::responses,
    routing::account,
    routing::change_account,
    routing::workspace,
    routing::change_workspace,
    upstream::list::handler,
    upstream::create::handler,
    upstream::update::handler,
    upstream::delete::handler,
    upstream::test::handler,
    upstream::reload::handler
))]
struct Api;

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    session::setup::handler,
    session::read::handler,
    session::end::handler,
    chat::chat_completions,
    explain::route_explain,
    key::list::handler,
    key::create::handler,
    key::read::handler,
    key::update::handler,
    key::delete::handler,
    credits::handler,
    generation::find::handler,
    generation::list::handler,
    activity::handler,
    preset::list::handler,
    preset::read::handler,
    preset::update::handler,
    preset::delete::handler,
    preset::versions::handler,
    preset::version::handler,
    preset::create::chat,
    preset::create::messages,
    preset::create::responses,
    routing::account,
    routing::change_account,
    routing::workspace,
    routing::change_workspace
))]
struct Console;

/// The whole document: the public API, the console's, and the chat endpoint of the data plane.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Frame::openapi();
    document.servers = Some(vec![utoipa::openapi::Server::new("/")]);
    compose::add(&mut document, compose::Prefix::Api, Api::openapi());
    compose::add(&mut document, compose::Prefix::Console, Console::openapi());
    compose::finish(&mut document);
    document
}
