//! Why something was not fetched.

use domain::address::SpellingError;

/// Why an address was not fetched. No text repeats the address, a name or a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Refused by its spelling.
    #[error(transparent)]
    Spelling(#[from] SpellingError),
    /// Unencrypted, where only encrypted addresses are fetched.
    #[error("only https addresses are fetched")]
    Unencrypted,
    /// A port that is not on the list.
    #[error("the address names a port that is not allowed")]
    Port,
    /// The machine, or one of the machines that the name means, is not public.
    #[error("the address does not name a public host")]
    Private,
    /// The name means nothing, or cannot be looked up.
    #[error("the name of the host cannot be resolved")]
    Name,
    /// No connection.
    #[error("the host cannot be reached")]
    Connect,
    /// No valid certificate for the name.
    #[error("the host's certificate is not valid for its name")]
    Certificate,
    /// A deadline passed.
    #[error("the host did not answer in time")]
    Timeout,
    /// Too many redirects.
    #[error("the host redirects too often")]
    Redirects,
    /// The host answered with this status.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// The item, or all items of the request together, are above the limit.
    #[error("the content is larger than the limit")]
    TooLarge,
    /// The answer was cut off or is no HTTP.
    #[error("the host's answer cannot be read")]
    Broken,
}

impl EgressError {
    /// Whether the host says that there is no such thing.
    #[must_use]
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Status(404 | 410))
    }
}
