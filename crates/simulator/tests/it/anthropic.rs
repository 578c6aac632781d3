//! Messages and token counts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Kind, Reply, send, start};

async fn messages(simulator: &simulator::Simulator, body: &Value) -> Reply {
    let headers = [("anthropic-version", "2023-06-01"), ("x-api-key", "k")];
    send(simulator.address(), "POST /v1/messages", &headers, &body.to_string(), Duration::from_secs(10)).await
}

#[tokio::test]
async fn thinking_comes_first_and_is_sealed() {
    let simulator = start().await;
    let body = json!({
        "model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hello"}],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    });
    let answer = messages(&simulator, &body).await.json();
    assert_eq!(answer["content"][0]["type"], "thinking");
    assert!(answer["content"][0]["signature"].as_str().is_some_and(|seal| seal.len() > 20));
    assert_eq!(answer["content"][1]["text"], "You said: hello");
    let said = answer["usage"]["output_tokens"].as_u64();
    assert_eq!(said, Some(4 + answer["usage"]["output_tokens_details"]["thinking_tokens"].as_u64().unwrap()));
    simulator.shutdown().await;
}

#[tokio::test]
async fn stream_has_the_events_in_order() {
    let simulator = start().await;
    let body = json!({
        "model": "m~body.tokens_per_chunk=100", "max_tokens": 4096, "stream": true,
        "messages": [{"role": "user", "content": "CALL:weather"}],
        "thinking": {"type": "adaptive"},
        "tools": [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
    });
    let reply = messages(&simulator, &body).await;
    let names: Vec<Value> = reply.events().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert_eq!(Kind::Anthropic.finishes(&reply), ["tool_use"]);
    assert!(reply.text().starts_with("event: message_start\ndata: {"));
    simulator.shutdown().await;
}

#[tokio::test]
async fn input_tokens_leave_out_what_the_cache_served_or_took() {
    let simulator = start().await;
    let model = "m~usage.prompt=1000~usage.cached=600~usage.cache_write=100~usage.cache_write_1h=50";
    let usage = Kind::Anthropic.ask(simulator.address(), model, "x", false).await.json()["usage"].clone();
    assert_eq!(usage["input_tokens"], 250);
    assert_eq!(usage["cache_read_input_tokens"], 600);
    assert_eq!(usage["cache_creation_input_tokens"], 150);
    assert_eq!(usage["cache_creation"]["ephemeral_5m_input_tokens"], 100);
    simulator.shutdown().await;
}

#[tokio::test]
async fn counts_the_tokens_a_message_would_use() {
    let simulator = start().await;
    let body = json!({"model": "m", "system": "kind", "messages": [{"role": "user", "content": "hello you"}]});
    let headers = [("anthropic-version", "2023-06-01")];
    let address = simulator.address();
    let path = "POST /v1/messages/count_tokens";
    let counted = send(address, path, &headers, &body.to_string(), Duration::from_secs(10)).await.json();
    assert_eq!(counted, json!({"input_tokens": 4}));
    simulator.shutdown().await;
}

#[tokio::test]
async fn stop_reasons_follow_the_answer() {
    let simulator = start().await;
    for (model, expected) in [
        ("m", "end_turn"),
        ("m~answer.refusal=no", "refusal"),
        ("m~answer.filtered=true", "refusal"),
        ("m~answer.finish_reason=pause_turn", "pause_turn"),
        ("m~answer.finish=unknown", "elapsed"),
    ] {
        let plain = Kind::Anthropic.ask(simulator.address(), model, "x", false).await.json();
        assert_eq!(plain["stop_reason"], expected);
        let stream = Kind::Anthropic.ask(simulator.address(), model, "x", true).await;
        assert_eq!(Kind::Anthropic.finishes(&stream), [expected]);
    }
    simulator.shutdown().await;
}
