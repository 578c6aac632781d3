//! Understanding a messages request.

use serde_json::{Value, json};

use crate::ask::{Ask, Choice, Tool, text_of};

/// Reads a messages or token count request.
pub(crate) fn read(body: &Value) -> Ask {
    let mut ask = Ask {
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
        stream: body.get("stream") == Some(&Value::Bool(true)),
        include_usage: true,
        parallel: body.pointer("/tool_choice/disable_parallel_tool_use") != Some(&Value::Bool(true)),
        tokens_max: body.get("max_tokens").and_then(Value::as_u64),
        choices: 1,
        reasoning: matches!(
            body.pointer("/thinking/type").and_then(Value::as_str),
            Some("enabled" | "adaptive" | "between_tools")
        ),
        schema: body.pointer("/output_config/format/schema").cloned(),
        ..Ask::default()
    };
    let stops = body.get("stop_sequences").and_then(Value::as_array).into_iter().flatten();
    ask.stops = stops.filter_map(Value::as_str).map(str::to_owned).collect();
    ask.counts_text(&text_of(body.get("system").unwrap_or(&Value::Null)));
    for message in body.get("messages").and_then(Value::as_array).into_iter().flatten() {
        hear(&mut ask, message);
    }
    read_tools(&mut ask, body);
    ask
}

fn hear(ask: &mut Ask, message: &Value) {
    let content = message.get("content").unwrap_or(&Value::Null);
    let is_user = message.get("role").and_then(Value::as_str) == Some("user");
    if is_user {
        ask.begins_user_message();
    }
    let Value::Array(blocks) = content else {
        let text = text_of(content);
        return if is_user { ask.hears_user(&text) } else { ask.counts_text(&text) };
    };
    for block in blocks {
        let text = block.get("text").and_then(Value::as_str);
        match block.get("type").and_then(Value::as_str) {
            Some("image") => ask.images += 1,
            Some("tool_result") => {
                let content = block.get("content").unwrap_or(&Value::Null);
                let images = content.as_array().into_iter().flatten();
                ask.images += images.filter(|part| part.get("source").is_some()).map(|_| 1).sum::<u64>();
                ask.hears_result(&text_of(content));
            }
            Some("text") if is_user => ask.hears_user(text.unwrap_or_default()),
            _ => ask.counts_text(text.map_or_else(|| block.to_string(), str::to_owned).as_str()),
        }
    }
}

fn read_tools(ask: &mut Ask, body: &Value) {
    for tool in body.get("tools").and_then(Value::as_array).into_iter().flatten() {
        ask.counts_text(&tool.to_string());
        if let (Some(name), Some(schema)) = (tool.get("name").and_then(Value::as_str), tool.get("input_schema")) {
            ask.tools.push(Tool::function(name, schema.clone()));
        }
    }
    ask.choice = match body.pointer("/tool_choice/type").and_then(Value::as_str) {
        Some("none") => Choice::Never,
        Some("any") => Choice::Always,
        Some("tool") => {
            let name = body.pointer("/tool_choice/name").unwrap_or(&json!(null)).as_str().map(str::to_owned);
            name.map_or(Choice::Always, Choice::Named)
        }
        _ => Choice::Auto,
    };
}
