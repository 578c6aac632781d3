//! The one table of what a failed attempt means: whose fault, where to go from here, and what it says about the endpoint.

use dialect::decode::FailureClass;

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The request cannot work.
    Callers,
    /// Our account with the provider.
    Ours,
    /// The provider.
    Providers,
}

/// Where to go after a failed attempt. Never to the same endpoint: what failed is left out for the rest of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next endpoint, of whatever model the plan names. Paid from the retry budget.
    Elsewhere,
    /// Not this model again; the next model of the caller's list, if there is one.
    OtherModel,
}

/// What a failure says about the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Nothing,
    /// It failed: the breaker counts it.
    Bad,
    /// It failed because it has too much to do: the breaker counts it and its concurrency is cut.
    Overloaded,
    /// It sends too much traffic away: the traffic cap learns, the breaker does not count it.
    Limited,
    /// It refuses our credential: out until a probe goes well.
    Refused,
    /// It no longer has the model: out until a probe goes well.
    Gone,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whose fault.
    pub whose: Whose,
    /// Where to go.
    pub next: Next,
    /// What it says about the endpoint.
    pub mark: Mark,
    /// The reason as it appears in records and metadata; our own words, so that no provider text gets in.
    pub reason: &'static str,
}

/// What a failure of this class means.
#[must_use]
pub const fn of(class: FailureClass) -> Verdict {
    use FailureClass as Class;
    let (whose, next, mark, reason) = match class {
        Class::Caller => {
            (Whose::Callers, Next::OtherModel, Mark::Nothing, "the provider refused the request as invalid")
        }
        Class::ContextLength => {
            (Whose::Callers, Next::OtherModel, Mark::Nothing, "the prompt is too long for the endpoint")
        }
        Class::ContentPolicy => (Whose::Callers, Next::OtherModel, Mark::Nothing, "the provider refused the content"),
        Class::Credential => (Whose::Ours, Next::Elsewhere, Mark::Refused, "the provider refused our credential"),
        Class::ModelGone => (Whose::Ours, Next::Elsewhere, Mark::Gone, "the provider no longer has the model"),
        Class::RateLimit => (Whose::Providers, Next::Elsewhere, Mark::Limited, "rate limited by the provider"),
        Class::Overload => (Whose::Providers, Next::Elsewhere, Mark::Overloaded, "the provider is overloaded"),
        Class::Unavailable => (Whose::Providers, Next::Elsewhere, Mark::Bad, "the provider failed"),
    };
    Verdict { whose, next, mark, reason }
}
