//! Embeddings: texts in, vectors out.
//!
//! The request travels as a chat request whose one message holds the texts, so that it is planned, held for and metered
//! like any other; its own text goes to the provider. Source: the provider's API reference and the types of the official
//! Python SDK 3.52.0 and of `google-genai` 3.4.0, read 2026-11-21.

mod input;
pub mod reply;
pub mod request;
mod upstream;

pub(crate) use upstream::encode;
