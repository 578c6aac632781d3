//! [`Encoder`]: the events of a streamed answer in the caller's dialect.

use super::Dialect;
use crate::canonical::reply::Delta;
use crate::chat;
use crate::chat::reply::{Bill, Envelope};
use crate::chat::request::ChatRequest;
use crate::completions;
use crate::messages;
use crate::outgoing::Outgoing;
use crate::responses;
use domain::error_kind::ErrorKind;
use serde_json::value::RawValue;

/// Writes the events of one streamed answer.
#[derive(Debug)]
pub enum Encoder {
    /// Chat completion chunks.
    Chat(chat::stream::Encoder),
    /// Messages events.
    Messages(Box<messages::stream::Encoder>),
    /// Responses events.
    Responses(Box<responses::stream::Encoder>),
    /// Completions chunks.
    Completions(completions::stream::Encoder),
}

impl Encoder {
    /// Makes an encoder. The envelope's metadata is not used: it is only known at the end.
    #[must_use]
    pub fn new(dialect: Dialect, request: &ChatRequest, envelope: &Envelope<'_>) -> Self {
        match dialect {
            // Embeddings are never streamed.
            Dialect::Chat | Dialect::Embeddings => Self::Chat(chat::stream::Encoder::new(envelope)),
            Dialect::Messages => Self::Messages(Box::new(messages::stream::Encoder::new(envelope))),
            Dialect::Completions => {
                Self::Completions(completions::stream::Encoder::new(request.origin().completions(), envelope))
            }
            Dialect::Responses => {
                Self::Responses(Box::new(responses::stream::Encoder::new(request.origin().responses(), envelope)))
            }
        }
    }

    /// Appends what the client is to see of one step; steps after the ending are ignored.
    pub fn push(&mut self, delta: Delta, out: &mut Outgoing) {
        match self {
            Self::Chat(encoder) => encoder.push(delta, out),
            Self::Messages(encoder) => encoder.push(delta, out),
            Self::Responses(encoder) => encoder.push(delta, out),
            Self::Completions(encoder) => encoder.push(delta, out),
        }
        out.set_aside();
    }

    /// Appends the ending of a complete answer.
    pub fn end(&mut self, bill: &Bill<'_>, metadata: Option<&RawValue>, out: &mut Outgoing) {
        match self {
            Self::Chat(encoder) => encoder.end(bill, metadata, out),
            Self::Messages(encoder) => encoder.end(bill, metadata, out),
            Self::Responses(encoder) => encoder.end(bill, metadata, out),
            Self::Completions(encoder) => encoder.end(bill, metadata, out),
        }
    }

    /// Appends the one event that reports a failure in the middle.
    pub fn error(
        &mut self,
        status: u16,
        kind: ErrorKind,
        message: &str,
        provider_code: Option<&str>,
        out: &mut Outgoing,
    ) {
        match self {
            Self::Chat(encoder) => encoder.error(status, kind, message, provider_code, out),
            Self::Messages(encoder) => encoder.error(kind, message, provider_code, out),
            Self::Responses(encoder) => encoder.error(kind, message, out),
            Self::Completions(encoder) => encoder.error(status, kind, message, provider_code, out),
        }
    }

    /// Appends the ending of an answer whose provider says in the middle that it became too long, in the one dialect where
    /// that is no failure; `false` where it is, and for every other kind.
    #[must_use]
    pub fn end_too_long(
        &mut self,
        kind: ErrorKind,
        bill: &Bill<'_>,
        metadata: Option<&RawValue>,
        out: &mut Outgoing,
    ) -> bool {
        match self {
            Self::Responses(encoder) if kind.is_length() => {
                encoder.end_too_long(kind, bill, metadata, out);
                true
            }
            _ => false,
        }
    }

    /// What keeps the connection alive while a provider is silent.
    #[must_use]
    pub const fn keep_alive(dialect: Dialect) -> &'static [u8] {
        match dialect {
            Dialect::Messages => messages::stream::KEEP_ALIVE,
            Dialect::Chat | Dialect::Responses | Dialect::Completions | Dialect::Embeddings => chat::stream::KEEP_ALIVE,
        }
    }
}
