//! The chat completions request: read once, checked, and kept as the caller's bytes.
//!
//! [`parse`] makes one pass over the body, and reads the messages without looking at their long texts again. What it keeps
//! are byte ranges, so a picture in a message is never copied here, and a provider of the same format receives the very bytes
//! that the caller wrote.

mod choice;
mod fields;
mod invalid;
mod messages;
mod plugins;
mod rewrite;
mod shape;
mod top;
mod traits;

pub use choice::{AnswerFormat, JsonSchema, Reasoning, ToolChoice};
pub use invalid::{InvalidRequest, Limits};
pub use plugins::{Files, Plugins};
pub use rewrite::FileText;
pub use shape::Shape;

pub(crate) use crate::json::range_in;
pub(crate) use fields::{EFFORTS, TIERS, stop_texts};
pub(crate) use invalid::{clip, echo, without_values};
pub(crate) use top::Top;
pub(crate) use traits::Traits;

use crate::canonical::request::{Message, Raw, Tool, read_list};
use crate::inbound::Origin;
use crate::json::Reader;
use crate::responses::request::{is_mixed, parse_mixed};
use bytes::Bytes;
use fields::read;
use serde_json::value::RawValue;
use std::ops::Range;

/// Longest model id, in bytes.
const MODEL_MAX: usize = 256;
/// Aliases of the output limit; the largest one given holds.
pub(crate) const LIMIT_FIELDS: &[&str] = &["max_tokens", "max_completion_tokens", "max_output_tokens"];
/// The `supported_parameters` vocabulary, without the names that need more than a look for the field.
const PARAMETERS: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "top_a",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "max_tokens",
    "max_completion_tokens",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "prediction",
    "seed",
    "response_format",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "include_reasoning",
    "reasoning",
    "reasoning_effort",
    "web_search_options",
    "verbosity",
];

/// A checked chat request.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    text: String,
    fields: Vec<Field>,
    model: Option<String>,
    models: Vec<String>,
    is_stream: bool,
    output_limit: Option<u64>,
    choices: u32,
    user: Option<String>,
    session_id: Option<String>,
    reasoning: Reasoning,
    shape: Shape,
    traits: Traits,
    origin: Origin,
    is_rewritten: bool,
}

/// A top-level field: its name, and where its value lies in the body.
#[derive(Debug, Clone)]
struct Field {
    name: Name,
    value: Range<usize>,
}

/// The name of a field.
#[derive(Debug, Clone)]
enum Name {
    /// Where it lies in the body.
    Plain(Range<usize>),
    /// Without the escapes that it is written with.
    Read(String),
}

impl Name {
    fn within(body: &str, name: &str) -> Self {
        let place = range_in(body, name);
        if body.get(place.clone()) == Some(name) { Self::Plain(place) } else { Self::Read(name.to_owned()) }
    }

    fn get<'a>(&'a self, body: &'a str) -> &'a str {
        match self {
            Self::Plain(place) => body.get(place.clone()).unwrap_or_default(),
            Self::Read(name) => name,
        }
    }
}

/// Reads and checks a request body. Unknown fields are kept; `null` counts as absent. Conversation and tools may be written
/// as Responses has them.
///
/// # Errors
/// When the body is no single JSON object, breaks a limit, or a field holds what it must not; the error names the field.
pub fn parse(body: Bytes, limits: &Limits) -> Result<ChatRequest, InvalidRequest> {
    let text = String::from_utf8(body.into()).map_err(|_ignored| InvalidRequest::body("The body is not UTF-8"))?;
    let top = Top::read(&text, limits)?;
    if is_mixed(&top) {
        return parse_mixed(text, limits);
    }
    fields::check(top.iter())?;
    let (shape, traits) = read_shape(&top, limits)?;
    if traits.has_flat_tools {
        return parse_mixed(text, limits);
    }
    let reasoning = read_reasoning(&top)?;
    let fields = top
        .iter()
        .map(|(name, value)| Field { name: Name::within(&text, name), value: range_in(&text, value.get()) })
        .collect::<Vec<_>>();
    let shape = Shape { has_reasoning: reasoning.is_on(), ..shape };
    Ok(ChatRequest {
        model: read_model(&top)?,
        models: read_models(&top, limits)?,
        is_stream: small(&top, "stream").unwrap_or(false),
        output_limit: LIMIT_FIELDS.iter().filter_map(|name| small::<u64>(&top, name)).max(),
        choices: small(&top, "n").unwrap_or(1),
        user: small(&top, "user"),
        session_id: small(&top, "session_id"),
        reasoning,
        shape,
        traits,
        fields,
        text,
        origin: Origin::Chat,
        is_rewritten: false,
    })
}

/// A value whose shape the field table has already checked.
fn small<'a, T: serde::Deserialize<'a>>(top: &Top<'a>, name: &str) -> Option<T> {
    top.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
}

fn read_shape(top: &Top<'_>, limits: &Limits) -> Result<(Shape, Traits), InvalidRequest> {
    let mut shape = Shape::default();
    let Some(messages) = top.get("messages") else {
        let problem = if top.get("prompt").is_some() { "use messages in place of prompt" } else { "is required" };
        return Err(InvalidRequest::prompt("messages", problem));
    };
    if top.get("prompt").is_some() {
        return Err(InvalidRequest::field("prompt", "cannot be given together with messages"));
    }
    let messages = messages::read_messages(&mut top.reader(messages), limits)?;
    let tools = match top.get("tools") {
        Some(tools) => messages::read_tools(&mut top.reader(tools), limits)?,
        None => Vec::new(),
    };
    shape.add_messages(&messages);
    shape.add_tools(&tools);
    if let Some(choice) = top.get("tool_choice") {
        ToolChoice::read(choice.get())?;
    }
    if let Some(format) = top.get("response_format") {
        shape.has_json_schema = matches!(AnswerFormat::read(format.get())?, AnswerFormat::JsonSchema(_));
        shape.add_bytes(format.get().len());
    }
    shape.has_cache_markers |= top.get("cache_control").is_some();
    Ok((shape, Traits::gather(&messages, &tools)))
}

fn read_reasoning(top: &Top<'_>) -> Result<Reasoning, InvalidRequest> {
    Reasoning::read(
        top.get("reasoning").map(Raw::get),
        top.get("reasoning_effort").map(Raw::get),
        small(top, "include_reasoning"),
    )
}

fn read_model(top: &Top<'_>) -> Result<Option<String>, InvalidRequest> {
    let Some(value) = top.get("model") else { return Ok(None) };
    let model: String = read("model", value.get(), "a string")?;
    check_model("model", &model)?;
    Ok(Some(model))
}

fn read_models(top: &Top<'_>, limits: &Limits) -> Result<Vec<String>, InvalidRequest> {
    let Some(value) = top.get("models") else { return Ok(Vec::new()) };
    let models: Vec<String> = read("models", value.get(), "a list of strings")?;
    if models.len() > limits.models {
        return Err(InvalidRequest::field("models", format!("more than {} entries", limits.models)));
    }
    for (index, model) in models.iter().enumerate() {
        check_model("models", model)?;
        if models.iter().take(index).any(|earlier| earlier == model) {
            return Err(InvalidRequest::field("models", "names a model twice"));
        }
    }
    Ok(models)
}

fn check_model(name: &str, id: &str) -> Result<(), InvalidRequest> {
    let is_id = !id.is_empty() && id.len() <= MODEL_MAX && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_id && !id.contains("../") {
        return Ok(());
    }
    let message = format!("{} is not a valid model ID", invalid::echo(id));
    Err(InvalidRequest { param: Some(name.to_owned()), ..InvalidRequest::body(message) })
}

impl ChatRequest {
    /// The model asked for.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The fallback models, in order.
    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// Whether the answer shall be streamed.
    #[must_use]
    pub const fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// The caller's output limit in tokens for one choice: the largest of its aliases.
    #[must_use]
    pub const fn output_limit(&self) -> Option<u64> {
        self.output_limit
    }

    /// How many answers are asked for, from 1 to 128.
    #[must_use]
    pub const fn choices(&self) -> u32 {
        self.choices
    }

    /// The routing preferences, as JSON.
    #[must_use]
    pub fn provider(&self) -> Option<&RawValue> {
        self.field("provider").and_then(|json| serde_json::from_str(json).ok())
    }

    /// The JSON of a top-level field; `None` when it is missing or `null`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.text.get(self.place(name)?)
    }

    /// All top-level fields that are not `null`, in the caller's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|field| Some((field.name.get(&self.text), self.text.get(field.value.clone())?)))
    }

    /// Where the value of a field lies in the body.
    fn place(&self, name: &str) -> Option<Range<usize>> {
        let field = self.fields.iter().find(|field| field.name.get(&self.text) == name)?;
        Some(field.value.clone())
    }

    /// The parameters of the `supported_parameters` vocabulary that this request uses.
    #[must_use]
    pub fn parameters(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = PARAMETERS.iter().copied().filter(|name| self.field(name).is_some()).collect();
        if self.shape.has_json_schema {
            names.push("structured_outputs");
        }
        names
    }

    /// What the request holds and needs.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The caller's name for its own user, not hashed.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The conversation that the request belongs to.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// The caller's metadata pairs, as JSON.
    #[must_use]
    pub fn metadata(&self) -> Option<&str> {
        self.field("metadata")
    }

    /// Bytes of the body.
    pub(crate) const fn size(&self) -> usize {
        self.text.len()
    }

    /// Lets go of the body, which can be megabytes while an answer streams for minutes. What was read when it was parsed
    /// stays; fields, messages and tools are no longer found.
    pub fn release(&mut self) {
        self.text = String::new();
        self.fields = Vec::new();
        self.origin = Origin::Chat;
    }

    /// Remembers what the caller wrote, when that was another dialect.
    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// What the caller wrote.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the caller wrote, to be completed with what its headers say.
    pub(crate) const fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    /// Whether the messages are no longer the ones that the caller wrote: its own text must not be sent then.
    pub(crate) const fn is_rewritten(&self) -> bool {
        self.is_rewritten
    }

    /// Facts for the encoders.
    pub(crate) const fn traits(&self) -> &Traits {
        &self.traits
    }

    /// How much the model shall think.
    #[must_use]
    pub const fn reasoning(&self) -> &Reasoning {
        &self.reasoning
    }

    /// The same request with this effort in place of what it said about reasoning.
    pub(crate) fn with_effort(&self, effort: &str) -> Self {
        let exclude = self.reasoning.exclude;
        let reasoning = Reasoning { effort: Some(effort.to_owned()), exclude, ..Reasoning::default() };
        Self { reasoning, ..self.clone() }
    }

    /// Whether the answer must not show the reasoning.
    #[must_use]
    pub fn wants_reasoning_hidden(&self) -> bool {
        self.reasoning.exclude == Some(true)
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> Vec<Message<'_>> {
        self.list("messages")
    }

    /// The tools; empty when there are none.
    #[must_use]
    pub fn tools(&self) -> Vec<Tool<'_>> {
        self.list("tools")
    }

    /// Which tool the model must call, when the caller said so.
    #[must_use]
    pub fn tool_choice(&self) -> Option<ToolChoice> {
        self.field("tool_choice").and_then(|json| ToolChoice::read(json).ok())
    }

    /// The form that the answer must have.
    #[must_use]
    pub fn answer_format(&self) -> AnswerFormat<'_> {
        self.field("response_format").and_then(|json| AnswerFormat::read(json).ok()).unwrap_or(AnswerFormat::Text)
    }

    /// Reads a list that [`parse`] has already read once without error; the text has not changed since.
    fn list<'a, T: serde::Deserialize<'a>>(&'a self, name: &str) -> Vec<T> {
        let list = self.place(name).map(|place| read_list(&mut Reader::new(&self.text, place.start, &[]), usize::MAX));
        list.and_then(Result::ok).unwrap_or_default()
    }
}
