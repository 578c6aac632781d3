//! Legacy text completions: a prompt in, a text out.
//!
//! The prompt becomes the one user message of a chat request, and the answer's text is what the model said. Source: the
//! types of the official Python SDK 3.52.0 (`types/completion*`), read 2026-11-21.

pub mod reply;
pub mod request;
pub mod stream;
