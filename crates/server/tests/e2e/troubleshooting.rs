//! The rows of `docs/troubleshooting.md`: what users of routers report most, and what this one says.

use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp, nanos_at};

const TEXT: &str = "one two three four five six!";

/// Two providers: a short and cheap model at one, a long one at both, one that costs by class.
async fn app(credits: &str) -> TestApp {
    let classes = json!({"prompt": "1", "completion": "10", "internal_reasoning": "20", "request": "0.01"});
    let app = TestApp::builder(BINARY)
        .simulated("first", Family::OpenAi)
        .await
        .simulated("second", Family::OpenAi)
        .await
        .model(Model::new("mock/pair").at("first", "1", "10").at("second", "1", "10"))
        .model(Model::new("mock/short").at("first", "1", "10").with("context_length", json!(200)))
        .model(Model::new("mock/classes").priced("first", "classes", &classes))
        .model(Model::new("mock/toolless").at("first", "1", "10").with("supported_parameters", json!(["max_tokens"])))
        .credits(credits)
        .start()
        .await;
    for slug in ["first", "second"] {
        app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": TEXT}})));
    }
    app
}

async fn ask(app: &TestApp, model: &str, more: Value) -> Answer {
    let mut body = json!({"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.chat(&body).await
}

fn told(answer: &Answer) -> (u16, String) {
    (answer.status, answer.error_type())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_is_about_the_callers_key_and_never_about_the_providers() {
    let app = app("1").await;
    for key in ["sk-proj-of-some-provider", "sk-or-v1-0000"] {
        let answer = app.send(&Ask::say("mock/pair", "hello", false).key(key)).await;
        assert_eq!(told(&answer), (401, "authentication".to_owned()), "{}", answer.text());
    }
    for slug in ["first", "second"] {
        app.simulator(slug).set_scenario("*", scenario(json!({"headers": {"status": 401}})));
    }
    let answer = ask(&app, "mock/pair", json!({})).await;
    assert_eq!(told(&answer), (502, "provider_unavailable".to_owned()), "{}", answer.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_402_names_what_can_be_afforded() {
    let app = app("0.0002").await;
    let answer = ask(&app, "mock/pair", json!({"max_tokens": 50_000})).await;
    assert_eq!(told(&answer), (402, "payment_required".to_owned()), "{}", answer.text());
    assert!(answer.text().contains("can only afford"), "{}", answer.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_402_while_others_run_says_when_to_come_back() {
    // 100 answer tokens at 10 USD per million cost 0.001: there is credit for one such answer at a time.
    let app = app("0.0016").await;
    let slow = json!({"answer": {"tokens": 100}, "body": {"chunk_delay_ms": 60}});
    for slug in ["first", "second"] {
        app.simulator(slug).set_scenario("*", scenario(slow.clone()));
    }
    let asking = json!({"model": "mock/pair", "max_tokens": 100, "stream": true,
        "messages": [{"role": "user", "content": "hello"}]});
    let (address, first) = (app.address, Ask::chat(&asking).key(&app.key));
    let running = tokio::spawn(async move { testkit::send(address, &first).await });
    testkit::eventually("the first one runs", testkit::PATIENCE, || async {
        let asked: usize = ["first", "second"].iter().map(|slug| app.simulator(slug).observed().len()).sum();
        (asked == 1).then_some(())
    })
    .await;
    let refused = app.chat(&asking).await;
    assert_eq!(told(&refused), (402, "payment_required".to_owned()), "{}", refused.text());
    assert_eq!(refused.json()["error"]["metadata"]["reason"], "in_flight_budget_exhausted", "{}", refused.text());
    assert!(refused.header("retry-after").is_some() && refused.header("x-should-retry").as_deref() == Some("true"));
    assert_eq!(running.await.unwrap().status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_says_when_to_come_back() {
    let app = app("1").await;
    for (slug, wait) in [("first", "30"), ("second", "10")] {
        app.simulator(slug).set_scenario("*", scenario(json!({"headers": {"status": 429, "retry_after": wait}})));
    }
    for _ in 0..2 {
        let answer = ask(&app, "mock/pair", json!({})).await;
        assert_eq!(told(&answer), (429, "rate_limit_exceeded".to_owned()), "{}", answer.text());
        assert!(answer.text().contains("at capacity"), "{}", answer.text());
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=10).contains(&wait), "{wait}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unexpected_cost_is_explained_line_by_line_and_failed_attempts_cost_nothing() {
    let app = app("1").await;
    let usage = json!({"answer": {"text": TEXT, "reasoning": "because"}, "usage": {"prompt": 10, "completion": 30, "reasoning": 20}});
    app.simulator("first").set_scenario("*", scenario(usage));
    let answer = ask(&app, "mock/classes", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Ten prompt tokens, ten of text, twenty of reasoning at twice the price, and the request itself.
    let expected = 10 * 1_000 + 10 * 10_000 + 20 * 20_000 + 10_000_000;
    assert_eq!(nanos_at(&answer.json(), "/usage/cost"), expected, "{}", answer.text());
    app.simulator("first").set_scenario("*", scenario(json!({"headers": {"status": 500}})));
    let fallback = ask(&app, "mock/pair", json!({"provider": {"order": ["first", "second"]}})).await;
    assert_eq!(fallback.status, 200, "{}", fallback.text());
    let record = app.generation(&fallback.id().unwrap()).await;
    assert_eq!(nanos_at(&record, "/total_cost"), nanos_at(&fallback.json(), "/usage/cost"), "{record}");
    let whole = app.credits().await.1;
    assert_eq!(whole, expected + nanos_at(&record, "/total_cost"), "one charge per answer");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_that_did_not_trigger_has_a_reason() {
    let app = app("1").await;
    for (status, more, expected, second) in [
        // The caller's own mistake is the same mistake elsewhere.
        (400, json!({"provider": {"order": ["first", "second"]}}), 400, 0),
        // Fallbacks were forbidden.
        (500, json!({"provider": {"order": ["first"], "allow_fallbacks": false}}), 502, 0),
        // Else one is tried.
        (500, json!({"provider": {"order": ["first", "second"]}}), 200, 1),
    ] {
        app.simulator("second").clear();
        app.simulator("first").set_scenario("*", scenario(json!({"headers": {"status": status}})));
        let answer = ask(&app, "mock/pair", more).await;
        assert_eq!(answer.status, expected, "{}", answer.text());
        assert_eq!(app.simulator("second").observed().len(), second, "{status}: {}", answer.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_error_comes_before_anybody_is_asked_and_longer_models_are_used() {
    let app = app("1").await;
    let long = json!([{"role": "user", "content": "word ".repeat(1000)}]);
    // Contexts this short are compressed to fit unless the caller says otherwise.
    let answer = ask(&app, "mock/short", json!({"messages": long, "transforms": []})).await;
    assert_eq!(told(&answer), (400, "context_length_exceeded".to_owned()), "{}", answer.text());
    let answer =
        ask(&app, "mock/short", json!({"messages": long, "transforms": [], "models": ["mock/short", "mock/pair"]}))
            .await;
    assert_eq!((answer.status, answer.json()["model"].clone()), (200, json!("mock/pair")), "{}", answer.text());
    let asked: usize = ["first", "second"].iter().map(|slug| app.simulator(slug).observed().len()).sum();
    assert_eq!(asked, 1, "only the model that is long enough");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_mismatch_is_told_and_calls_keep_their_names() {
    let app = app("1").await;
    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]);
    let refused = ask(&app, "mock/toolless", json!({"tools": tools})).await;
    assert_eq!(told(&refused), (404, "not_found".to_owned()), "{}", refused.text());
    assert!(refused.text().contains("support tool use"), "{}", refused.text());
    let calls = json!({"answer": {"calls": [{"name": "weather", "arguments": {"city": "Lisbon"}}]}});
    for slug in ["first", "second"] {
        app.simulator(slug).set_scenario("*", scenario(calls.clone()));
    }
    let answer = ask(&app, "mock/pair", json!({"tools": tools})).await.json();
    let call = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!((&call["name"], &answer["choices"][0]["finish_reason"]), (&json!("weather"), &json!("tool_calls")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_shows_where_its_time_went() {
    let app = app("1").await;
    app.simulator("first").set_scenario("*", scenario(json!({"headers": {"delay_ms": 300, "status": 500}})));
    let answer = ask(&app, "mock/pair", json!({"stream": true, "provider": {"order": ["first", "second"]}})).await;
    assert_eq!(answer.content(), TEXT, "{}", answer.text());
    let record = app.generation(&answer.id().unwrap()).await;
    let attempts = &record["portolan"]["attempts"];
    assert!(attempts[0]["duration_ms"].as_u64() >= Some(300), "{attempts}");
    assert!(attempts[1]["started_ms"].as_u64() >= attempts[0]["duration_ms"].as_u64(), "{attempts}");
    assert!(record["latency"].as_u64() >= Some(300), "{record}");
    app.finish().await;
}
