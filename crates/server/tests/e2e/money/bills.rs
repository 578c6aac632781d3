//! What an answer costs when its usage is missing, absurd or empty, and when prices change meanwhile. What usage costs is
//! shown in `parity`.

use super::scenario;
use crate::BINARY;
use serde_json::json;
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp, nanos, nanos_at};

/// The families and the names of their simulated providers.
pub const FAMILIES: [(&str, Family); 3] =
    [("openai-like", Family::OpenAi), ("anthropic-like", Family::Anthropic), ("gemini-like", Family::Gemini)];

/// One model per family and price sheet, named `mock/<sheet>-<provider>`.
async fn app() -> TestApp {
    let sheets = [
        (
            "classes",
            json!({
                "prompt": "3", "completion": "15", "input_cache_read": "0.30", "input_cache_write": "3.75",
                "input_cache_write_1h": "6", "internal_reasoning": "20", "image_token": "5", "audio": "7",
            }),
        ),
        ("items", json!({"prompt": "3", "completion": "15", "image": "0.01", "request": "0.0005"})),
        (
            "steps",
            json!({
                "prompt": "3", "completion": "15",
                "overrides": [{"min_prompt_tokens": 200_000, "prompt": "6", "completion": "22.5"}],
            }),
        ),
        ("dust", json!({"prompt": "0.0001", "completion": "0.0001"})),
    ];
    let mut builder = TestApp::builder(BINARY).credits("1000").setting("timeouts.first_byte", json!("10s"));
    for (slug, family) in FAMILIES {
        builder = builder.simulated(slug, family).await;
        for (sheet, price) in &sheets {
            builder = builder.model(Model::new(&format!("mock/{sheet}-{slug}")).priced(slug, sheet, price));
        }
    }
    builder.start().await
}

async fn ask(app: &TestApp, model: &str, images: usize, stream: bool) -> Answer {
    // The smallest PNG: one transparent pixel.
    const PIXEL: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    let image = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PIXEL}")}});
    let mut parts = vec![json!({"type": "text", "text": "look"})];
    parts.extend(std::iter::repeat_n(image, images));
    let messages = json!([{"role": "user", "content": parts}]);
    let answer = app.chat(&json!({"model": model, "max_tokens": 4000, "stream": stream, "messages": messages})).await;
    assert_eq!(answer.status, 200, "{model}: {}", answer.text());
    answer
}

fn cost(answer: &Answer) -> i64 {
    nanos(&answer.usage().expect("usage")["cost"])
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_usage_is_estimated_and_says_so_while_zero_stays_zero() {
    let app = app().await;
    for (slug, _) in FAMILIES {
        for stream in [false, true] {
            let model = format!("mock/classes-{slug}");
            let text = "four letters are one token, so these are twenty-odd tokens of text";
            let set = |mode: &str| {
                app.simulator(slug)
                    .set_scenario("*", scenario(json!({"usage": {"mode": mode}, "answer": {"text": text}})));
            };
            set("missing");
            let record = app.generation(&ask(&app, &model, 0, stream).await.id().expect("id")).await;
            assert_eq!(record["portolan"]["estimated"], true, "{slug} {stream}: {record}");
            let tokens = u64::try_from(text.len()).unwrap().div_ceil(4);
            assert_eq!(record["tokens_completion"], tokens, "{slug} {stream}: {record}");
            assert!(nanos_at(&record, "/total_cost") > 0, "{slug} {stream}: {record}");
            set("zero");
            let record = app.generation(&ask(&app, &model, 0, stream).await.id().expect("id")).await;
            assert_eq!(record["portolan"]["estimated"], false, "{slug} {stream}: {record}");
            assert_eq!(record["tokens_completion"], 0, "{slug} {stream}: {record}");
            assert_eq!(nanos_at(&record, "/total_cost"), 0, "{slug} {stream}: {record}");
        }
    }
    app.finish().await;
}

/// Promise U27: what no call can have used is clamped to the context and flagged; never a negative or absurd bill.
#[tokio::test(flavor = "multi_thread")]
async fn absurd_usage_is_clamped_and_flagged() {
    let app = app().await;
    for (slug, _) in FAMILIES {
        for (mode, streams) in [
            ("negative", &[false, true][..]),
            ("huge", &[false, true]),
            ("text", &[false, true]),
            ("inconsistent", &[false, true]),
            ("decreasing", &[true]),
        ] {
            for stream in streams {
                let usage = json!({"mode": mode, "prompt": 100, "completion": 20});
                app.simulator(slug)
                    .set_scenario("*", scenario(json!({"usage": usage, "answer": {"text": "some words"}})));
                let record =
                    app.generation(&ask(&app, &format!("mock/items-{slug}"), 0, *stream).await.id().expect("id")).await;
                assert_eq!(record["portolan"]["suspect"], true, "{slug} {mode} {stream}: {record}");
                let charge = nanos_at(&record, "/total_cost");
                // A million tokens of context on both sides, and the request.
                assert!((0..=18_000_500_000).contains(&charge), "{slug} {mode} {stream}: {charge}");
            }
        }
        let usage = json!({"mode": "twice", "prompt": 100, "completion": 20});
        app.simulator(slug).set_scenario("*", scenario(json!({"usage": usage, "answer": {"text": "some words"}})));
        let last = ask(&app, &format!("mock/classes-{slug}"), 0, true).await;
        // 100 × 3 000 + 20 × 15 000
        assert_eq!(cost(&last), 600_000, "{slug}: the last report counts");
    }
    app.finish().await;
}

/// An answer without content and without a finish reason, and one that the provider ended with an error, cost nothing.
#[tokio::test(flavor = "multi_thread")]
async fn empty_answers_are_free() {
    let app = app().await;
    for stream in [false, true] {
        let empty = json!({"answer": {"text": "", "finish": "missing"}, "usage": {"prompt": 1000, "completion": 0}});
        app.simulator("openai-like").set_scenario("*", scenario(empty));
        let record = app.generation(&ask(&app, "mock/items-openai-like", 0, stream).await.id().expect("id")).await;
        assert_eq!(nanos_at(&record, "/total_cost"), 0, "stream {stream}: {record}");
        assert!(record["portolan"]["waived"].is_string(), "{record}");
    }
    assert_eq!(app.credits().await.1, 0);
    app.finish().await;
}

/// Promise M10.
#[tokio::test(flavor = "multi_thread")]
async fn running_streams_keep_the_price_that_they_were_admitted_with() {
    const STREAMS: usize = 100;
    let mut app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", "0", "10"))
        .start()
        .await;
    let pace = json!({"answer": {"tokens": 60}, "body": {"chunk_delay_ms": 100}});
    app.simulator("acme").set_scenario("*", scenario(pace));
    let body = json!({"model": "mock/echo", "stream": true, "max_tokens": 60, "messages": [{"role": "user", "content": "go"}]});
    let ask = Ask::chat(&body).key(&app.key);
    let mut running = Vec::new();
    for _stream in 0..STREAMS {
        running.push(app.open(&ask).await);
    }
    for wire in &mut running {
        let begun = wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
        assert_eq!(begun.status, 200, "{}", begun.text());
    }
    app.table["models"][0]["endpoints"][0]["price"]["completion"] = json!("25");
    app.write_config();
    assert!(app.reload().await);
    assert!(!running[0].so_far().is_done(), "the streams must outlast the change");
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"tokens": 60}})));
    for stream in [false, true] {
        let mut body = body.clone();
        body["stream"] = json!(stream);
        assert_eq!(cost(&app.chat(&body).await), 60 * 25_000, "a new request pays the new price");
    }
    let mut costs = Vec::new();
    for wire in running {
        costs.push(cost(&wire.rest(testkit::PATIENCE).await));
    }
    assert_eq!(costs, vec![60 * 10_000; STREAMS]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_book_the_labels_of_a_request_that_they_have_let_go_of() {
    let app = app().await;
    for stream in [false, true] {
        let body = json!({
            "model": "mock/items-openai-like", "stream": stream, "max_tokens": 50, "user": "u-1",
            "metadata": {"customer": "acme", "feature": "search"}, "messages": [{"role": "user", "content": "hello"}],
        });
        let answer = app.chat(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let row = app.generation(&answer.id().expect("id")).await;
        let shown = &row["portolan"];
        assert_eq!((&shown["customer"], &shown["feature"]), (&json!("acme"), &json!("search")), "{row}");
    }
    app.finish().await;
}
