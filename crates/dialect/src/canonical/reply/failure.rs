//! [`UpstreamError`]: what a provider's failure means, to the router and to the caller.

use domain::error_kind::ErrorKind;

/// The longest provider text that is kept, in characters.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
const CODE_CHARS_MAX: usize = 100;

/// A failure that a provider reported, or that its answer amounts to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UpstreamError {
    /// What the caller is told.
    pub kind: ErrorKind,
    /// What the router makes of it.
    pub class: FailureClass,
    /// The HTTP status, or the numeric code inside the body when there was no failing status.
    pub status: Option<u16>,
    /// The provider's own code or type, at most 100 characters.
    pub provider_code: Option<String>,
    /// The provider's text: at most [`MESSAGE_CHARS_MAX`] characters, without control characters. It may still hold
    /// secrets; whoever shows it removes them.
    pub message: String,
}

/// What a failure says about the caller, the credential or the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The request cannot work anywhere; no retry, no mark against the endpoint.
    Caller,
    /// Our credential was refused or its quota is spent (401, 402, 403).
    Credential,
    /// Too many requests for the credential.
    RateLimit,
    /// The provider is overloaded.
    Overload,
    /// The provider is down or answered nonsense.
    Unavailable,
    /// The endpoint no longer has the model.
    ModelGone,
    /// The prompt does not fit; a longer model may work.
    ContextLength,
    /// The provider refuses the content; another may not.
    ContentPolicy,
}

impl UpstreamError {
    /// Makes an error from provider text of any length and content.
    #[must_use]
    pub fn new(kind: ErrorKind, class: FailureClass, message: &str) -> Self {
        Self { kind, class, status: None, provider_code: None, message: cleaned(message, MESSAGE_CHARS_MAX) }
    }

    /// Makes the error of an answer that cannot be read.
    #[must_use]
    pub fn unreadable(message: &str) -> Self {
        Self::new(ErrorKind::ProviderUnavailable, FailureClass::Unavailable, message)
    }

    /// Adds the provider's code.
    #[must_use]
    pub fn with_code(mut self, code: Option<&str>) -> Self {
        self.provider_code = code.map(|code| cleaned(code, CODE_CHARS_MAX)).filter(|code| !code.is_empty());
        self
    }

    /// Adds the status.
    #[must_use]
    pub const fn with_status(mut self, status: Option<u16>) -> Self {
        self.status = status;
        self
    }
}

/// Text without control characters, cut to `chars_max` characters.
fn cleaned(text: &str, chars_max: usize) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.trim().chars().take(chars_max).map(plain).collect()
}
