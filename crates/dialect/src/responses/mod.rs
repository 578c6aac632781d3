//! OpenAI Responses: the request as a chat request, the answer as items, whole and streamed.
//!
//! Nothing is stored: every request carries its whole history. Source: the provider's API reference, the types of the
//! official Python SDK 3.52.0 (`types/responses`), and the published schema of the OpenRouter operation, read 2026-11-21.

pub mod reply;
pub mod request;
mod problem;
pub(crate) mod sealed;
pub mod stream;

pub use problem::{event as problem_event, too_long};
