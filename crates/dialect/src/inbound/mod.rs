//! The dialects that callers speak: one door in, one door out.
//!
//! Every dialect is read into the canonical chat request and written from the canonical answer, so the journey between
//! knows one form only. A request of another dialect keeps the caller's own text beside the canonical one, for providers
//! that speak the same dialect.

mod encoder;
mod origin;
mod problem;

pub use encoder::Encoder;
pub use origin::add_betas;
pub use problem::{Asked, Problem, problem, problem_event, status};

pub(crate) use origin::Origin;

use crate::canonical::reply::Reply;
use crate::chat;
use crate::chat::reply::{Bill, Envelope};
use crate::chat::request::{ChatRequest, InvalidRequest, Limits};
use crate::messages;
use crate::responses;
use crate::{completions, embeddings};
use bytes::Bytes;

/// What a caller speaks; decided by the route and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Chat completions.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// OpenAI Responses.
    Responses,
    /// Legacy completions.
    Completions,
    /// Embeddings; answered whole.
    Embeddings,
}

impl Dialect {
    /// The word for it in generation records.
    #[must_use]
    pub const fn api_type(self) -> &'static str {
        match self {
            Self::Chat | Self::Completions => "completions",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
        }
    }
}

/// Reads and checks a request body.
///
/// # Errors
/// When the body is no single JSON object, breaks a limit, or a field holds what it must not; the error names the field
/// in the caller's dialect.
pub fn parse(dialect: Dialect, body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    match dialect {
        Dialect::Chat => chat::request::parse(body, limits),
        Dialect::Messages => messages::request::parse(body, limits),
        Dialect::Responses => responses::request::parse(body, limits),
        Dialect::Completions => completions::request::parse(body, limits),
        Dialect::Embeddings => embeddings::request::parse(body, limits),
    }
}

/// Writes a whole answer as the body of a plain call.
#[must_use]
pub fn encode(
    dialect: Dialect,
    request: &ChatRequest,
    reply: &Reply,
    envelope: &Envelope<'_>,
    bill: &Bill<'_>,
) -> Vec<u8> {
    match dialect {
        Dialect::Chat => chat::reply::encode(reply, envelope, bill),
        Dialect::Messages => messages::reply::encode(reply, envelope, bill),
        Dialect::Responses => responses::reply::encode(request.origin().responses(), reply, envelope, bill),
        Dialect::Completions => completions::reply::encode(request.origin().completions(), reply, envelope, bill),
        Dialect::Embeddings => embeddings::reply::encode(request.origin().embeddings(), reply, envelope, bill),
    }
}
