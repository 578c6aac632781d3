//! OpenRouter-style chat completions: what callers send and receive.

pub mod reply;
pub mod stream;
pub mod request;
