//! Properties of outbound requests that no single golden shows.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bytes::Bytes;
use dialect::chat::request::{ChatRequest, Limits, parse};
use dialect::upstream::{Change, Outgoing, Target, encode};
use domain::catalog::file::ReasoningText;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;
use proptest::prelude::*;
use serde_json::{Value, json};

fn request(body: &Value) -> ChatRequest {
    parse(Bytes::from(body.to_string()), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn target<'a>(family: Family, quirks: &'a Quirks) -> Target<'a> {
    Target {
        family,
        upstream_id: "m-1",
        quirks,
        supported_parameters: &[],
        reasoning: None,
        max_completion_tokens: None,
        output_limit: None,
        stream: false,
        service_tier: None,
        turns_reasoning_down: false,
        user: None,
    }
}

fn sent(body: &Value, family: Family) -> (Outgoing, Value) {
    let outgoing = encode(&request(body), &target(family, &Quirks::default())).unwrap();
    let json = serde_json::from_slice(&outgoing.body).unwrap();
    (outgoing, json)
}

#[test]
fn feature_5_15_a_tier_with_its_own_price_is_asked_for_only_where_the_endpoint_has_it() {
    let quirks = Quirks::default();
    let encoded = |body: Value, tier: Option<&str>| {
        let target = Target { service_tier: tier, ..target(Family::OpenAi, &quirks) };
        let outgoing = encode(&request(&body), &target).unwrap();
        serde_json::from_slice::<Value>(&outgoing.body).unwrap()["service_tier"].clone()
    };
    let body = |tier: Value| json!({"messages": [{"role": "user", "content": "Hi"}], "service_tier": tier});
    assert_eq!(encoded(body(json!("priority")), Some("priority")), "priority");
    assert_eq!(encoded(body(json!("fast")), Some("priority")), "priority");
    assert_eq!(encoded(body(Value::Null), Some("flex")), "flex");
    for tier in ["priority", "fast", "ultrafast", "flex", "scale"] {
        assert_eq!(encoded(body(json!(tier)), None), Value::Null, "{tier} is billed above the ordinary price");
    }
    assert_eq!(encoded(body(json!("default")), None), "default");
}

#[test]
fn feature_4_9_reasoning_that_cannot_be_switched_off_is_turned_down_for_a_family() {
    let quirks = Quirks::default();
    let reasoning = ReasoningText {
        mandatory: true,
        supported_efforts: Some(vec!["high".to_owned(), "low".to_owned(), "medium".to_owned()]),
        ..ReasoningText::default()
    };
    for off in [json!({"effort": "none"}), json!({"enabled": false})] {
        let body = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning": off});
        let named = Target { reasoning: Some(&reasoning), ..target(Family::OpenAi, &quirks) };
        assert_eq!(encode(&request(&body), &named).unwrap_err().param.as_deref(), Some("reasoning"));
        let family = Target { turns_reasoning_down: true, ..named };
        let sent: Value = serde_json::from_slice(&encode(&request(&body), &family).unwrap().body).unwrap();
        assert_eq!(sent["reasoning_effort"], "low");
    }
}

const FAMILIES: [Family; 3] = [Family::OpenAi, Family::Anthropic, Family::Gemini];

#[test]
fn shortened_tool_names_are_distinct_and_map_back() {
    let names = ["a.b", "a_b", "a/b", &"x".repeat(100), &format!("{}y", "x".repeat(99)), "täglich"];
    let tools: Vec<_> = names.iter().map(|name| json!({"type": "function", "function": {"name": name}})).collect();
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "tools": tools});
    for (family, pointer) in [(Family::OpenAi, "/function/name"), (Family::Anthropic, "/name")] {
        let (outgoing, json) = sent(&body, family);
        let short: Vec<_> =
            json["tools"].as_array().unwrap().iter().map(|tool| tool.pointer(pointer).unwrap()).collect();
        let mut distinct = std::collections::HashSet::new();
        for (name, short) in names.iter().zip(short) {
            let short = short.as_str().unwrap();
            assert!(short.len() <= 64 && short.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
            assert!(distinct.insert(short.to_owned()), "{short} stands for two tools");
            assert_eq!(outgoing.names.original(short).unwrap_or(short), *name);
        }
        assert_eq!(outgoing.names.original("unknown"), None);
    }
}

#[test]
fn gemini_paths_hold_the_model_id_as_one_segment() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let rows = [
        ("gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
        ("models/gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
        ("../admin?x=1#y", "/models/..%2Fadmin%3Fx%3D1%23y:generateContent"),
        ("a b/ü", "/models/a%20b%2F%C3%BC:generateContent"),
    ];
    for (id, path) in rows {
        let quirks = Quirks::default();
        let target = Target { upstream_id: id, ..target(Family::Gemini, &quirks) };
        assert_eq!(encode(&request(&body), &target).unwrap().path, path);
        let streamed = encode(&request(&body), &Target { stream: true, ..target }).unwrap();
        assert!(streamed.path.ends_with(":streamGenerateContent?alt=sse"));
    }
}

#[test]
fn usage_on_streams_is_asked_for_even_when_the_caller_declined() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": true,
        "stream_options": {"include_usage": false, "include_obfuscation": false}});
    for (stream_usage, expected) in [
        ("stream_options", json!({"include_usage": true, "include_obfuscation": false})),
        ("always", Value::Null),
        ("never", Value::Null),
    ] {
        let quirks = Quirks { stream_usage: stream_usage.to_owned(), ..Quirks::default() };
        let target = Target { stream: true, ..target(Family::OpenAi, &quirks) };
        let outgoing = encode(&request(&body), &target).unwrap();
        let json: Value = serde_json::from_slice(&outgoing.body).unwrap();
        assert_eq!((&json["stream"], &json["stream_options"]), (&json!(true), &expected), "{stream_usage}");
    }
}

#[test]
fn parts_without_a_form_are_refused_with_the_place_named() {
    let audio = json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}]});
    let stored = json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f-1"}}]}]});
    let orphan = json!({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x"}]});
    let rows = [
        (&audio, Family::Anthropic, "messages[0].content[1]"),
        (&stored, Family::Anthropic, "messages[0].content[0]"),
        (&stored, Family::Gemini, "messages[0].content[0]"),
        (&orphan, Family::Gemini, "messages[0].tool_call_id"),
    ];
    for (body, family, param) in rows {
        let error = encode(&request(body), &target(family, &Quirks::default())).unwrap_err();
        assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidPrompt, Some(param)));
    }
    let error = encode(&request(&audio), &target(Family::Unsupported, &Quirks::default())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[test]
fn the_hashed_user_is_sent_in_place_of_the_callers_even_beside_a_parameter_list() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "user": "alice@example.com", "max_tokens": 5});
    let listed = ["max_tokens".to_owned()];
    let quirks = Quirks::default();
    for (family, pointer) in [(Family::OpenAi, "/user"), (Family::Anthropic, "/metadata/user_id")] {
        let target = Target { user: Some("u_1"), supported_parameters: &listed, ..target(family, &quirks) };
        let outgoing = encode(&request(&body), &target).unwrap();
        let json: Value = serde_json::from_slice(&outgoing.body).unwrap();
        assert_eq!(json.pointer(pointer), Some(&json!("u_1")));
        assert!(!outgoing.body.windows(5).any(|window| window == b"alice"));
    }
}

#[test]
fn a_choice_of_a_tool_that_is_not_sent_is_not_sent_either() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "tool_choice": {"type": "openrouter:web_search"},
        "tools": [{"type": "openrouter:web_search"}, {"type": "function", "function": {"name": "f"}}]});
    for family in FAMILIES {
        let (_, json) = sent(&body, family);
        assert!(json.get("tool_choice").or(json.get("toolConfig")).is_none(), "{json}");
    }
}

#[test]
fn efforts_move_to_the_nearest_level_that_the_model_knows() {
    let rows: [(&[&str], &str, &str); 6] = [
        (&["low", "medium", "high"], "max", "high"),
        (&["low", "medium", "high"], "minimal", "low"),
        (&["minimal", "high"], "low", "minimal"),
        (&["low", "high"], "medium", "low"),
        (&["low", "max"], "max", "max"),
        (&[], "medium", "medium"),
    ];
    for (supported, asked, expected) in rows {
        let quirks = Quirks::default();
        let reasoning = ReasoningText {
            supported_efforts: Some(supported.iter().map(|level| (*level).to_owned()).collect()),
            ..ReasoningText::default()
        };
        let body = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning": {"effort": asked}});
        let target = Target { reasoning: Some(&reasoning), ..target(Family::OpenAi, &quirks) };
        let outgoing = encode(&request(&body), &target).unwrap();
        let json: Value = serde_json::from_slice(&outgoing.body).unwrap();
        assert_eq!(json["reasoning_effort"], expected, "{asked} of {supported:?}");
    }
}

#[test]
fn reasoning_that_is_mandatory_cannot_be_switched_off() {
    let quirks = Quirks::default();
    let reasoning = ReasoningText { mandatory: true, ..ReasoningText::default() };
    for off in [json!({"effort": "none"}), json!({"enabled": false})] {
        let body = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning": off});
        for family in FAMILIES {
            let target = Target { reasoning: Some(&reasoning), ..target(family, &quirks) };
            let error = encode(&request(&body), &target).unwrap_err();
            assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("reasoning")));
        }
    }
}

#[test]
fn text_documents_reach_anthropic_as_text() {
    let file = json!({"filename": "a.txt", "file_data": "data:text/plain;charset=utf-8;base64,R3LDvMOfZSE="});
    let body = json!({"messages": [{"role": "user", "content": [{"type": "file", "file": file}]}]});
    let (_, json) = sent(&body, Family::Anthropic);
    let source = &json["messages"][0]["content"][0]["source"];
    assert_eq!(source, &json!({"type": "text", "media_type": "text/plain", "data": "Grüße!"}));
}

#[test]
fn every_sampling_parameter_that_is_lost_leaves_a_note() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "min_p": 0.1, "logit_bias": {"1": 1},
        "repetition_penalty": 1.1, "top_a": 0.2});
    for family in [Family::Anthropic, Family::Gemini] {
        let (outgoing, _) = sent(&body, family);
        for field in ["min_p", "logit_bias", "repetition_penalty", "top_a"] {
            let is_noted = |note: &dialect::upstream::Note| note.field == field && note.change == Change::Dropped;
            assert!(outgoing.notes.iter().any(is_noted), "{field}");
        }
    }
}

#[test]
fn large_images_travel_unchanged() {
    let data = "QUJD".repeat(500_000);
    let url = format!("data:image/png;base64,{data}");
    let body = json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]});
    for family in FAMILIES {
        let (_, json) = sent(&body, family);
        let found = match family {
            Family::OpenAi => json.pointer("/messages/0/content/0/image_url/url").unwrap().as_str().unwrap() == url,
            Family::Anthropic => json.pointer("/messages/0/content/0/source/data").unwrap() == &json!(data),
            _ => json.pointer("/contents/0/parts/0/inlineData/data").unwrap() == &json!(data),
        };
        assert!(found);
    }
}

/// Any message that passes the checks, with text that needs escaping.
fn message() -> impl Strategy<Value = Value> {
    let text = "[ -~\\n\\t\"\\\\äöü😀]{0,12}";
    prop_oneof![
        ("(system|developer|user|assistant)", text).prop_map(|(role, text)| json!({"role": role, "content": text})),
        text.prop_map(|text| json!({"role": "user", "content": [{"type": "text", "text": text}]})),
        text.prop_map(|text| json!({"role": "tool", "tool_call_id": "c1", "content": text})),
        text.prop_map(|text| json!({"role": "assistant", "content": null, "tool_calls":
            [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": text}}]})),
    ]
}

proptest! {
    #[test]
    fn turns_alternate_and_bodies_are_json(messages in proptest::collection::vec(message(), 1..8)) {
        let body = json!({"messages": messages, "max_tokens": 5});
        for (family, list, model) in [(Family::Anthropic, "messages", "assistant"), (Family::Gemini, "contents", "model")] {
            // An answer to no call, or nothing said at all, is refused; everything else must be well formed.
            let Ok(outgoing) = encode(&request(&body), &target(family, &Quirks::default())) else { continue };
            let json: Value = serde_json::from_slice(&outgoing.body).unwrap();
            let roles: Vec<_> = json[list].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
            prop_assert!(roles.windows(2).all(|pair| pair[0] != pair[1]), "{roles:?}");
            prop_assert!(roles.iter().all(|role| *role == "user" || *role == model));
            prop_assert!(family == Family::Gemini || roles.first() == Some(&"user"));
        }
        let (_, json) = sent(&body, Family::OpenAi);
        let roles = |value: &Value| value.as_array().unwrap().len();
        prop_assert_eq!(roles(&json["messages"]), messages.len());
    }
}
