//! Providers that fail and clients that leave: who is tried next, what the client sees, what is charged.

use crate::BINARY;
use crate::money::{FAMILIES, scenario};
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Answer, AppBuilder, Ask, Model, TestApp};

mod clients;
mod defaults;
mod health;
mod http2;
mod load;
mod matrix;
mod routing;
mod upstream;

/// What the providers say: seven tokens.
const TEXT: &str = "one two three four five six!";

/// A server with two equal providers behind `mock/pair`, and one model per provider.
async fn builder() -> AppBuilder {
    let pair = Model::new("mock/pair").at("first", "1", "10").at("second", "1", "10");
    TestApp::builder(BINARY)
        .simulated("first", Family::OpenAi)
        .await
        .simulated("second", Family::OpenAi)
        .await
        .model(pair)
        .model(Model::new("mock/solo").at("first", "1", "10"))
        .model(Model::new("mock/spare").at("second", "1", "10"))
        .setting("timeouts.connect", json!("300ms"))
        .setting("timeouts.first_byte", json!("300ms"))
        .setting("timeouts.idle", json!("300ms"))
        // What follows from one fault after another is shown apart: here each fault meets a server that holds no grudge.
        .setting("health.ejects", json!(false))
        .setting("health.retry_percent", json!(100))
        .setting("health.retry_floor", json!(100))
}

/// The same with one provider and model per family beside them.
async fn families() -> AppBuilder {
    let mut builder = builder().await;
    for (slug, family) in FAMILIES {
        builder = builder.simulated(slug, family).await.model(Model::new(&format!("mock/{slug}")).at(slug, "1", "10"));
    }
    builder
}

/// Makes both providers well again, and the first one what `knobs` say.
fn first_does(app: &TestApp, knobs: Value) {
    for slug in ["first", "second"] {
        app.simulator(slug).clear();
        app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": TEXT}})));
    }
    let mut whole = json!({"answer": {"text": TEXT}});
    merge(&mut whole, knobs);
    app.simulator("first").set_scenario("*", scenario(whole));
}

/// Lays `over` on `base`: objects merge, everything else is replaced.
pub fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// Asks the pair, the first provider first.
async fn pair(app: &TestApp, stream: bool) -> Answer {
    app.chat(&json!({
        "model": "mock/pair", "stream": stream, "max_tokens": 100, "provider": {"order": ["first", "second"]},
        "messages": [{"role": "user", "content": "hello"}],
    }))
    .await
}

fn solo(app: &TestApp, model: &str, stream: bool) -> Ask {
    let messages = json!([{"role": "user", "content": "hello"}]);
    Ask::chat(&json!({"model": model, "stream": stream, "max_tokens": 100, "messages": messages})).key(&app.key)
}

/// The attempts of an answer: provider and outcome.
async fn attempts(app: &TestApp, answer: &Answer) -> Vec<(String, String)> {
    let record = app.generation(&answer.id().expect("id")).await;
    let attempts = record["portolan"]["attempts"].as_array().expect("attempts").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    attempts.iter().map(|attempt| (text(&attempt["provider_slug"]), text(&attempt["outcome"]))).collect()
}

/// The answer came from the second provider, whole, and the record says why.
async fn failed_over(app: &TestApp, answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    assert_eq!(answer.content(), TEXT, "{what}: {}", answer.text());
    assert!(answer.stream_error().is_none(), "{what}: {}", answer.text());
    let expected =
        [("first", "failed"), ("second", "served")].map(|(slug, outcome)| (slug.to_owned(), outcome.to_owned()));
    assert_eq!(attempts(app, answer).await, expected, "{what}");
    assert_eq!(app.simulator("second").observed().len(), 1, "{what}");
}
