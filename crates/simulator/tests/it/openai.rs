//! Chat completions and embeddings.

use serde_json::{Value, json};

use crate::client::{Kind, PATIENCE, Reply, send, start};

async fn chat(simulator: &simulator::Simulator, body: &Value) -> Reply {
    send(simulator.address(), "POST /v1/chat/completions", &[], &body.to_string(), PATIENCE).await
}

fn tools() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}});
    json!([
        {"type": "function", "function": {"name": "weather", "parameters": schema}},
        {"type": "function", "function": {"name": "tides", "parameters": schema}},
    ])
}

#[tokio::test]
async fn echoes_the_last_user_text_with_its_tag_and_counts() {
    let simulator = start().await;
    let reply = Kind::OpenAi.ask(simulator.address(), "echo-1", "TAG:a1 hello", false).await;
    let answer = reply.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "TAG:a1 You said: hello");
    assert_eq!(answer["usage"]["prompt_tokens"], 3);
    assert_eq!(answer["usage"]["completion_tokens"], 6);
    assert_eq!(answer["object"], "chat.completion");
    assert!(reply.header("x-request-id").is_some());
    simulator.shutdown().await;
}

#[tokio::test]
async fn equal_seeds_give_equal_answers() {
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let simulator = start().await;
        let answer = Kind::OpenAi.ask(simulator.address(), "m~answer.tokens=20", "x", false).await.json();
        bodies.push((answer["id"].clone(), answer["choices"].clone()));
        simulator.shutdown().await;
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn each_chunk_travels_as_one_write() {
    let simulator = start().await;
    let reply = Kind::OpenAi.ask(simulator.address(), "m~answer.tokens=50~body.tokens_per_chunk=5", "x", true).await;
    // Role, ten pieces, finish, usage, end mark.
    assert_eq!(reply.chunks.len(), 14);
    assert!(reply.chunks.iter().all(|chunk| chunk.starts_with(b"data: ") && chunk.ends_with(b"\n\n")));
    simulator.shutdown().await;
}

#[tokio::test]
async fn usage_comes_only_to_streams_that_ask_for_it() {
    let simulator = start().await;
    let body = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]});
    let reply = chat(&simulator, &body).await;
    assert!(reply.events().iter().all(|event| event.get("usage").is_none()));
    assert_eq!(reply.data().last().map(String::as_str), Some("[DONE]"));
    simulator.shutdown().await;
}

#[tokio::test]
async fn calls_tools_that_the_user_or_the_choice_names() {
    let simulator = start().await;
    for (text, choice, expected) in [
        ("CALL:weather", json!("auto"), vec!["weather"]),
        ("CALL:weather CALL:tides", json!("auto"), vec!["weather", "tides"]),
        ("CALL:weather", json!("none"), vec![]),
        ("CALL:nothing", json!("auto"), vec![]),
        ("x", json!("required"), vec!["weather"]),
        ("x", json!({"type": "function", "function": {"name": "tides"}}), vec!["tides"]),
    ] {
        let messages = json!([{"role": "user", "content": text}]);
        let body = json!({"model": "m", "messages": messages, "tools": tools(), "tool_choice": choice});
        let answer = chat(&simulator, &body).await.json();
        let calls = answer["choices"][0]["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = calls.iter().filter_map(|call| call["function"]["name"].as_str()).collect();
        assert_eq!(names, expected, "{text} {choice}");
        let reason = if expected.is_empty() { "stop" } else { "tool_calls" };
        assert_eq!(answer["choices"][0]["finish_reason"], reason);
    }
    simulator.shutdown().await;
}

/// Puts fragments together as a careful client does: by id if there is one, else by index, else to the last call.
fn assembled(reply: &Reply) -> Vec<(String, String)> {
    let mut calls: Vec<(Option<u64>, Option<String>, String, String)> = Vec::new();
    for event in reply.events() {
        for part in event["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = part["index"].as_u64();
            let id = part["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
            let known = calls.iter().position(|call| match (&id, index) {
                (Some(id), _) if call.1.is_some() => call.1.as_ref() == Some(id),
                (_, Some(index)) => call.0 == Some(index),
                (_, None) => false,
            });
            let at = match known {
                Some(at) => at,
                None if id.is_none() && index.is_none() && !calls.is_empty() => calls.len() - 1,
                None => {
                    calls.push((index, None, String::new(), String::new()));
                    calls.len() - 1
                }
            };
            if calls[at].1.is_none() {
                calls[at].1 = id;
            }
            if let (true, Some(name)) = (calls[at].2.is_empty(), part["function"]["name"].as_str()) {
                calls[at].2 = name.to_owned();
            }
            calls[at].3.push_str(part["function"]["arguments"].as_str().unwrap_or_default());
        }
    }
    calls.into_iter().map(|call| (call.2, call.3)).collect()
}

#[tokio::test]
async fn every_fragment_variant_still_holds_the_whole_calls() {
    let simulator = start().await;
    let expected = [
        ("weather".to_owned(), r#"{"city":"Cork","days":3}"#.to_owned()),
        ("tides".to_owned(), r#"{"city":"text","days":1}"#.to_owned()),
    ];
    for variant in [
        "",
        "index_missing",
        "index_all_zero",
        "id_missing",
        "id_blank",
        "id_repeated",
        "name_first",
        "name_repeated",
        "shared_index",
        "interleaved",
        "whole",
    ] {
        let model = if variant.is_empty() { "m".to_owned() } else { format!("m~answer.fragments={variant}") };
        let text = r#"CALL:weather{"city":"Cork","days":3} CALL:tides"#;
        let body = json!({
            "model": model, "stream": true, "tools": tools(), "messages": [{"role": "user", "content": text}],
        });
        let reply = chat(&simulator, &body).await;
        assert_eq!(assembled(&reply), expected, "{variant}: {}", reply.text());
        let parts: Vec<Value> = reply
            .events()
            .iter()
            .flat_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array().cloned().unwrap_or_default())
            .collect();
        match variant {
            "index_missing" => assert!(parts.iter().all(|part| part.get("index").is_none())),
            "index_all_zero" => assert!(parts.iter().all(|part| part["index"] == 0)),
            "id_missing" => assert!(parts.iter().all(|part| part.get("id").is_none())),
            "id_blank" => assert!(parts.iter().any(|part| part["id"] == "")),
            "name_first" => assert!(parts[0].get("id").is_none() && parts[0]["function"].get("arguments").is_none()),
            "whole" => assert_eq!(parts.len(), 2),
            _ => assert!(parts.len() > 2),
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn structured_answers_obey_the_schema_and_refusals_say_so() {
    let simulator = start().await;
    let schema = json!({
        "type": "object", "properties": {"n": {"type": "integer", "minimum": 4}}, "required": ["n"],
        "additionalProperties": false,
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "A", "strict": true, "schema": schema}});
    let messages = json!([{"role": "user", "content": "x"}]);
    let body = json!({"model": "m", "messages": messages, "response_format": format});
    let answer = chat(&simulator, &body).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], r#"{"n":4}"#);
    let refused = Kind::OpenAi.ask(simulator.address(), "m~answer.refusal=No.", "x", false).await.json();
    assert_eq!(refused["choices"][0]["message"]["refusal"], "No.");
    assert_eq!(refused["choices"][0]["message"]["content"], Value::Null);
    let filtered = Kind::OpenAi.ask(simulator.address(), "m~answer.filtered=true", "x", false).await.json();
    assert_eq!(filtered["choices"][0]["finish_reason"], "content_filter");
    simulator.shutdown().await;
}

#[tokio::test]
async fn reports_another_model_and_several_choices() {
    let simulator = start().await;
    let body = json!({"model": "m~answer.model=other", "n": 2, "messages": [{"role": "user", "content": "x"}]});
    let answer = chat(&simulator, &body).await.json();
    assert_eq!(answer["model"], "other");
    assert_eq!(answer["choices"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["usage"]["completion_tokens"], 6);
    let answer = Kind::OpenAi.ask(simulator.address(), "m~answer.choices=3", "x", false).await.json();
    assert_eq!(answer["choices"].as_array().map(Vec::len), Some(3));
    simulator.shutdown().await;
}

#[tokio::test]
async fn generated_text_carries_the_tag_within_its_length() {
    let simulator = start().await;
    for (tokens, tagged) in [(50, true), (3, true), (2, false)] {
        let text = format!("TAG:ab12 x\nSIM:{{\"answer\":{{\"tokens\":{tokens}}}}}");
        let answer = Kind::OpenAi.ask(simulator.address(), "m", &text, false).await.json();
        let said = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
        assert_eq!(said.starts_with("TAG:ab12 "), tagged, "{said}");
        assert_eq!(answer["usage"]["completion_tokens"], tokens);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn bench_streams_as_many_pieces_as_told_and_is_not_recorded() {
    let simulator = start().await;
    for kind in [Kind::OpenAi, Kind::Anthropic, Kind::Gemini] {
        let reply = kind.ask(simulator.address(), "bench~answer.tokens=200", "x", true).await;
        assert_eq!(kind.stream_text(&reply).len(), 800, "{kind:?}");
        assert!(reply.chunks.len() > 200);
        let answer = kind.ask(simulator.address(), "bench~answer.tokens=8192", "x", false).await;
        assert_eq!(kind.plain_text(&answer.json()).len(), 32 * 1024);
    }
    assert!(simulator.observed().is_empty());
    simulator.shutdown().await;
}

#[tokio::test]
async fn responses_are_numbered_in_sequence_and_end_once() {
    let simulator = start().await;
    let body = json!({"model": "m~body.tokens_per_chunk=100", "stream": true, "input": "hello"});
    let reply = send(simulator.address(), "POST /v1/responses", &[], &body.to_string(), PATIENCE).await;
    let events = reply.events();
    let names: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    assert!(events.iter().enumerate().all(|(at, event)| event["sequence_number"] == at));
    assert_eq!(events[8]["response"]["usage"]["output_tokens"], 4);
    simulator.shutdown().await;
}

#[tokio::test]
async fn completions_and_responses_are_held_to_their_schema_too() {
    let simulator = start().await;
    for (path, body, words) in [
        ("completions", json!({"model": "m"}), "Missing required parameter: 'prompt'."),
        ("completions", json!({"model": "m", "prompt": "x", "messages": []}), "argument supplied: messages"),
        ("responses", json!({"model": "m", "input": "x", "messages": []}), "argument supplied: messages"),
        ("responses", json!({"model": "m", "input": "x", "max_output_tokens": 1}), "Expected a value >= 16"),
        (
            "responses",
            json!({"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}),
            "No tool call found for function call output with call_id c.",
        ),
    ] {
        let reply = send(simulator.address(), &format!("POST /v1/{path}"), &[], &body.to_string(), PATIENCE).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{}", reply.text());
    }
    simulator.shutdown().await;
}
