//! The three families, and what each must be able to do.

use http::HeaderMap;
use serde_json::Value;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::event::Event;
use crate::scenario::Scenario;
use crate::{anthropic, gemini, openai};

/// A wire format that providers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// OpenAI chat completions and embeddings.
    OpenAi,
    /// Anthropic messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Answers a conversation.
    Generate,
    /// Continues a text (legacy completions).
    Complete,
    /// Answers a conversation in the form of responses.
    Respond,
    /// Counts the tokens of a conversation.
    Count,
    /// Embeds text.
    Embed,
    /// Embeds several texts, each a request of its own (Gemini).
    EmbedMany,
}

impl Operation {
    /// Whether an answer is generated.
    pub(crate) fn is_generation(self) -> bool {
        matches!(self, Self::Generate | Self::Complete | Self::Respond)
    }
}

/// A request as it came, before it is understood.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    /// What the route does.
    pub operation: Operation,
    /// Model named in the path, if the family does that.
    pub path_model: Option<&'a str>,
    /// Whether the route itself is the streaming one.
    pub stream: bool,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body.
    pub body: &'a Value,
}

/// An error answer, before a family puts it into its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Text; the family's usual one when absent.
    pub message: Option<String>,
    /// Place in the request (families that name it).
    pub param: Option<String>,
    /// Machine-readable code (families that have one besides the status).
    pub code: Option<&'static str>,
}

impl Refusal {
    /// A refusal with the family's usual text for `status`.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, message: None, param: None, code: None }
    }

    /// A 400 with this text.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::status(400) }
    }
}

/// Facts about one answer that come from outside the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    /// Seed of the simulator mixed with the number of the request.
    pub seed: u64,
    /// Unix time of the answer in seconds.
    pub created: i64,
    /// What is asked, because one family has several forms of answer.
    pub operation: Operation,
}

impl Meta {
    /// An identifier like `chatcmpl-9f…`, unique per request, `kind` and `ordinal`.
    pub(crate) fn id(&self, prefix: &str, ordinal: usize) -> String {
        let digest = crate::observe::sha256(format!("{}/{prefix}/{ordinal}", self.seed).as_bytes());
        format!("{prefix}{}", digest.get(..24).unwrap_or(&digest))
    }
}

impl Family {
    /// The name used in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// Holds a request to the published schema.
    pub(crate) fn validate(self, incoming: &Incoming<'_>) -> Result<(), Refusal> {
        match self {
            Self::OpenAi => openai::validate(incoming),
            Self::Anthropic => anthropic::validate(incoming),
            Self::Gemini => gemini::validate(incoming),
        }
    }

    /// Understands a request; what strict validation would refuse is read as well as it can be.
    pub(crate) fn read(self, incoming: &Incoming<'_>) -> Ask {
        match self {
            Self::OpenAi => openai::read(incoming),
            Self::Anthropic => anthropic::read(incoming.body),
            Self::Gemini => gemini::read(incoming),
        }
    }

    /// The whole answer as one document.
    pub(crate) fn plain(self, answer: &Answer, meta: &Meta, scenario: &Scenario) -> Value {
        match self {
            Self::OpenAi => openai::plain(answer, meta, scenario),
            Self::Anthropic => anthropic::plain(answer, meta, scenario),
            Self::Gemini => gemini::plain(answer, meta, scenario),
        }
    }

    /// The whole answer as events.
    pub(crate) fn stream(self, answer: &Answer, ask: &Ask, meta: &Meta, scenario: &Scenario) -> Vec<Event> {
        match self {
            Self::OpenAi => openai::stream(answer, ask, meta, scenario),
            Self::Anthropic => anthropic::stream(answer, meta, scenario),
            Self::Gemini => gemini::stream(answer, meta, scenario),
        }
    }

    /// The error body for a refusal.
    pub(crate) fn error(self, refusal: &Refusal, meta: &Meta) -> Value {
        match self {
            Self::OpenAi => openai::error(refusal),
            Self::Anthropic => anthropic::error(refusal, meta),
            Self::Gemini => gemini::error(refusal),
        }
    }

    /// The event that reports an error in a stream, after `before` other events.
    pub(crate) fn error_event(self, refusal: &Refusal, meta: &Meta, before: u32) -> Event {
        if meta.operation == Operation::Respond {
            return openai::response_error(refusal, before);
        }
        let name = (self == Self::Anthropic).then_some("error");
        Event::new(name, &self.error(refusal, meta))
    }

    /// Name of the header that carries the request's identifier, and its value.
    pub(crate) fn request_id(self, meta: &Meta) -> Option<(&'static str, String)> {
        match self {
            Self::OpenAi => Some(("x-request-id", meta.id("req_", 0))),
            Self::Anthropic => Some(("request-id", meta.id("req_", 0))),
            Self::Gemini => None,
        }
    }
}

/// The native finish reason to send, `None` for none, after the scenario's faults.
pub(crate) fn finish_word(right: &str, unknown: &str, scenario: &Scenario) -> Option<String> {
    use crate::scenario::FinishRule;
    match (&scenario.answer.finish_reason, scenario.answer.finish) {
        (_, Some(FinishRule::Missing)) => None,
        (Some(word), _) => Some(word.clone()),
        (None, Some(FinishRule::Unknown)) => Some(unknown.to_owned()),
        (None, _) => Some(right.to_owned()),
    }
}
