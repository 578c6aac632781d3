//! The simulator through its sockets: every family, every group of knobs.

mod client;

mod anthropic;
mod faults;
mod framing;
mod gemini;
mod observed;
mod openai;
mod strict;
mod usage;
