//! Usage reports, right and wrong, in every family.

use serde_json::{Value, json};

use crate::client::{KINDS, Kind, start};

/// Usage reports of a stream, in order, as the family's clients would meet them; Gemini's running ones only at the
/// end.
fn stream_usages(kind: Kind, reply: &crate::client::Reply) -> Vec<Value> {
    let events = reply.events();
    match kind {
        Kind::OpenAi => {
            events.iter().filter_map(|event| event.get("usage").cloned()).filter(|one| !one.is_null()).collect()
        }
        Kind::Anthropic => events
            .iter()
            .filter(|event| event["type"] == "message_delta")
            .filter_map(|event| event.get("usage").cloned())
            .collect(),
        Kind::Gemini => events
            .iter()
            .filter(|event| event.pointer("/candidates/0/finishReason").is_some())
            .filter_map(|event| event.get("usageMetadata").cloned())
            .collect(),
    }
}

fn output(kind: Kind) -> &'static str {
    match kind {
        Kind::OpenAi => "completion_tokens",
        Kind::Anthropic => "output_tokens",
        Kind::Gemini => "candidatesTokenCount",
    }
}

#[tokio::test]
async fn plain_and_streamed_answers_report_the_same() {
    let simulator = start().await;
    for kind in KINDS {
        for model in ["m", "m~answer.tokens=77~usage.cached=5~usage.prompt=900", "m~answer.reasoning_tokens=9"] {
            let plain = kind.usage(&kind.ask(simulator.address(), model, "hello", false).await.json()).unwrap();
            let stream = kind.ask(simulator.address(), model, "hello", true).await;
            let last = stream_usages(kind, &stream).pop().unwrap();
            for (name, value) in last.as_object().unwrap() {
                assert_eq!(&plain[name], value, "{kind:?} {model} {name}");
            }
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn each_rule_bends_the_report_its_way() {
    let simulator = start().await;
    for kind in KINDS {
        let name = output(kind);
        for (rule, plain, streamed) in [
            ("present", json!(40), vec![json!(40)]),
            ("missing", Value::Null, vec![]),
            ("zero", json!(0), vec![json!(0)]),
            ("twice", json!(40), vec![json!(20), json!(40)]),
            ("decreasing", json!(40), vec![json!(40), json!(20)]),
            ("negative", json!(-41), vec![json!(-41)]),
            ("huge", json!(9_007_199_254_740_992_i64), vec![json!(9_007_199_254_740_992_i64)]),
            ("text", json!("40"), vec![json!("40")]),
        ] {
            let model = format!("m~answer.tokens=40~usage.mode={rule}");
            let answer = kind.ask(simulator.address(), &model, "x", false).await.json();
            let found = kind.usage(&answer).map_or(Value::Null, |usage| usage[name].clone());
            assert_eq!(found, plain, "{kind:?} {rule}");
            let stream = kind.ask(simulator.address(), &model, "x", true).await;
            let found: Vec<Value> = stream_usages(kind, &stream).iter().map(|usage| usage[name].clone()).collect();
            assert_eq!(found, streamed, "{kind:?} {rule} streamed");
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn first_puts_the_whole_report_before_the_content_and_nowhere_else() {
    let simulator = start().await;
    for kind in KINDS {
        let stream = kind.ask(simulator.address(), "m~answer.tokens=40~usage.mode=first", "x", true).await;
        let events = stream.events();
        let at = match kind {
            Kind::OpenAi => "/usage/completion_tokens",
            Kind::Anthropic => "/message/usage/output_tokens",
            Kind::Gemini => "/usageMetadata/candidatesTokenCount",
        };
        assert_eq!(events[0].pointer(at), Some(&json!(40)), "{kind:?}");
        assert!(events[1..].iter().all(|event| event.pointer(at).is_none_or(Value::is_null)));
        assert!(kind == Kind::OpenAi || stream_usages(kind, &stream).is_empty());
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn inconsistent_parts_exceed_their_sum() {
    let simulator = start().await;
    let model = "m~usage.cached=3~usage.mode=inconsistent";
    let usage = Kind::OpenAi.ask(simulator.address(), model, "x", false).await.json()["usage"].clone();
    assert!(usage["prompt_tokens_details"]["cached_tokens"].as_u64() > usage["prompt_tokens"].as_u64());
    let only = "m~usage.cached=3~usage.mode=only_cached";
    let usage = Kind::OpenAi.ask(simulator.address(), only, "x", false).await.json()["usage"].clone();
    assert_eq!(usage.as_object().map(serde_json::Map::len), Some(1));
    simulator.shutdown().await;
}
