//! What a model should do: the knobs, in groups named after the part of the exchange they bend.
//!
//! A scenario reaches a request in three ways, later ones overriding single knobs of earlier ones:
//!
//! 1. set for a model id (`POST /simulator/scenarios`, [`crate::Simulator::set_scenario`]); the id `*` is for all models;
//! 2. written into the model name after `~`, one knob each: `echo-1~headers.status=429~headers.retry_after=2`;
//! 3. as JSON on a line of its own in the last user message: `SIM:{"body":{"hang_after":3}}`.
//!
//! Counting rule for every `…_after` knob: `k` events that carry answer content are sent, then the fault comes;
//! `0` means that not a single event is sent. A plain answer sends its head and half of its body first.

mod knobs;
mod pick;

pub use knobs::{
    Answer, Body, Call, Counts, DoneMark, FinishRule, Fragments, Framing, HeadFault, Headers, LineEnd, PlainFault,
    Usage, UsageRule,
};
pub use pick::ScenarioError;
pub(crate) use pick::{pick, tag_in};

use serde::{Deserialize, Serialize};

/// Everything a model can be told to do; the default is to echo without any fault.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What happens before and in the response head.
    pub headers: Headers,
    /// How the body travels: pace, cuts, stalls.
    pub body: Body,
    /// What is answered.
    pub answer: Answer,
    /// How the stream is framed.
    pub framing: Framing,
    /// What is reported as used.
    pub usage: Usage,
}
