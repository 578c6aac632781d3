//! [`Origin`]: the caller's own text beside the canonical request.

use crate::chat::request::ChatRequest;
use crate::completions::request::CompletionsRequest;
use crate::embeddings::request::EmbeddingsRequest;
use crate::messages::request::Original as MessagesOriginal;
use crate::responses::request::ResponsesRequest;
use crate::upstream::Note;
use std::sync::Arc;

/// What the caller wrote.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Chat completions: the canonical request is the caller's text.
    Chat,
    /// Anthropic Messages.
    Messages(MessagesOriginal),
    /// OpenAI Responses.
    Responses(Arc<ResponsesRequest>),
    /// Chat completions that say things in the form of Responses.
    Mixed(Arc<ResponsesRequest>),
    /// Legacy completions.
    Completions(Arc<CompletionsRequest>),
    /// Embeddings.
    Embeddings(Arc<EmbeddingsRequest>),
}

/// Takes the optional features that the caller names in `anthropic-beta`; other dialects have none.
pub fn add_betas(request: &mut ChatRequest, header: &str) {
    if let Origin::Messages(original) = request.origin_mut() {
        original.add_betas(header);
    }
}

impl Origin {
    /// What the canonical request cannot say.
    pub(crate) fn notes(&self) -> &[Note] {
        match self {
            Self::Responses(request) | Self::Mixed(request) => request.notes(),
            Self::Completions(request) => request.notes(),
            Self::Chat | Self::Messages(_) | Self::Embeddings(_) => &[],
        }
    }

    /// The Responses request, if it was one.
    pub(crate) fn responses(&self) -> Option<&ResponsesRequest> {
        self.shared_responses().map(|request| &**request)
    }

    /// The Responses request, if it was one, to be kept beyond the chat request.
    pub(crate) const fn shared_responses(&self) -> Option<&Arc<ResponsesRequest>> {
        match self {
            Self::Responses(request) => Some(request),
            _ => None,
        }
    }

    /// The completions request, if it was one.
    pub(crate) fn completions(&self) -> Option<&CompletionsRequest> {
        match self {
            Self::Completions(request) => Some(request),
            _ => None,
        }
    }

    /// The embeddings request, if it was one.
    pub(crate) fn embeddings(&self) -> Option<&EmbeddingsRequest> {
        match self {
            Self::Embeddings(request) => Some(request),
            _ => None,
        }
    }
}
