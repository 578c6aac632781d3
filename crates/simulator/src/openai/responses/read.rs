//! Understanding a responses request.

use serde_json::{Value, json};

use crate::ask::{Ask, Choice, Tool, text_of};
use crate::shape::Violation;

/// Outputs must answer calls, and every call must be answered.
pub(crate) fn rules(body: &Value) -> Result<(), Violation> {
    let items = body.get("input").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of = |kind: &str| {
        let found = items.iter().filter(move |item| item.get("type").and_then(Value::as_str) == Some(kind));
        found.filter_map(|item| item.get("call_id")?.as_str()).collect::<Vec<_>>()
    };
    let (calls, outputs) = (of("function_call"), of("function_call_output"));
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
        if let (Some("function"), Some(name)) =
            (tool.get("type").and_then(Value::as_str), tool.get("name").and_then(Value::as_str))
        {
            let schema = tool.get("parameters").cloned().unwrap_or_else(|| json!({}));
            ask.tools.push(Tool { name: name.to_owned(), schema });
        }
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

fn hear(ask: &mut Ask, item: &Value) {
    if item.get("type").and_then(Value::as_str) == Some("function_call_output") {
        return ask.hears_result(&text_of(item.get("output").unwrap_or(&Value::Null)));
    }
    if item.get("type").and_then(Value::as_str) == Some("function_call") {
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
