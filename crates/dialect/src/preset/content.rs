//! What a preset keeps of a request body.

use super::Form;
use super::reference::MARK;
use crate::canonical::request::{Raw, RawObject};
use crate::chat::request::{InvalidRequest, Limits, parse};
use serde_json::Value;

/// What a preset holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The system prompt.
    pub system_prompt: Option<String>,
    /// Every other field, as a JSON object.
    pub config: String,
}

/// The fields that are kept; everything else belongs to one request: its messages, its user, its session, its stream.
const KEPT: &[&str] = &[
    "model",
    "models",
    "fallbacks",
    "route",
    "provider",
    "plugins",
    "transforms",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tool_calls",
    "stop_server_tools_when",
    "deferred_tools",
    "temperature",
    "top_p",
    "top_k",
    "top_a",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "seed",
    "n",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "stop",
    "stop_sequences",
    "reasoning",
    "reasoning_effort",
    "include_reasoning",
    "thinking",
    "response_format",
    "text",
    "output_config",
    "verbosity",
    "truncation",
    "context_management",
    "modalities",
    "audio",
    "image_config",
    "service_tier",
    "speed",
    "safeguards",
    "cache_control",
    "prompt_cache_options",
    "web_search_options",
    "usage",
    "validate",
    "pin",
    "max_cost",
    "cache_enabled",
    "cache_ttl_seconds",
];

/// Takes from a request body what a preset keeps: the known configuration fields and the system prompt.
///
/// # Errors
/// When the body is no JSON object, names a preset itself, or holds a value that no chat request may hold.
pub fn content(body: &[u8], form: Form) -> Result<Content, InvalidRequest> {
    let shape = |_shape| InvalidRequest::body("The body is not a JSON object");
    let top: RawObject<'_> = serde_json::from_slice(body).map_err(shape)?;
    // Written anew, no character of the mark is an escape.
    let plain = |value: Raw<'_>| serde_json::from_str::<Value>(value.get()).map(|value| value.to_string());
    let names_preset =
        |name: &str| top.get(name).is_some_and(|value| plain(value).is_ok_and(|text| text.contains(MARK)));
    if top.get("preset").is_some_and(|value| value.get() != "null") || names_preset("model") || names_preset("models") {
        return Err(InvalidRequest::field("preset", "a preset cannot name a preset"));
    }
    let mut config = String::from("{");
    for (name, value) in top.iter().filter(|(name, value)| KEPT.contains(name) && value.get() != "null") {
        if config.len() > 1 {
            config.push(',');
        }
        config.push_str(&format!("\"{name}\":{}", value.get()));
    }
    config.push('}');
    if form == Form::Chat {
        check(&config)?;
    }
    Ok(Content { system_prompt: system_prompt(&top, form)?, config })
}

/// Reads the fields the way a chat request's are read, so that a preset cannot hold what makes every request fail.
fn check(config: &str) -> Result<(), InvalidRequest> {
    let rest = config.strip_prefix('{').unwrap_or_default();
    let comma = if rest == "}" { "" } else { "," };
    let probe = format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}]{comma}{rest}");
    parse(probe.into(), &Limits::default()).map(drop)
}

fn system_prompt(top: &RawObject<'_>, form: Form) -> Result<Option<String>, InvalidRequest> {
    let field = |name: &'static str| match top.get(name).filter(|value| value.get() != "null") {
        None => Ok(None),
        Some(value) => text(value).map(Some).ok_or_else(|| InvalidRequest::field(name, "must be text")),
    };
    match form {
        Form::Messages => field("system"),
        Form::Responses => field("instructions"),
        Form::Chat => Ok(chat_prompt(top)),
    }
}

/// The texts of all system and developer messages, in order.
fn chat_prompt(top: &RawObject<'_>) -> Option<String> {
    let messages: Vec<RawObject<'_>> = serde_json::from_str(top.get("messages")?.get()).ok()?;
    let is_system = |message: &RawObject<'_>| {
        message.get("role").is_some_and(|role| matches!(role.get(), "\"system\"" | "\"developer\""))
    };
    let prompts = messages.iter().filter(|message| is_system(message));
    let texts: Vec<String> = prompts.filter_map(|message| text(message.get("content")?)).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// A text, or a list of parts with texts.
fn text(value: Raw<'_>) -> Option<String> {
    match serde_json::from_str(value.get()).ok()? {
        Value::String(text) => Some(text),
        Value::Array(parts) => {
            let texts: Option<Vec<&str>> = parts.iter().map(|part| part.get("text")?.as_str()).collect();
            texts.map(|texts| texts.concat())
        }
        _ => None,
    }
}
