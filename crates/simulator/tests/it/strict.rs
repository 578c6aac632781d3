//! What the providers' published schemas refuse, and in which words.

use serde_json::{Value, json};
use simulator::{Options, Simulator};

use crate::client::{PATIENCE, send, start};

async fn refused(simulator: &Simulator, request: &str, headers: &[(&str, &str)], body: &Value, words: &str) {
    let reply = send(simulator.address(), request, headers, &body.to_string(), PATIENCE).await;
    if words == "fine" {
        assert_eq!(reply.status, 200, "{body}: {}", reply.text());
    } else {
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        let message = reply.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(words), "{body}: {message}");
    }
}

fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

#[tokio::test]
async fn openai_requests_are_held_to_the_schema() {
    let simulator = start().await;
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asked = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let said = json!({"role": "user", "content": "x"});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let tool = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    let open = json!({"type": "json_schema", "json_schema": {"name": "A", "strict": true, "schema": {
        "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}});
    for (more, words) in [
        (json!({}), "fine"),
        (json!({"unheard_of": 1}), "Unrecognized request argument supplied: unheard_of"),
        (json!({"messages": []}), "Invalid 'messages': empty array"),
        (json!({"messages": "x"}), "Invalid type for 'messages': expected array, but got string"),
        (json!({"messages": [{"content": "x"}]}), "Missing required parameter: 'messages[0].role'."),
        (
            json!({"messages": [{"role": "robot", "content": "x"}]}),
            "Invalid value: 'robot'. Supported values are: 'system'",
        ),
        (
            json!({"messages": [with(said.clone(), &json!({"cache_control": {}}))]}),
            "Unknown parameter: 'messages[0].cache_control'.",
        ),
        (json!({"messages": [result("c1")]}), "must be a response to a preceeding message with 'tool_calls'"),
        (json!({"messages": [said, asked, result("c1")]}), "fine"),
        (json!({"messages": [said, asked, with(result("c1"), &json!({"name": "f"}))]}), "fine"),
        (json!({"messages": [said, asked, result("c2")]}), "must be a response to a preceeding message"),
        (json!({"messages": [said, asked, said]}), "did not have response messages: c1"),
        (json!({"messages": [{"role": "assistant", "content": null}]}), "expected a string, got null"),
        (json!({"temperature": 3}), "Expected a value <= 2"),
        (json!({"temperature": "warm"}), "Invalid type for 'temperature'"),
        (json!({"max_tokens": 0}), "Expected a value >= 1"),
        (json!({"max_tokens": 5, "max_completion_tokens": 5}), "at the same time is not supported"),
        (json!({"stream_options": {"include_usage": true}}), "only allowed when 'stream' is enabled"),
        (json!({"tool_choice": "auto"}), "only allowed when 'tools' are specified"),
        (json!({"tools": tool, "tool_choice": "sometimes"}), "Invalid value: 'sometimes'"),
        (json!({"tools": [{"type": "function", "function": {"name": "a b"}}]}), "does not match pattern"),
        (json!({"response_format": {"type": "json_object"}}), "must contain the word 'json'"),
        (json!({"response_format": open}), "'additionalProperties' is required"),
        (json!({"top_logprobs": 2}), "requires 'logprobs'"),
        (json!({"n": 1.5}), "Invalid type for 'n': expected integer, but got decimal"),
    ] {
        let body = with(json!({"model": "m", "messages": [said]}), &more);
        refused(&simulator, "POST /v1/chat/completions", &[], &body, words).await;
    }
    let body = json!({"messages": [said]});
    refused(&simulator, "POST /v1/chat/completions", &[], &body, "you must provide a model parameter").await;
    let body = json!({"model": "m", "input": []});
    refused(&simulator, "POST /v1/embeddings", &[], &body, "Invalid 'input': empty array").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn anthropic_requests_are_held_to_the_schema() {
    let simulator = start().await;
    let version = [("anthropic-version", "2023-06-01")];
    let said = json!({"role": "user", "content": "x"});
    let asked = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "r"});
    let answers = |blocks: Vec<Value>| json!({"role": "user", "content": blocks});
    let text = json!({"type": "text", "text": "more"});
    let thinking = json!({"type": "enabled", "budget_tokens": 2000});
    let marked: Vec<Value> =
        (0..5).map(|_| json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}})).collect();
    let tool = |name: &str| json!({"name": name, "input_schema": {"type": "object"}});
    for (more, words) in [
        (json!({}), "fine"),
        (json!({"unheard_of": 1}), "unheard_of: Extra inputs are not permitted"),
        (json!({"max_tokens": null}), "max_tokens: Input should be a valid integer"),
        (json!({"max_tokens": 0}), "greater than or equal to 1"),
        (json!({"messages": []}), "at least one item"),
        (json!({"messages": [said, said]}), "fine"),
        (json!({"messages": [{"role": "assistant", "content": "x"}]}), "first message must use the \"user\" role"),
        (json!({"messages": [said, {"role": "system", "content": "x"}]}), "Unexpected role \"system\""),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages.0.role: Input should be 'user'"),
        (json!({"messages": [{"role": "user", "content": ""}]}), "must have non-empty content"),
        (json!({"messages": [answers(vec![json!({"type": "text", "text": " "})])]}), "must be non-empty"),
        (
            json!({"messages": [answers(vec![json!({"type": "image_url"})])]}),
            "Input tag 'image_url' found using 'type'",
        ),
        (json!({"messages": [said, {"role": "assistant", "content": "x "}]}), "trailing whitespace"),
        (json!({"messages": [said, asked, answers(vec![result("t1"), text.clone()])]}), "fine"),
        (
            json!({"messages": [said, asked, answers(vec![text.clone(), result("t1")])]}),
            "`tool_use` ids were found without",
        ),
        (
            json!({"messages": [said, asked, said]}),
            "`tool_use` ids were found without `tool_result` blocks immediately after: t1",
        ),
        (json!({"messages": [said, asked]}), "`tool_use` ids were found without"),
        (
            json!({"messages": [answers(vec![result("t9")])]}),
            "unexpected `tool_use_id` found in `tool_result` blocks: t9",
        ),
        (json!({"messages": [answers(marked)]}), "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        (json!({"temperature": 1.5}), "less than or equal to 1"),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 100}}), "greater than or equal to 1024"),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 9000}}), "`max_tokens` must be greater than"),
        (json!({"thinking": thinking, "temperature": 0.5}), "`temperature` may only be set to 1"),
        (json!({"thinking": thinking, "top_k": 5}), "`top_k` must be unset"),
        (
            json!({"thinking": thinking, "messages": [said, asked, answers(vec![result("t1")])]}),
            "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
        ),
        (json!({"tools": [tool("f"), tool("f")]}), "Tool names must be unique"),
        (json!({"tools": [tool("a b")]}), "String should match pattern"),
        (json!({"tools": [{"name": "f"}]}), "tools.0.custom.input_schema: Field required"),
        (json!({"tools": [tool("f")], "tool_choice": {"type": "tool", "name": "g"}}), "Tool 'g' not found"),
        (json!({"tool_choice": {"type": "auto"}}), "only be specified while providing tools"),
        (json!({"context_management": {}}), "context_management: Extra inputs"),
    ] {
        let body = with(json!({"model": "m", "max_tokens": 4096, "messages": [said]}), &more);
        refused(&simulator, "POST /v1/messages", &version, &body, words).await;
    }
    let body = json!({"model": "m", "max_tokens": 10, "messages": [said]});
    refused(&simulator, "POST /v1/messages", &[], &body, "anthropic-version: header is required").await;
    let unknown = [("anthropic-version", "1999-01-01")];
    refused(&simulator, "POST /v1/messages", &unknown, &body, "is not a valid version").await;
    let body = json!({"model": "m", "messages": [said]});
    refused(&simulator, "POST /v1/messages", &version, &body, "max_tokens: Field required").await;
    let body = json!({
        "model": "m", "max_tokens": 10, "messages": [said, {"role": "system", "content": "x"}],
        "context_management": {"edits": []},
    });
    let betas = [version[0], ("anthropic-beta", "mid-conversation-system-2026-01-01,context-management-2025-06-27")];
    refused(&simulator, "POST /v1/messages", &betas, &body, "fine").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn gemini_requests_are_held_to_the_schema() {
    let simulator = start().await;
    let said = json!({"role": "user", "parts": [{"text": "x"}]});
    let asked = json!({"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]});
    let result = json!({"functionResponse": {"name": "f", "response": {"r": 1}}});
    let answers = |parts: Vec<Value>| json!({"role": "user", "parts": parts});
    let schema = |inner: Value| json!({"type": "OBJECT", "properties": {"a": inner}});
    for (more, words) in [
        (json!({}), "fine"),
        (json!({"unheardOf": 1}), "Invalid JSON payload received. Unknown name \"unheardOf\": Cannot find field."),
        (json!({"generationConfig": {"max_tokens": 1}}), "Unknown name \"max_tokens\" at 'generation_config'"),
        (json!({"generation_config": {"max_output_tokens": 1}}), "fine"),
        (json!({"generationConfig": {"temperature": 3}}), "supported range is from 0 to 2"),
        (json!({"generationConfig": {"topP": "x"}}), "Invalid value at 'generation_config.top_p'"),
        (json!({"contents": []}), "contents is not specified"),
        (
            json!({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}),
            "Please use a valid role: user, model.",
        ),
        (json!({"contents": [{"role": "user", "parts": []}]}), "is not specified"),
        (json!({"contents": [answers(vec![json!({})])]}), "required oneof field 'data'"),
        (
            json!({"contents": [answers(vec![json!({"text": "x", "functionCall": {"name": "f"}})])]}),
            "oneof field 'data' is already set",
        ),
        (
            json!({"contents": [answers(vec![json!({"inlineData": {"mimeType": "image/png", "data": "%%"}})])]}),
            "Base64 decoding failed",
        ),
        (json!({"contents": [said, asked, answers(vec![result.clone()])]}), "fine"),
        (
            json!({"contents": [said, asked, answers(vec![result.clone(), result.clone()])]}),
            "number of function response parts is equal",
        ),
        (json!({"contents": [said, asked, said]}), "number of function response parts is equal"),
        (json!({"contents": [said, answers(vec![result.clone()])]}), "function response turn comes immediately after"),
        (json!({"contents": [asked, answers(vec![result])]}), "function call turn comes immediately after"),
        (json!({"generationConfig": {"responseSchema": schema(json!({"type": "STRING"}))}}), "mime type"),
        (
            json!({"tools": [{"functionDeclarations": [{"name": "f", "parameters": schema(json!({"$schema": "x"}))}]}]}),
            "Unknown name \"$schema\"",
        ),
        (json!({"safetySettings": [{"category": "X", "threshold": "OFF"}]}), "TYPE_ENUM"),
    ] {
        let body = with(json!({"contents": [said]}), &more);
        refused(&simulator, "POST /v1beta/models/m:generateContent", &[], &body, words).await;
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn without_strictness_only_json_is_asked_for() {
    let simulator = Simulator::start(Options { strict: false, ..Options::default() }).await.unwrap();
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "top_k": 4});
    refused(&simulator, "POST /v1/chat/completions", &[], &body, "fine").await;
    refused(&simulator, "POST /v1/chat/completions", &[], &json!([1]), "must be a JSON object").await;
    simulator.shutdown().await;
}
