//! Understanding a responses request.

use serde_json::{Value, json};

use super::{SEAL, seal};
use crate::ask::{Ask, Choice, Kind, Tool, text_of};
use crate::shape::Violation;

/// Outputs must answer calls, every call must be answered, and reasoning comes back under its seal.
pub(crate) fn rules(body: &Value) -> Result<(), Violation> {
    let items = body.get("input").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for kind in ["function_call", "custom_tool_call"] {
        call_rules(body, items, kind)?;
    }
    let is_stored = body.get("store") != Some(&Value::Bool(false));
    items.iter().filter(|item| is_of(item, "reasoning")).try_for_each(|item| reasoning_rules(item, is_stored))
}

fn is_of(item: &Value, kind: &str) -> bool {
    item.get("type").and_then(Value::as_str) == Some(kind)
}

/// Source: messages of the live service as quoted in issues of PyPI `openai-agents` and npm `ai`, read 2026-11-21.
fn reasoning_rules(item: &Value, is_stored: bool) -> Result<(), Violation> {
    let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
    match item.get("encrypted_content").and_then(Value::as_str) {
        Some(sealed) if sealed.starts_with(SEAL) && !id.is_empty() && sealed != seal(id) => Err(Violation::rule(
            "input",
            format!(
                "The encrypted content for item {id} could not be verified. Reason: Encrypted content item_id did not \
                 match the target item id."
            ),
        )),
        None if !is_stored => Err(Violation::rule(
            "input",
            format!("Item with id '{id}' not found. Items are not persisted when `store` is set to false."),
        )),
        _ => Ok(()),
    }
}

fn call_rules(body: &Value, items: &[Value], kind: &str) -> Result<(), Violation> {
    let of = |kind: &str| {
        let found = items.iter().filter(|item| is_of(item, kind));
        found.filter_map(|item| item.get("call_id")?.as_str()).collect::<Vec<_>>()
    };
    let (calls, outputs) = (of(kind), of(&format!("{kind}_output")));
    if let Some(id) =
        outputs.iter().find(|id| !calls.contains(id)).filter(|_| body.get("previous_response_id").is_none())
    {
        return Err(Violation::rule(
            "input",
            format!("No tool call found for function call output with call_id {id}."),
        ));
    }
    match calls.iter().find(|id| !outputs.contains(id)) {
        Some(id) => Err(Violation::rule("input", format!("No tool output found for function call {id}."))),
        None => Ok(()),
    }
}

/// Reads a responses request.
pub(crate) fn read(body: &Value) -> Ask {
    let mut ask = Ask {
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
        stream: body.get("stream") == Some(&Value::Bool(true)),
        include_usage: true,
        parallel: body.get("parallel_tool_calls") != Some(&Value::Bool(false)),
        tokens_max: body.get("max_output_tokens").and_then(Value::as_u64),
        choices: 1,
        service_tier: body.get("service_tier").and_then(Value::as_str).map(str::to_owned),
        reasoning: body.pointer("/reasoning/summary").is_some_and(|summary| !summary.is_null()),
        sealed: body.get("include").and_then(Value::as_array).is_some_and(|include| include.contains(&json!(SEALED))),
        schema: body.pointer("/text/format/schema").cloned(),
        json: body.pointer("/text/format/type").and_then(Value::as_str) == Some("json_object"),
        ..Ask::default()
    };
    ask.counts_text(&text_of(body.get("instructions").unwrap_or(&Value::Null)));
    match body.get("input") {
        Some(Value::String(text)) => ask.hears_user(text),
        Some(Value::Array(items)) => items.iter().for_each(|item| hear(&mut ask, item)),
        _ => {}
    }
    for tool in body.get("tools").and_then(Value::as_array).into_iter().flatten() {
        ask.counts_text(&tool.to_string());
        offer(&mut ask, tool, None);
    }
    ask.choice = match body.get("tool_choice") {
        Some(Value::String(word)) if word == "none" => Choice::Never,
        Some(Value::String(word)) if word == "required" => Choice::Always,
        Some(named) => match named.get("name").and_then(Value::as_str) {
            Some(name) => Choice::Named(name.to_owned()),
            None => Choice::Auto,
        },
        None => Choice::Auto,
    };
    ask
}

/// What is asked for to have reasoning come with a seal.
const SEALED: &str = "reasoning.encrypted_content";

/// Takes note of a tool, or of those within a namespace; the provider's own tools are never called.
fn offer(ask: &mut Ask, tool: &Value, namespace: Option<&str>) {
    let text = |name: &str| tool.get(name).and_then(Value::as_str);
    let schema = |name: &str| tool.get(name).cloned().unwrap_or_else(|| json!({}));
    let (schema, kind) = match (text("type"), namespace) {
        (Some("function"), Some(namespace)) => (schema("parameters"), Kind::Within(namespace.to_owned())),
        (Some("function"), None) => (schema("parameters"), Kind::Function),
        (Some("custom"), _) => (json!({}), Kind::Custom),
        (Some("namespace"), _) => {
            let members = tool.get("tools").and_then(Value::as_array).into_iter().flatten();
            return members.for_each(|member| offer(ask, member, text("name")));
        }
        _ => return,
    };
    if let Some(name) = text("name") {
        ask.tools.push(Tool { name: name.to_owned(), schema, kind });
    }
}

fn hear(ask: &mut Ask, item: &Value) {
    if is_of(item, "function_call_output") || is_of(item, "custom_tool_call_output") {
        return ask.hears_result(&text_of(item.get("output").unwrap_or(&Value::Null)));
    }
    if is_of(item, "function_call") || is_of(item, "custom_tool_call") {
        ask.tool_result = None;
    }
    let content = item.get("content").unwrap_or(&Value::Null);
    if item.get("role").and_then(Value::as_str) != Some("user") {
        let text = if content.is_null() { item.to_string() } else { text_of(content) };
        return ask.counts_text(&text);
    }
    ask.begins_user_message();
    let Value::Array(parts) = content else {
        return ask.hears_user(&text_of(content));
    };
    for part in parts {
        match part.get("type").and_then(Value::as_str) {
            Some("input_image") => ask.images += 1,
            Some("input_text") => ask.hears_user(part.get("text").and_then(Value::as_str).unwrap_or_default()),
            _ => ask.counts_text(&part.to_string()),
        }
    }
}
