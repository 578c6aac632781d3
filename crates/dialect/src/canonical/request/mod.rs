//! A chat request's messages and tools, borrowed from the caller's body.
//!
//! These structs are the one reading of `messages` and `tools`: the checks, the estimate and every foreign wire format
//! use them. Unknown fields are skipped here and survive only where the caller's bytes are passed on unchanged.

mod content;
mod list;
mod media;
mod object;

pub use crate::json::{Raw, Text};
pub use content::{Audio, CacheControl, Content, DataUrl, File, ImageUrl, Part, ReasoningDetail, Video};
pub(crate) use list::read_list;
pub use list::{ListError, parse_list};
pub use media::is_public_url;
pub use object::RawObject;

use serde::Deserialize;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The operator of the conversation.
    System,
    /// The newer word for the same.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool's answer.
    Tool,
}

/// One message.
#[derive(Debug, Clone, Deserialize)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    #[serde(borrow, default)]
    pub content: Content<'a>,
    /// Name of the speaker.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Calls that the assistant made.
    #[serde(borrow, default)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
    /// The call that a tool message answers.
    #[serde(borrow, default)]
    pub tool_call_id: Option<Text<'a>>,
    /// The assistant's refusal.
    #[serde(borrow, default)]
    pub refusal: Option<Text<'a>>,
    /// The assistant's reasoning as plain text.
    #[serde(borrow, default)]
    pub reasoning: Option<Text<'a>>,
    /// The same under its older name; some callers send both.
    #[serde(borrow, default)]
    pub reasoning_content: Option<Text<'a>>,
    /// The assistant's reasoning with signatures.
    #[serde(borrow, default)]
    pub reasoning_details: Option<Vec<ReasoningDetail<'a>>>,
    /// Images that the assistant made.
    #[serde(borrow, default)]
    pub images: Option<Vec<Part<'a>>>,
    /// A reference to audio that the assistant made.
    #[serde(borrow, default)]
    pub audio: Option<Raw<'a>>,
    /// A marker on the whole message.
    #[serde(borrow, default)]
    pub cache_control: Option<CacheControl<'a>>,
}

/// A call of a tool.
#[derive(Debug, Clone, Deserialize)]
pub struct ToolCall<'a> {
    /// Names the call; the tool's answer repeats it.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// `function` when absent.
    #[serde(rename = "type", borrow, default)]
    pub kind: Option<Text<'a>>,
    /// What is called; absent for kinds other than `function`.
    #[serde(borrow, default)]
    pub function: Option<CalledFunction<'a>>,
    /// Its place among the calls of a stream; clients that gather streams send it back.
    #[serde(default)]
    pub index: Option<serde::de::IgnoredAny>,
}

/// A called function.
#[derive(Debug, Clone, Deserialize)]
pub struct CalledFunction<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// JSON as text; models do write invalid JSON, so any text is possible.
    #[serde(borrow, default)]
    pub arguments: Text<'a>,
}

/// A tool that the model may call.
#[derive(Debug, Clone, Deserialize)]
pub struct Tool<'a> {
    /// `function`, or the name of a tool that runs on a server.
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    /// The function; present when `kind` is `function`, unless the tool is written in the Responses form.
    #[serde(borrow, default)]
    pub function: Option<Function<'a>>,
    /// Its name, where a tool of the Responses form has it.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// A prompt-cache marker.
    #[serde(borrow, default)]
    pub cache_control: Option<CacheControl<'a>>,
}

/// A function that the caller runs.
#[derive(Debug, Clone, Deserialize)]
pub struct Function<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// What it is for.
    #[serde(borrow, default)]
    pub description: Option<Text<'a>>,
    /// JSON Schema of its arguments.
    #[serde(borrow, default)]
    pub parameters: Option<Raw<'a>>,
    /// Whether the provider shall enforce the schema.
    #[serde(default)]
    pub strict: Option<bool>,
}

impl Tool<'_> {
    /// Whether the caller runs this tool itself.
    #[must_use]
    pub fn is_function(&self) -> bool {
        &*self.kind == "function"
    }

    /// Whether this is a tool in the form of Responses, which has its name beside its type and not inside an object.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.function.is_none() && self.name.is_some() && matches!(&*self.kind, "function" | "custom" | "namespace")
    }
}

impl Message<'_> {
    /// The tool calls; empty when there are none.
    #[must_use]
    pub fn calls(&self) -> &[ToolCall<'_>] {
        self.tool_calls.as_deref().unwrap_or_default()
    }

    /// The reasoning entries; empty when there are none.
    #[must_use]
    pub fn details(&self) -> &[ReasoningDetail<'_>] {
        self.reasoning_details.as_deref().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Text::deserialize(deserializer)?;
        match &*word {
            "system" => Ok(Self::System),
            "developer" => Ok(Self::Developer),
            "user" => Ok(Self::User),
            "assistant" => Ok(Self::Assistant),
            "tool" => Ok(Self::Tool),
            // The word is not repeated: a caller that mixes up fields would find its prompt in an error.
            _ => Err(serde::de::Error::custom("unknown role; there are system, developer, user, assistant and tool")),
        }
    }
}
