//! A request as the simulator understands it, whichever family it came in.

use serde_json::Value;

/// What a request asks for, reduced to what the answer depends on.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    /// Model name as received.
    pub model: String,
    /// Whether a stream is wanted.
    pub stream: bool,
    /// Whether the stream is to end with a usage report (families where one must ask).
    pub include_usage: bool,
    /// Text of the last user message.
    pub user_text: String,
    /// Last tag in any user message.
    pub tag: Option<String>,
    /// Result of the last tool call, when the conversation ends with one.
    pub tool_result: Option<String>,
    /// Tools that may be called.
    pub tools: Vec<Tool>,
    /// What was said about calling them.
    pub choice: Choice,
    /// Whether several calls at once are allowed.
    pub parallel: bool,
    /// Schema that the answer must follow.
    pub schema: Option<Value>,
    /// Whether any JSON object will do as an answer.
    pub json: bool,
    /// Sequences that end the answer.
    pub stops: Vec<String>,
    /// Most output tokens.
    pub tokens_max: Option<u64>,
    /// Number of answers wanted.
    pub choices: u64,
    /// Whether reasoning is wanted and shown.
    pub reasoning: bool,
    /// Whether reasoning is to come with a seal under which it can be sent back (families where one must ask).
    pub sealed: bool,
    /// Bytes of text in the prompt, system prompt and tools included.
    pub prompt_bytes: usize,
    /// Images in the prompt.
    pub images: u64,
    /// Service tier that is asked for.
    pub service_tier: Option<String>,
}

/// A tool on offer.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    /// Its name.
    pub name: String,
    /// Schema of its arguments.
    pub schema: Value,
    /// How it is called.
    pub kind: Kind,
}

/// How a tool is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With arguments as an object.
    #[default]
    Function,
    /// The same, as a member of this namespace.
    Within(String),
    /// With a free text, which stands as `input` in what the simulator is told to call it with.
    Custom,
}

impl Tool {
    /// A plain function.
    pub(crate) fn function(name: &str, schema: Value) -> Self {
        Self { name: name.to_owned(), schema, kind: Kind::Function }
    }
}

/// What the request says about calling tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The model decides.
    #[default]
    Auto,
    /// No calls.
    Never,
    /// At least one call.
    Always,
    /// This tool.
    Named(String),
}

impl Ask {
    /// Adds prompt text that only counts.
    pub(crate) fn counts_text(&mut self, text: &str) {
        self.prompt_bytes += text.len();
    }

    /// Adds a part of a user message.
    pub(crate) fn hears_user(&mut self, text: &str) {
        self.counts_text(text);
        if let Some(tag) = crate::scenario::tag_in(text) {
            self.tag = Some(tag);
        }
        if !self.user_text.is_empty() {
            self.user_text.push('\n');
        }
        self.user_text.push_str(text);
    }

    /// Adds the result of a tool call.
    pub(crate) fn hears_result(&mut self, text: &str) {
        self.counts_text(text);
        let before = self.tool_result.get_or_insert_with(String::new);
        if !before.is_empty() {
            before.push_str("; ");
        }
        before.push_str(text);
    }

    /// Begins a new message of a user: only the last one is echoed.
    pub(crate) fn begins_user_message(&mut self) {
        self.user_text.clear();
        self.tool_result = None;
    }
}

/// All text inside a value: strings of content parts, or the value printed when it has none.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part.get("text").and_then(Value::as_str).unwrap_or_default())
            .collect::<Vec<_>>()
            .join(""),
        other => other.to_string(),
    }
}
