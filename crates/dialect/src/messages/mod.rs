//! Anthropic Messages: what callers of that API send and receive.
//!
//! Requests become canonical chat requests that keep the caller's own text beside them, so that a provider of the same
//! format receives the caller's messages, system text and tools byte for byte. Answers are written from the canonical
//! answer, whichever provider gave it.
//!
//! Source: the Messages API reference and the types of the official SDKs (PyPI `anthropic` 2.11.0, npm
//! `@anthropic-ai/sdk` 1.11.0), read 2026-11-21.

pub mod problem;
pub mod reply;
pub mod request;
pub mod stream;

mod blocks;
mod sealed;
mod usage;
