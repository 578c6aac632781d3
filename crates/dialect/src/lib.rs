//! LLM wire formats as data to data. No sockets, no runtime, no clock.

pub mod canonical;
pub mod chat;
pub mod completions;
pub mod compress;
pub mod decode;
pub mod embeddings;
pub mod heal;
pub mod inbound;
mod json;
pub mod messages;
pub mod outgoing;
pub mod preset;
pub mod responses;
pub mod sse;
pub mod tokens;
pub mod upstream;
