//! The words and the rules of Portolan.
//!
//! Money, usage, keys, the ledger, the catalogue, routing and limits as plain data and pure functions. This crate does
//! no I/O, reads no clock and no environment, and never calculates money with floats: everything in it can be tested
//! without a runtime. Randomness and time are arguments.
#![deny(clippy::float_arithmetic, clippy::as_conversions)]

pub mod address;
pub mod catalog;
pub mod error_kind;
pub mod generation;
pub mod id;
pub mod key;
pub mod ledger;
pub mod limit;
pub mod money;
pub mod route;
pub mod rules;
pub mod time;
pub mod usage;
