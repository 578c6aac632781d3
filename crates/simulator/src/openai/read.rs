//! Understanding a chat request.

use serde_json::{Value, json};

use crate::ask::{Ask, Choice, Tool, text_of};

/// Reads a chat or embedding request.
pub(super) fn read(body: &Value) -> Ask {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    let mut ask = Ask {
        model: text("model").unwrap_or_default().to_owned(),
        stream: body.get("stream") == Some(&Value::Bool(true)),
        include_usage: body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)),
        parallel: body.get("parallel_tool_calls") != Some(&Value::Bool(false)),
        tokens_max: number("max_completion_tokens").or_else(|| number("max_tokens")),
        choices: number("n").unwrap_or(1).clamp(1, 128),
        stops: stops(body.get("stop")),
        service_tier: text("service_tier").map(str::to_owned),
        ..Ask::default()
    };
    for message in body.get("messages").and_then(Value::as_array).into_iter().flatten() {
        hear(&mut ask, message);
    }
    read_tools(&mut ask, body);
    match body.pointer("/response_format/type").and_then(Value::as_str) {
        Some("json_schema") => {
            ask.schema = Some(
                body.pointer("/response_format/json_schema/schema")
                    .cloned()
                    .unwrap_or_else(|| json!({"type": "object"})),
            );
        }
        Some("json_object") => ask.json = true,
        _ => {}
    }
    ask
}

/// Stop sequences, one or several.
pub(super) fn stops(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn hear(ask: &mut Ask, message: &Value) {
    let content = message.get("content").unwrap_or(&Value::Null);
    match message.get("role").and_then(Value::as_str) {
        Some("user") => {
            ask.begins_user_message();
            match content {
                Value::Array(parts) => parts.iter().for_each(|part| hear_part(ask, part)),
                other => ask.hears_user(&text_of(other)),
            }
        }
        Some("tool" | "function") => ask.hears_result(&text_of(content)),
        _ => {
            ask.counts_text(&text_of(content));
            if let Some(calls) = message.get("tool_calls") {
                ask.counts_text(&calls.to_string());
                ask.tool_result = None;
            }
        }
    }
}

fn hear_part(ask: &mut Ask, part: &Value) {
    match part.get("type").and_then(Value::as_str) {
        Some("image_url") => ask.images += 1,
        Some("text") => ask.hears_user(part.get("text").and_then(Value::as_str).unwrap_or_default()),
        _ => ask.counts_text(&part.to_string()),
    }
}

fn read_tools(ask: &mut Ask, body: &Value) {
    for tool in body.get("tools").and_then(Value::as_array).into_iter().flatten() {
        ask.counts_text(&tool.to_string());
        if let Some(name) = tool.pointer("/function/name").and_then(Value::as_str) {
            let schema = tool.pointer("/function/parameters").cloned().unwrap_or_else(|| json!({}));
            ask.tools.push(Tool::function(name, schema));
        }
    }
    ask.choice = match body.get("tool_choice") {
        Some(Value::String(word)) if word == "none" => Choice::Never,
        Some(Value::String(word)) if word == "required" => Choice::Always,
        Some(named) => match named.pointer("/function/name").and_then(Value::as_str) {
            Some(name) => Choice::Named(name.to_owned()),
            None => Choice::Auto,
        },
        None => Choice::Auto,
    };
}
