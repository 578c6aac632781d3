//! Response healing and context compression.

use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp};

async fn app() -> TestApp {
    let small = |id: &str, context: u64| {
        Model::new(id).with("context_length", json!(context)).with("max_completion_tokens", json!(500))
    };
    let builder = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .simulated("ant", Family::Anthropic)
        .await
        .model(
            small("mock/roomy", 20_000)
                .with("supported_parameters", json!(["max_tokens", "response_format"]))
                .at("acme", "1", "1"),
        )
        .model(small("mock/small", 8_000).at("acme", "1", "1"))
        .model(small("mock/anthropic", 200_000).at("ant", "1", "1"));
    builder.start().await
}

async fn ask(app: &TestApp, body: &Value) -> Answer {
    app.send(&Ask::chat(body).key(&app.key).header("x-openrouter-metadata", "enabled")).await
}

fn stage(answer: &Answer, kind: &str) -> Option<Value> {
    let body = answer.json();
    let stages = body["openrouter_metadata"]["pipeline"].as_array().cloned().unwrap_or_default();
    stages.into_iter().find(|stage| stage["type"] == kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_json_is_repaired_when_the_caller_asks_for_it() {
    let app = app().await;
    let broken = "Sure!\n```json\n{'a': 1, b: [True,],}\n```";
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"text": broken}})));
    let body = |format: &str, plugins: Value| {
        json!({"model": "mock/roomy", "max_tokens": 100, "response_format": {"type": format}, "plugins": plugins,
            "messages": [{"role": "user", "content": "json"}]})
    };
    let healing = json!([{"id": "response-healing"}]);
    let answer = ask(&app, &body("json_object", healing.clone())).await;
    assert_eq!(
        serde_json::from_str::<Value>(&answer.content()).unwrap(),
        json!({"a": 1, "b": [true]}),
        "{}",
        answer.text()
    );
    assert_eq!(stage(&answer, "response_healing").unwrap()["name"], "response-healing");
    for (what, body) in [
        ("not asked for", body("json_object", json!([]))),
        ("switched off", body("json_object", json!([{"id": "response-healing", "enabled": false}]))),
        ("not JSON", body("text", healing.clone())),
    ] {
        let answer = ask(&app, &body).await;
        assert_eq!(answer.content(), broken, "{what}");
        assert!(stage(&answer, "response_healing").is_none(), "{what}");
    }
    let mut streamed = body("json_object", healing.clone());
    streamed["stream"] = json!(true);
    assert_eq!(ask(&app, &streamed).await.content(), broken, "streams go out as they come");
    app.simulator("acme")
        .set_scenario("*", scenario(json!({"answer": {"text": "{\"a\": [1, 2", "finish_reason": "length"}})));
    let answer = ask(&app, &body("json_object", healing)).await;
    assert_eq!(answer.content(), "{\"a\": [1, 2", "a part is not passed off as the whole");
    app.finish().await;
}

fn talk(model: &str, turns: usize, bytes: usize) -> Value {
    let turn = |at: usize| {
        let role = if at.is_multiple_of(2) { "user" } else { "assistant" };
        json!({"role": role, "content": format!("turn {at} {}", "word ".repeat(bytes / 5))})
    };
    json!({"model": model, "max_tokens": 200, "messages": (0..turns).map(turn).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_that_are_too_long_lose_their_middle_when_compression_is_on() {
    let app = app().await;
    // About 40 000 tokens for a context of 20 000.
    let mut long = talk("mock/roomy", 41, 5_000);
    let answer = ask(&app, &long).await;
    assert_eq!((answer.status, answer.error_type().as_str()), (400, "context_length_exceeded"), "{}", answer.text());
    for wish in [("transforms", json!(["middle-out"])), ("plugins", json!([{"id": "context-compression"}]))] {
        let mut asked = long.clone();
        asked[wish.0] = wish.1;
        let answer = ask(&app, &asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.content().contains("turn 40"), "the last turn is there: {}", answer.text());
        let stage = stage(&answer, "context_compression").unwrap();
        assert!(stage["data"]["removed_messages"].as_u64().unwrap() > 10, "{stage}");
    }
    // Even half of it would be too much: the largest endpoint serves what is left.
    long = talk("mock/roomy", 201, 5_000);
    long["transforms"] = json!(["middle-out"]);
    assert_eq!(ask(&app, &long).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_contexts_are_compressed_for_unless_the_caller_forbids_it() {
    let app = app().await;
    let long = talk("mock/small", 11, 5_000);
    let answer = ask(&app, &long).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(stage(&answer, "context_compression").is_some(), "{}", answer.text());
    let mut forbidden = talk("mock/small", 21, 5_000);
    forbidden["transforms"] = json!([]);
    assert_eq!(ask(&app, &forbidden).await.error_type(), "context_length_exceeded");
    let short = ask(&app, &talk("mock/small", 3, 500)).await;
    assert!(short.status == 200 && stage(&short, "context_compression").is_none());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_are_the_most_that_anthropic_is_sent() {
    let app = app().await;
    let mut long = talk("mock/anthropic", 1101, 5);
    long["transforms"] = json!(["middle-out"]);
    let answer = ask(&app, &long).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(stage(&answer, "context_compression").unwrap()["data"]["removed_messages"], 101);
    app.finish().await;
}
