//! [`Origin`]: the caller's own text beside the canonical request.

use crate::chat::request::ChatRequest;
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
        self.responses().map_or(&[], ResponsesRequest::notes)
    }

    /// The Responses request, if it was one.
    pub(crate) fn responses(&self) -> Option<&ResponsesRequest> {
        match self {
            Self::Responses(request) => Some(request),
            Self::Chat | Self::Messages(_) => None,
        }
    }
}
