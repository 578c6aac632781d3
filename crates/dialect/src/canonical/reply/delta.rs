//! [`Delta`]: one step of a streamed answer.

use super::{Finish, UpstreamError};
use domain::usage::Usage;
use serde_json::value::RawValue;

/// One step of a streamed answer. Texts are never empty.
#[derive(Debug, Clone)]
pub enum Delta {
    /// The provider has begun; sent once.
    Start {
        /// The provider's own id of the answer.
        upstream_id: Option<String>,
        /// The model that the provider says it uses.
        model: Option<String>,
    },
    /// A choice has begun.
    Role(u32),
    /// Visible text.
    Text {
        /// Index of the choice.
        choice: u32,
        /// The next piece.
        text: String,
    },
    /// Reasoning that can be read.
    Reasoning {
        /// Index of the choice.
        choice: u32,
        /// The next piece.
        text: String,
        /// The same piece in structured form, if the provider's reasoning has one. It belongs into the same chunk:
        /// clients that know the structured form ignore the text beside it.
        details: Vec<Box<RawValue>>,
    },
    /// Structured reasoning without readable text: a signature, or an encrypted block.
    ReasoningDetail {
        /// Index of the choice.
        choice: u32,
        /// One entry of `reasoning_details`.
        detail: Box<RawValue>,
    },
    /// The beginning or a further piece of a tool call.
    ToolCall {
        /// Index of the choice.
        choice: u32,
        /// Place of the call within the choice, dense from 0 in order of appearance.
        index: u32,
        /// The id; set on the first piece and only there.
        id: Option<String>,
        /// The name; set on the first piece and only there.
        name: Option<String>,
        /// The next piece of the JSON text of the arguments; may be empty.
        arguments: String,
    },
    /// Text of a refusal.
    Refusal {
        /// Index of the choice.
        choice: u32,
        /// The next piece.
        text: String,
    },
    /// A generated image.
    Image {
        /// Index of the choice.
        choice: u32,
        /// `{"type":"image_url","image_url":{"url":…}}`.
        image: Box<RawValue>,
    },
    /// A piece of generated audio.
    Audio {
        /// Index of the choice.
        choice: u32,
        /// `{"id"?,"data"?,"transcript"?,"expires_at"?}`.
        audio: Box<RawValue>,
    },
    /// A citation or the like.
    Annotation {
        /// Index of the choice.
        choice: u32,
        /// One entry of `annotations`.
        annotation: Box<RawValue>,
    },
    /// A whole output item that only the Responses format has, such as a hosted tool's call.
    Item {
        /// Index of the choice.
        choice: u32,
        /// The item as the provider wrote it.
        item: Box<RawValue>,
    },
    /// Token probabilities of the text that comes next.
    Logprobs {
        /// Index of the choice.
        choice: u32,
        /// In the shape of OpenAI chat completions.
        logprobs: Box<RawValue>,
    },
    /// A choice has ended. A later one for the same choice replaces it.
    Finish {
        /// Index of the choice.
        choice: u32,
        /// Why.
        finish: Finish,
    },
    /// A piece in the provider's own words, ahead of the neutral steps that say the same. Only decoders that were asked
    /// for it give any, and only callers of the same format are shown it.
    Native(Native),
    /// What the call has consumed so far; a later one replaces it.
    Usage(Usage),
    /// The service tier that was really used.
    ServiceTier(String),
    /// The provider's configuration fingerprint.
    Fingerprint(String),
    /// The provider failed in the middle; nothing follows.
    Error(UpstreamError),
    /// The provider says that the stream is complete.
    Done,
}

/// A piece of an answer in the words of Anthropic Messages, the one format that is quoted.
#[derive(Debug, Clone)]
pub enum Native {
    /// A content block begins.
    Begin {
        /// Its place in the message.
        index: u64,
        /// The block as it begins.
        block: Box<RawValue>,
    },
    /// A content block grows.
    Grow {
        /// Its place in the message.
        index: u64,
        /// What is added. The neutral steps that would say the same are left out.
        delta: Box<RawValue>,
        /// The bytes of generated text in it, for metering.
        output_bytes: usize,
    },
    /// A content block ends.
    End {
        /// Its place in the message.
        index: u64,
    },
    /// A whole content block.
    Whole(Box<RawValue>),
    /// The stop text that ended the answer.
    StopSequence(String),
}

impl Delta {
    /// Whether this is content for the client: the first such step commits the answer to this provider.
    #[must_use]
    pub const fn is_content(&self) -> bool {
        matches!(
            self,
            Self::Text { .. }
                | Self::Reasoning { .. }
                | Self::ReasoningDetail { .. }
                | Self::ToolCall { .. }
                | Self::Refusal { .. }
                | Self::Image { .. }
                | Self::Audio { .. }
                | Self::Annotation { .. }
                | Self::Logprobs { .. }
                | Self::Native(Native::Grow { .. })
                | Self::Item { .. }
        )
    }

    /// The choice that this step belongs to; none for what concerns the whole answer.
    #[must_use]
    pub const fn choice(&self) -> Option<u32> {
        match self {
            Self::Role(choice)
            | Self::Text { choice, .. }
            | Self::Reasoning { choice, .. }
            | Self::ReasoningDetail { choice, .. }
            | Self::ToolCall { choice, .. }
            | Self::Refusal { choice, .. }
            | Self::Image { choice, .. }
            | Self::Audio { choice, .. }
            | Self::Annotation { choice, .. }
            | Self::Item { choice, .. }
            | Self::Logprobs { choice, .. }
            | Self::Finish { choice, .. } => Some(*choice),
            Self::Start { .. }
            | Self::Native(_)
            | Self::Usage(_)
            | Self::ServiceTier(_)
            | Self::Fingerprint(_)
            | Self::Error(_)
            | Self::Done => None,
        }
    }

    /// The bytes of generated text in this step (text, reasoning, refusal, tool names and arguments), for metering.
    #[must_use]
    pub fn output_bytes(&self) -> usize {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } | Self::Refusal { text, .. } => text.len(),
            Self::ToolCall { name, arguments, .. } => name.as_ref().map_or(0, String::len) + arguments.len(),
            Self::Native(Native::Grow { output_bytes, .. }) => *output_bytes,
            _ => 0,
        }
    }
}
