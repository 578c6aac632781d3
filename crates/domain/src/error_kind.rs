//! The public error vocabulary, with whose fault it is and whether another try can help.

/// A public error type; the spelling in `error.metadata.error_type`.
///
/// Source: the router's documented vocabulary of canonical error types (2026-08-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The prompt is longer than the model's context.
    ContextLengthExceeded,
    /// The output limit is above what the model allows.
    MaxTokensExceeded,
    /// A single text is too long.
    StringTooLong,
    /// No, unknown, disabled or expired credential.
    Authentication,
    /// The credential lacks the right, or a limit of the key is spent.
    PermissionDenied,
    /// The account cannot pay.
    PaymentRequired,
    /// Too many requests.
    RateLimitExceeded,
    /// The provider, or this server, is overloaded.
    ProviderOverloaded,
    /// The provider is down or answered nonsense.
    ProviderUnavailable,
    /// The request is malformed.
    InvalidRequest,
    /// The messages are malformed.
    InvalidPrompt,
    /// No such thing.
    NotFound,
    /// A stated condition does not hold.
    PreconditionFailed,
    /// The body is too large.
    PayloadTooLarge,
    /// Understood, but cannot be processed.
    Unprocessable,
    /// The provider refused the content.
    ContentPolicyViolation,
    /// The model refused.
    Refusal,
    /// An image cannot be used.
    InvalidImage,
    /// An image is above a limit in bytes or pixels.
    ImageTooLarge,
    /// An image is in a format that models do not take.
    UnsupportedImageFormat,
    /// An image could not be fetched.
    ImageDownloadFailed,
    /// There is no image at the address.
    ImageNotFound,
    /// The method does not exist on this path.
    MethodNotAllowed,
    /// The media type or encoding of the body is not accepted.
    UnsupportedMediaType,
    /// Two writers, one thing.
    Conflict,
    /// Our own mistake; the message is masked.
    Server,
    /// A deadline passed.
    Timeout,
    /// The request took too long to arrive.
    RequestTimeout,
    /// The books cannot be written at the moment.
    LedgerUnavailable,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The caller sent something that cannot work.
    Caller,
    /// The provider failed.
    Provider,
    /// We failed.
    Ours,
}

impl ErrorKind {
    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::MaxTokensExceeded => "max_tokens_exceeded",
            Self::StringTooLong => "string_too_long",
            Self::Authentication => "authentication",
            Self::PermissionDenied => "permission_denied",
            Self::PaymentRequired => "payment_required",
            Self::RateLimitExceeded => "rate_limit_exceeded",
            Self::ProviderOverloaded => "provider_overloaded",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::InvalidRequest | Self::MethodNotAllowed | Self::UnsupportedMediaType => "invalid_request",
            Self::InvalidPrompt => "invalid_prompt",
            Self::NotFound => "not_found",
            Self::PreconditionFailed | Self::Conflict => "precondition_failed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::Unprocessable => "unprocessable",
            Self::ContentPolicyViolation => "content_policy_violation",
            Self::Refusal => "refusal",
            Self::InvalidImage => "invalid_image",
            Self::ImageTooLarge => "image_too_large",
            Self::UnsupportedImageFormat => "unsupported_image_format",
            Self::ImageDownloadFailed => "image_download_failed",
            Self::ImageNotFound => "image_not_found",
            Self::Server => "server",
            Self::Timeout | Self::RequestTimeout => "timeout",
            Self::LedgerUnavailable => "ledger_unavailable",
        }
    }

    /// The HTTP status of an answer that reports this kind.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::ContextLengthExceeded
            | Self::MaxTokensExceeded
            | Self::StringTooLong
            | Self::InvalidRequest
            | Self::InvalidPrompt
            | Self::ContentPolicyViolation
            | Self::Refusal
            | Self::InvalidImage
            | Self::ImageTooLarge
            | Self::UnsupportedImageFormat
            | Self::ImageDownloadFailed => 400,
            Self::Authentication => 401,
            Self::PaymentRequired => 402,
            Self::PermissionDenied => 403,
            Self::NotFound | Self::ImageNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::RateLimitExceeded => 429,
            Self::Server => 500,
            Self::ProviderUnavailable => 502,
            Self::ProviderOverloaded | Self::LedgerUnavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// Whether something is longer than the model or the provider takes.
    #[must_use]
    pub const fn is_length(self) -> bool {
        matches!(self, Self::ContextLengthExceeded | Self::MaxTokensExceeded | Self::StringTooLong)
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::ProviderOverloaded | Self::ProviderUnavailable | Self::Timeout => Fault::Provider,
            Self::Server | Self::LedgerUnavailable => Fault::Ours,
            _ => Fault::Caller,
        }
    }

    /// Whether the same request can succeed later without being changed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimitExceeded
                | Self::ProviderOverloaded
                | Self::ProviderUnavailable
                | Self::Timeout
                | Self::RequestTimeout
                | Self::LedgerUnavailable
                | Self::Server
                | Self::Conflict
        )
    }
}
