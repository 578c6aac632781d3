//! The neutral forms between the formats.

pub mod reply;
pub mod request;
