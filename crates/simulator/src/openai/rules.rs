//! Rules that concern several values at once, after the shape is right.

use serde_json::Value;

use super::{error, shapes};
use crate::family::{Incoming, Operation, Refusal};
use crate::shape::{Naming, Violation, check};

/// Longest tool name.
const NAME_MAX: usize = 64;

/// Most stop sequences.
const STOPS_MAX: usize = 4;

/// Holds a request to the published schema and rules.
pub(crate) fn validate(incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let shape = match incoming.operation {
        Operation::Embed | Operation::EmbedMany => &shapes::EMBEDDINGS,
        Operation::Complete => &shapes::COMPLETIONS,
        Operation::Respond => &super::responses::SHAPE,
        Operation::Generate | Operation::Count => &shapes::CHAT,
    };
    check(incoming.body, shape, Naming::Exact).map_err(|violation| error::refusal(&violation))?;
    match incoming.operation {
        Operation::Generate => rules(incoming.body),
        Operation::Respond => super::responses::rules(incoming.body),
        _ => Ok(()),
    }
    .map_err(|violation| error::refusal(&violation))
}

fn rules(body: &Value) -> Result<(), Violation> {
    let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    let tools = has("tools") || has("functions");
    if has("stream_options") && body.get("stream") != Some(&Value::Bool(true)) {
        return Err(Violation::rule(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ));
    }
    if has("max_tokens") && has("max_completion_tokens") {
        return Err(Violation::rule(
            "max_tokens",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ));
    }
    for name in ["tool_choice", "parallel_tool_calls"] {
        if has(name) && !tools {
            return Err(Violation::rule(name, format!("'{name}' is only allowed when 'tools' are specified.")));
        }
    }
    if has("top_logprobs") && body.get("logprobs") != Some(&Value::Bool(true)) {
        return Err(Violation::rule("top_logprobs", "'top_logprobs' requires 'logprobs' to be enabled."));
    }
    if body.get("stop").and_then(Value::as_array).is_some_and(|stops| stops.len() > STOPS_MAX) {
        return Err(Violation::rule("stop", "Invalid 'stop': array too long. Expected at most 4 entries."));
    }
    tool_rules(body)?;
    format_rules(body)?;
    turn_rules(body.get("messages").and_then(Value::as_array).map_or(&[], Vec::as_slice))
}

fn tool_rules(body: &Value) -> Result<(), Violation> {
    let mut names = Vec::new();
    for (at, tool) in body.get("tools").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
        let Some(name) = tool.get(kind).and_then(|tool| tool.get("name")).and_then(Value::as_str) else {
            continue;
        };
        if !is_name(name) {
            return Err(Violation::rule(
                &format!("tools.{at}.{kind}.name"),
                format!(
                    "Invalid 'tools[{at}].{kind}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
                ),
            ));
        }
        if tool.pointer("/function/strict") == Some(&Value::Bool(true))
            && let Some(parameters) = tool.pointer("/function/parameters")
        {
            strict_schema(parameters, &format!("Invalid schema for function '{name}'"), "tools", 0)?;
        }
        names.push(name);
    }
    match body.pointer("/tool_choice/function/name").and_then(Value::as_str) {
        Some(name) if !names.contains(&name) => Err(Violation::rule(
            "tool_choice",
            format!("Invalid value for 'tool_choice': function '{name}' was not found in 'tools'."),
        )),
        _ => match body.get("tool_choice").and_then(Value::as_str) {
            None | Some("none" | "auto" | "required") => Ok(()),
            Some(other) => Err(Violation::rule(
                "tool_choice",
                format!("Invalid value: '{other}'. Supported values are: 'none', 'auto', and 'required'."),
            )),
        },
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

fn format_rules(body: &Value) -> Result<(), Violation> {
    match body.pointer("/response_format/type").and_then(Value::as_str) {
        Some("json_object") => {
            let said = body.get("messages").map(Value::to_string).unwrap_or_default().to_lowercase();
            if said.contains("json") {
                return Ok(());
            }
            Err(Violation::rule(
                "messages",
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            ))
        }
        Some("json_schema") if body.pointer("/response_format/json_schema/strict") == Some(&Value::Bool(true)) => {
            let name = body.pointer("/response_format/json_schema/name").and_then(Value::as_str).unwrap_or_default();
            let start = format!("Invalid schema for response_format '{name}'");
            match body.pointer("/response_format/json_schema/schema") {
                Some(schema) => strict_schema(schema, &start, "response_format", 0),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Strict schemas close every object and require every property.
fn strict_schema(schema: &Value, start: &str, param: &str, depth: usize) -> Result<(), Violation> {
    if depth > 32 {
        return Ok(());
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(Violation::rule(
                param,
                format!("{start}: 'additionalProperties' is required to be supplied and to be false."),
            ));
        }
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if let Some(left) = properties.keys().find(|name| !required.iter().any(|one| one == name.as_str())) {
            return Err(Violation::rule(
                param,
                format!(
                    "{start}: 'required' is required to be supplied and to be an array including every key in properties. Missing '{left}'."
                ),
            ));
        }
    }
    let inner = ["properties", "$defs"].iter().filter_map(|name| schema.get(*name)?.as_object());
    let listed = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    inner
        .flat_map(|fields| fields.values())
        .chain(listed)
        .chain(schema.get("items"))
        .try_for_each(|part| strict_schema(part, start, param, depth + 1))
}

/// Tool messages answer the calls right before them, all of them and nothing else.
fn turn_rules(messages: &[Value]) -> Result<(), Violation> {
    let mut open: Vec<&str> = Vec::new();
    let mut asked_at = 0;
    let mut in_answers = false;
    for (at, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        if role == "tool" {
            let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
            let Some(found) = open.iter().position(|one| *one == id).filter(|_| in_answers) else {
                return Err(Violation::rule(
                    &format!("messages.{at}.role"),
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                ));
            };
            open.remove(found);
            continue;
        }
        unanswered(&open, asked_at)?;
        in_answers = false;
        if role == "assistant" {
            open = call_ids(message);
            in_answers = !open.is_empty();
            asked_at = at;
            let silent = ["content", "tool_calls", "function_call", "refusal", "audio"]
                .iter()
                .all(|name| message.get(*name).is_none_or(Value::is_null));
            if silent {
                return Err(Violation::rule(
                    &format!("messages.{at}.content"),
                    "Invalid value for 'content': expected a string, got null.",
                ));
            }
        }
    }
    unanswered(&open, asked_at)
}

fn call_ids(message: &Value) -> Vec<&str> {
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    calls.filter_map(|call| call.get("id")?.as_str()).collect()
}

fn unanswered(open: &[&str], asked_at: usize) -> Result<(), Violation> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Violation::rule(
        &format!("messages.{asked_at}.role"),
        format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            open.join(", ")
        ),
    ))
}
