//! Reply: writing back in the caller's dialect.
//!
//! [`error`] is the data plane's only table from errors to HTTP; [`flow`] is the body of a streamed answer.

pub(crate) mod availability;
pub(crate) mod chain;
pub mod error;
pub(crate) mod flow;
pub(crate) mod head;
pub(crate) mod metadata;

pub use error::Refusal;
