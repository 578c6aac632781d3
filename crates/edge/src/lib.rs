//! HTTP manners shared by both planes.
//!
//! The clock of the process, credentials in headers, request ids, cross-origin answers, route descriptors, metrics and the
//! access log. No business rules, no store, and neither plane.

pub mod access_log;
pub mod clock;
mod cors;
pub mod credential;
pub mod delivery;
pub mod egress;
pub mod manners;
pub mod metrics;
pub mod random;
pub mod request_id;
pub mod route;
pub mod upstream;
