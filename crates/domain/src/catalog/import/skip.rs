//! Why an entry of a document is left out.

/// An entry of a document that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The entry's name in the document.
    pub id: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why an entry is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum SkipReason {
    /// The mapping ties the name to no model.
    #[error("no model of the catalogue has this name")]
    NotMapped,
    /// The catalogue does not know the provider.
    #[error("unknown provider {0}")]
    UnknownProvider(String),
    /// It is an endpoint of the provider that the catalogue does not list, and the document does not say what the
    /// provider calls the model.
    #[error("what the provider calls the model is not known")]
    NoUpstreamId,
    /// The catalogue lists the provider's endpoint of this model under another name of the provider.
    #[error("the model is listed at this provider under another name")]
    OtherName,
    /// Another entry named the same endpoint before.
    #[error("another entry names the same endpoint")]
    Repeated,
    /// The name belongs to a model that is listed under its own id.
    #[error("another name of {0}")]
    Alias(String),
    /// The id is malformed, or ends in a suffix that only changes routing.
    #[error("not a model id")]
    ModelId,
    /// The entry chooses among models.
    #[error("a router or a moving alias, not a model")]
    Router,
    /// There is no price of the prompt.
    #[error("no price")]
    NoPrice,
    /// A price is below zero: it is not fixed.
    #[error("price {0} is negative")]
    Negative(&'static str),
    /// A price is no number, or does not fit.
    #[error("price {0} cannot be read")]
    Number(&'static str),
    /// The price changes with the time of day.
    #[error("the price depends on the time of day")]
    TimeOfDay,
    /// Price 0 outside of `:free`: mostly a source that knows no price.
    #[error("price 0 without being a free variant")]
    ZeroPrice,
    /// A new model without a context length.
    #[error("no context length")]
    NoContext,
    /// The provider switched it off, or no longer recommends it.
    #[error("deprecated")]
    Deprecated,
    /// It answers on another interface than chat completions or embeddings.
    #[error("not served through chat completions or embeddings")]
    OtherApi,
    /// The entry has not the format's shape.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}
