//! The same answers as callers of Messages receive them: `messages.json` and `messages.sse` of every case.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use crate::{ENVELOPE, bill, cases, check_files, collected, costs, decode};
use dialect::canonical::reply::{Delta, Reply};
use dialect::chat::reply::Envelope;
use dialect::decode::{StreamDecoder, quoted_reply, reply};
use dialect::messages::reply::encode;
use dialect::messages::stream::{Encoder, KEEP_ALIVE};
use dialect::outgoing::Outgoing;
use domain::catalog::{Family, Quirks};
use domain::error_kind::ErrorKind;
use domain::usage::Usage;
use serde_json::{Value, json};

fn encoded(reply: &Reply, envelope: &Envelope<'_>) -> Value {
    let usage = reply.usage.unwrap();
    serde_json::from_slice(&encode(reply, envelope, &bill(&usage, &costs(&usage)))).unwrap()
}

fn streamed(deltas: &[Delta], envelope: &Envelope<'_>) -> String {
    let mut encoder = Encoder::new(envelope);
    let mut out = Outgoing::default();
    deltas.iter().cloned().for_each(|delta| encoder.push(delta, &mut out));
    let usage = collected(deltas).usage.unwrap();
    encoder.end(&bill(&usage, &costs(&usage)), None, &mut out);
    String::from_utf8(out.into_vec()).unwrap()
}

fn quoted(stream: &[u8]) -> Vec<Delta> {
    let mut decoder = StreamDecoder::new(Family::Anthropic, &Quirks::default()).quoted();
    let mut deltas = Vec::new();
    decoder.push(stream, &mut deltas).unwrap();
    decoder.finish(&mut deltas).unwrap();
    deltas
}

/// The events of a stream; the name of each is that of its data.
fn events(text: &str) -> Vec<Value> {
    let event = |text: &str| {
        let (name, data) = text.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "{text}");
        data
    };
    text.split("\n\n").filter(|text| !text.is_empty()).map(event).collect()
}

/// Gathers a stream in the way of the official SDKs, and checks the order of its events.
fn gathered(text: &str) -> Value {
    let mut message = Value::Null;
    let mut open: Vec<u64> = Vec::new();
    let mut arguments: Vec<String> = Vec::new();
    for event in events(text) {
        let index = event["index"].as_u64().unwrap_or_default();
        let at = usize::try_from(index).unwrap();
        match event["type"].as_str().unwrap() {
            "message_start" => message = event["message"].clone(),
            "content_block_start" => {
                let content = message["content"].as_array_mut().unwrap();
                assert_eq!(content.len(), at, "blocks are numbered as they come: {text}");
                content.push(event["content_block"].clone());
                arguments.push(String::new());
                open.push(index);
            }
            "content_block_delta" => {
                assert!(open.contains(&index), "pieces belong to an open block: {text}");
                grow(&mut message["content"][at], &event["delta"], &mut arguments[at]);
            }
            "content_block_stop" => {
                open.retain(|other| *other != index);
                if !arguments[at].is_empty() {
                    message["content"][at]["input"] = serde_json::from_str(&arguments[at]).unwrap();
                }
            }
            "message_delta" => {
                assert!(open.is_empty(), "every block ends before the message: {text}");
                for (name, value) in event["delta"].as_object().unwrap() {
                    message[name] = value.clone();
                }
                message["usage"] = event["usage"].clone();
            }
            "message_stop" => {}
            other => panic!("unknown event {other}"),
        }
    }
    message
}

fn grow(block: &mut Value, delta: &Value, arguments: &mut String) {
    let append = |block: &mut Value, field: &str| {
        let text = format!("{}{}", block[field].as_str().unwrap(), delta[field].as_str().unwrap());
        block[field] = text.into();
    };
    match delta["type"].as_str().unwrap() {
        "text_delta" => append(block, "text"),
        "thinking_delta" => append(block, "thinking"),
        "signature_delta" => append(block, "signature"),
        "input_json_delta" => arguments.push_str(delta["partial_json"].as_str().unwrap()),
        "citations_delta" => {
            if block["citations"].is_null() {
                block["citations"] = json!([]);
            }
            block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
        }
        other => panic!("unknown delta {other}"),
    }
}

/// Blocks without what a stream says in another way: no citations are null or missing, and text comes in several blocks
/// where something else stood between.
fn comparable(message: &Value) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    // Sealed thinking that a provider sends after its text has no place in a stream without calls.
    let is_shown = |block: &&Value| block["type"] != "redacted_thinking";
    let mut shown: Vec<Value> = message["content"].as_array().unwrap().iter().filter(is_shown).cloned().collect();
    // A stream keeps the provider's order; a whole answer has pictures after its text.
    shown.sort_by_key(|block| block["type"] == "image");
    for mut block in shown {
        if block["citations"].is_null() {
            block.as_object_mut().unwrap().remove("citations");
        }
        if let Some(last) = blocks.last_mut().filter(|last| last["type"] == "text" && block["type"] == "text") {
            last["text"] = format!("{}{}", last["text"].as_str().unwrap(), block["text"].as_str().unwrap()).into();
            continue;
        }
        blocks.push(block);
    }
    blocks
}

#[test]
fn whole_answers_become_the_expected_message() {
    check_files("messages.json", |case| {
        let reply = reply(case.family, &Quirks::default(), &case.plain).unwrap();
        serde_json::to_string_pretty(&encoded(&reply, &ENVELOPE)).unwrap() + "\n"
    });
}

#[test]
fn streams_become_the_expected_message_events() {
    check_files("messages.sse", |case| streamed(&decode(case.family, &[&case.stream]), &ENVELOPE));
}

#[test]
fn a_streamed_message_says_and_costs_what_the_whole_one_does() {
    for case in cases() {
        let whole = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap(), &ENVELOPE);
        let stream = gathered(&streamed(&decode(case.family, &[&case.stream]), &ENVELOPE));
        for field in ["id", "model", "provider", "stop_reason", "stop_sequence", "usage"] {
            assert_eq!(stream[field], whole[field], "{}: {field}", case.name);
        }
        assert_eq!(comparable(&stream), comparable(&whole), "{}", case.name);
    }
}

#[test]
fn a_provider_of_the_same_format_is_quoted() {
    for case in cases().into_iter().filter(|case| case.family == Family::Anthropic) {
        let own: Value = serde_json::from_slice(&case.plain).unwrap();
        let whole = encoded(&quoted_reply(case.family, &Quirks::default(), &case.plain).unwrap(), &ENVELOPE);
        assert_eq!(whole["content"], own["content"], "{}", case.name);
        assert_eq!(whole["stop_reason"], own["stop_reason"], "{}", case.name);
        assert_eq!(whole["stop_sequence"], own["stop_sequence"], "{}", case.name);
        let block_events = |text: &str| -> Vec<Value> {
            let is_block = |event: &Value| event["type"].as_str().unwrap().starts_with("content_block");
            events(text).into_iter().filter(is_block).collect()
        };
        let theirs = String::from_utf8(case.stream.clone()).unwrap();
        let ours = streamed(&quoted(&case.stream), &ENVELOPE);
        assert_eq!(block_events(&ours), block_events(&theirs), "{}", case.name);
        let plain = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap(), &ENVELOPE);
        assert_eq!(whole["usage"], plain["usage"], "{}: quoting changes no price", case.name);
    }
}

#[test]
fn usage_classes_stand_beside_each_other() {
    let usage = Usage {
        input_fresh: 10,
        input_cache_read: 200,
        input_cache_write: 3,
        input_cache_write_1h: 4,
        input_image: 5,
        output_text: 60,
        output_reasoning: 7,
        web_searches: 2,
        ..Usage::default()
    };
    let reply = Reply { usage: Some(usage), service_tier: Some("default".to_owned()), ..Reply::default() };
    let found = &encoded(&reply, &ENVELOPE)["usage"];
    for (path, count) in [
        ("/input_tokens", 15),
        ("/cache_read_input_tokens", 200),
        ("/cache_creation_input_tokens", 7),
        ("/cache_creation/ephemeral_5m_input_tokens", 3),
        ("/cache_creation/ephemeral_1h_input_tokens", 4),
        ("/output_tokens", 67),
        ("/output_tokens_details/thinking_tokens", 7),
        ("/server_tool_use/web_search_requests", 2),
    ] {
        assert_eq!(found.pointer(path), Some(&json!(count)), "{path}");
    }
    assert_eq!(found["service_tier"], "standard");
}

#[test]
fn hidden_thinking_leaves_nothing_but_its_signature() {
    let hidden = Envelope { hide_reasoning: true, ..ENVELOPE };
    for case in cases() {
        let whole = encoded(&reply(case.family, &Quirks::default(), &case.plain).unwrap(), &hidden);
        let stream = gathered(&streamed(&decode(case.family, &[&case.stream]), &hidden));
        for message in [whole, stream] {
            for block in message["content"].as_array().unwrap().iter().filter(|block| block["type"] == "thinking") {
                assert_eq!(block["thinking"], "", "{}", case.name);
                assert_ne!(block["signature"], "", "{}", case.name);
            }
        }
    }
}

#[test]
fn pieces_of_parallel_calls_that_come_in_turns_stay_with_their_call() {
    let call = |index, id: Option<&str>, arguments: &str| Delta::ToolCall {
        choice: 0,
        index,
        id: id.map(str::to_owned),
        name: id.map(|id| format!("name_{id}")),
        arguments: arguments.to_owned(),
    };
    let deltas = [
        Delta::Text { choice: 0, text: "Calling.".to_owned() },
        call(0, Some("a"), "{\"x\":"),
        call(1, Some("b"), "{\"y\":\"}"),
        call(0, None, "1}"),
        call(1, None, "{\"}"),
        call(2, Some("c"), "{}"),
        Delta::Usage(Usage::default()),
    ];
    let message = gathered(&streamed(&deltas, &ENVELOPE));
    assert_eq!(message["stop_reason"], "tool_use");
    let inputs: Vec<&Value> = message["content"].as_array().unwrap().iter().map(|block| &block["input"]).collect();
    assert_eq!(inputs, [&Value::Null, &json!({"x": 1}), &json!({"y": "}{"}), &json!({})]);
}

#[test]
fn a_message_that_fails_in_the_middle_ends_with_an_error_event() {
    let mut encoder = Encoder::new(&ENVELOPE);
    let mut out = Outgoing::from(KEEP_ALIVE.to_vec());
    encoder.push(Delta::Text { choice: 0, text: "Hi \u{1}\n\"é\"".to_owned() }, &mut out);
    encoder.error(ErrorKind::ProviderOverloaded, "Over\"loaded\"", Some("overloaded_error"), &mut out);
    let usage = Usage::default();
    encoder.end(&bill(&usage, &costs(&usage)), None, &mut out);
    encoder.push(Delta::Text { choice: 0, text: "late".to_owned() }, &mut out);
    let events = events(std::str::from_utf8(&out).unwrap());
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ping", "message_start", "content_block_start", "content_block_delta", "error"]);
    assert_eq!(events[3]["delta"]["text"], "Hi \u{1}\n\"é\"");
    assert_eq!(
        events[4],
        json!({
            "type": "error",
            "error": {
                "type": "overloaded_error", "message": "Over\"loaded\"", "error_type": "provider_overloaded",
                "provider_code": "overloaded_error",
            },
            "request_id": ENVELOPE.id,
        })
    );
}
