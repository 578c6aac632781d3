//! Understanding a `generateContent` request.

use serde_json::{Value, json};

use super::rules::field;
use crate::ask::{Ask, Choice, Tool, text_of};
use crate::family::Incoming;

/// Reads a generate, count or embedding request.
pub(crate) fn read(incoming: &Incoming<'_>) -> Ask {
    let body = field(incoming.body, "generateContentRequest").unwrap_or(incoming.body);
    let nothing = Value::Null;
    let config = field(body, "generationConfig").unwrap_or(&nothing);
    let number = |name: &str| field(config, name).and_then(Value::as_u64);
    let mut ask = Ask {
        model: incoming.path_model.unwrap_or_default().to_owned(),
        stream: incoming.stream,
        include_usage: true,
        parallel: true,
        tokens_max: number("maxOutputTokens"),
        choices: number("candidateCount").unwrap_or(1).clamp(1, 8),
        service_tier: field(body, "serviceTier").and_then(Value::as_str).map(str::to_owned),
        reasoning: field(config, "thinkingConfig").and_then(|thinking| field(thinking, "includeThoughts"))
            == Some(&Value::Bool(true)),
        ..Ask::default()
    };
    let stops = field(config, "stopSequences").and_then(Value::as_array).into_iter().flatten();
    ask.stops = stops.filter_map(Value::as_str).map(str::to_owned).collect();
    ask.schema = field(config, "responseSchema").or_else(|| field(config, "responseJsonSchema")).cloned();
    ask.json = field(config, "responseMimeType").and_then(Value::as_str) == Some("application/json");
    if let Some(system) = field(body, "systemInstruction") {
        ask.counts_text(&text_of(system.get("parts").unwrap_or(&Value::Null)));
    }
    for content in field(body, "contents").and_then(Value::as_array).into_iter().flatten() {
        hear(&mut ask, content);
    }
    read_tools(&mut ask, body);
    ask
}

fn hear(ask: &mut Ask, content: &Value) {
    let is_user = content.get("role").and_then(Value::as_str) != Some("model");
    if is_user {
        ask.begins_user_message();
    }
    for part in content.get("parts").and_then(Value::as_array).into_iter().flatten() {
        let media = field(part, "inlineData").or_else(|| field(part, "fileData"));
        if let Some(text) = part.get("text").and_then(Value::as_str) {
            if is_user {
                ask.hears_user(text);
            } else {
                ask.counts_text(text);
            }
        } else if let Some(response) = field(part, "functionResponse") {
            let inner = response.get("response").unwrap_or(&Value::Null);
            let said = inner.get("output").or_else(|| inner.get("result")).unwrap_or(inner);
            ask.hears_result(&text_of(said));
        } else if media.is_some_and(|media| {
            field(media, "mimeType").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("image/"))
        }) {
            ask.images += 1;
        } else {
            ask.counts_text(&part.to_string());
        }
    }
}

fn read_tools(ask: &mut Ask, body: &Value) {
    for tool in field(body, "tools").and_then(Value::as_array).into_iter().flatten() {
        ask.counts_text(&tool.to_string());
        for function in field(tool, "functionDeclarations").and_then(Value::as_array).into_iter().flatten() {
            let schema = field(function, "parametersJsonSchema").or_else(|| field(function, "parameters"));
            if let Some(name) = field(function, "name").and_then(Value::as_str) {
                let schema = schema.cloned().unwrap_or_else(|| json!({}));
                ask.tools.push(Tool::function(name, schema));
            }
        }
    }
    let config = field(body, "toolConfig").and_then(|config| field(config, "functionCallingConfig"));
    let only = config
        .and_then(|config| field(config, "allowedFunctionNames"))
        .and_then(|names| names.get(0))
        .and_then(Value::as_str);
    ask.choice = match (config.and_then(|config| field(config, "mode")).and_then(Value::as_str), only) {
        (Some("NONE"), _) => Choice::Never,
        (Some("ANY"), Some(name)) => Choice::Named(name.to_owned()),
        (Some("ANY"), None) => Choice::Always,
        _ => Choice::Auto,
    };
}
