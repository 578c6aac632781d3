//! The simulator through its sockets: every family, every group of knobs.
//!
//! Nothing here sleeps to wait for something: a stall is a read that stays silent.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod client;

mod anthropic;
mod faults;
mod framing;
mod gemini;
mod observed;
mod openai;
mod strict;
mod usage;
