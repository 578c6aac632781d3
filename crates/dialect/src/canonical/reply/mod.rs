//! The neutral answer: what every provider's reply is read into, whole or piece by piece.
//!
//! [`Reply`] is a whole answer, [`Delta`] one step of a stream. [`Collector`] turns steps into a whole, and every
//! whole answer is read through it as well, so that both ways cannot drift apart.

mod collector;
mod delta;
mod failure;
mod replay;

pub use collector::Collector;
pub(crate) use collector::Details;
pub use delta::{Delta, Native};
pub use failure::{FailureClass, MESSAGE_CHARS_MAX, UpstreamError};

use domain::usage::Usage;
use serde_json::value::RawValue;

/// A whole answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The provider's own id of the answer.
    pub upstream_id: Option<String>,
    /// The model that the provider says it used.
    pub model: Option<String>,
    /// The answers, by index.
    pub choices: Vec<Choice>,
    /// Vectors of an embeddings call, in the order of the inputs: lists of numbers, or packed texts.
    pub embeddings: Vec<Box<RawValue>>,
    /// What the call consumed; `None` when the provider did not say.
    pub usage: Option<Usage>,
    /// The provider's configuration fingerprint.
    pub system_fingerprint: Option<String>,
    /// The service tier that was really used.
    pub service_tier: Option<String>,
}

/// One of the answers of a call.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Its place, counted from 0.
    pub index: u32,
    /// What the model said.
    pub message: Message,
    /// Why it stopped.
    pub finish: Finish,
    /// Token probabilities in the shape of OpenAI chat completions.
    pub logprobs: Option<Box<RawValue>>,
}

/// What the model said.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The visible text; `None` when there was none.
    pub content: Option<String>,
    /// The text of a refusal.
    pub refusal: Option<String>,
    /// The readable reasoning.
    pub reasoning: Option<String>,
    /// The structured reasoning, to be replayed unchanged in the next turn.
    pub reasoning_details: Vec<Box<RawValue>>,
    /// The tools that the model wants called, in order.
    pub tool_calls: Vec<ToolCall>,
    /// Generated images, each `{"type":"image_url","image_url":{"url":…}}`.
    pub images: Vec<Box<RawValue>>,
    /// Generated audio, `{"id"?,"data"?,"transcript"?,"expires_at"?}`.
    pub audio: Option<Box<RawValue>>,
    /// Citations and the like, in the shape of chat completions.
    pub annotations: Vec<Box<RawValue>>,
    /// The content blocks in the provider's own words, when they were asked for and the provider's format has them. They
    /// say the same as the fields above.
    pub native: Vec<Box<RawValue>>,
    /// The stop text that ended the answer, when the provider names it.
    pub stop_sequence: Option<String>,
    /// Output items that only the Responses format has, as the provider wrote them.
    pub items: Vec<Box<RawValue>>,
}

/// A tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id, or an invented one.
    pub id: String,
    /// The name as the provider wrote it.
    pub name: String,
    /// The arguments as JSON text, exactly as the model wrote them; it may be invalid.
    pub arguments: String,
}

/// Why an answer ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finish {
    /// In the five words of the public contract.
    pub reason: FinishReason,
    /// In the provider's own word.
    pub native: Option<String>,
}

/// The five reasons of the public contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FinishReason {
    /// The model wants tools called.
    ToolCalls,
    /// The model was done, or met a stop sequence.
    #[default]
    Stop,
    /// The output limit or the context was reached.
    Length,
    /// A filter stopped the answer, or the model refused.
    ContentFilter,
    /// The provider failed.
    Error,
}

impl FinishReason {
    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToolCalls => "tool_calls",
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::Error => "error",
        }
    }
}
