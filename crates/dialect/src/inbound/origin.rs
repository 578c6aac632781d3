//! [`Origin`]: the caller's own text beside the canonical request.

use crate::chat::request::ChatRequest;
use crate::messages::request::Original as MessagesOriginal;

/// What the caller wrote.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Chat completions: the canonical request is the caller's text.
    Chat,
    /// Anthropic Messages.
    Messages(MessagesOriginal),
}

/// Takes the optional features that the caller names in `anthropic-beta`; other dialects have none.
pub fn add_betas(request: &mut ChatRequest, header: &str) {
    if let Origin::Messages(original) = request.origin_mut() {
        original.add_betas(header);
    }
}
