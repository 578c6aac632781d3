//! The one table of what a failed attempt means: whose fault, and where to go from here.

use dialect::decode::FailureClass;

/// Where to go after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next endpoint, of whatever model the plan names.
    Elsewhere,
    /// Not this model again; the next model of the caller's list, if there is one.
    OtherModel,
}

/// What to do after a failure of this class.
#[must_use]
pub const fn next(class: FailureClass) -> Next {
    match class {
        FailureClass::Caller | FailureClass::ContextLength | FailureClass::ContentPolicy => Next::OtherModel,
        FailureClass::Credential
        | FailureClass::RateLimit
        | FailureClass::Overload
        | FailureClass::Unavailable
        | FailureClass::ModelGone => Next::Elsewhere,
    }
}

/// The reason as it appears in records and metadata; our own words, so that no provider text gets in.
#[must_use]
pub const fn reason(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Caller => "the provider refused the request as invalid",
        FailureClass::Credential => "the provider refused our credential",
        FailureClass::RateLimit => "rate limited by the provider",
        FailureClass::Overload => "the provider is overloaded",
        FailureClass::Unavailable => "the provider failed",
        FailureClass::ModelGone => "the provider no longer has the model",
        FailureClass::ContextLength => "the prompt is too long for the endpoint",
        FailureClass::ContentPolicy => "the provider refused the content",
    }
}
