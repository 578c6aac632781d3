//! The rows that matter most, with everything about health as it comes: endpoints are taken out, retries have their budget,
//! and a provider that is well again is used again. The table itself runs without, so that each row meets a clean server.

use super::{TEXT, attempts, first_does};
use crate::BINARY;
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Answer, AppBuilder, Model, TestApp, eventually};

async fn builder() -> AppBuilder {
    let pair = Model::new("mock/pair").at("first", "1", "10").at("second", "1", "10");
    TestApp::builder(BINARY)
        .simulated("first", Family::OpenAi)
        .await
        .simulated("second", Family::OpenAi)
        .await
        .model(pair)
        .setting("timeouts.connect", json!("1s"))
        .setting("timeouts.first_byte", json!("1s"))
        .setting("timeouts.idle", json!("1s"))
        .setting("health.probe_interval", json!("1s"))
        .setting("health.refused_interval", json!("1s"))
}

/// Row, what the first provider does, and whether it is the caller's mistake.
fn rows() -> Vec<(&'static str, Value, bool)> {
    let headers = |knobs: Value| json!({"headers": knobs});
    let body = |knobs: Value| json!({"body": knobs});
    vec![
        ("U6 reset before the head", headers(json!({"rst": true})), false),
        ("U7 silence", headers(json!({"hang": true})), false),
        ("U9 two lengths", headers(json!({"malformed": "two_lengths"})), false),
        ("U10 redirect", headers(json!({"redirect": "http://127.0.0.1:9/"})), false),
        ("U11 invalid", headers(json!({"status": 400})), true),
        ("U12 refused credential", headers(json!({"status": 401})), false),
        ("U13 quota", headers(json!({"status": 402})), false),
        ("U14 model gone", headers(json!({"status": 404})), false),
        ("U15 rate limit", headers(json!({"status": 429, "retry_after": "1"})), false),
        ("U16 server error", headers(json!({"status": 500})), false),
        ("U16 overload", headers(json!({"status": 529})), false),
        ("U18 a page", body(json!({"fault": "html"})), false),
        ("U19 an error under 200", body(json!({"fault": "error_object"})), false),
        ("U20 cut off", body(json!({"fault": "truncated_json"})), false),
        ("U21 broken before content", body(json!({"rst_after": 0})), false),
        ("U30 nested too deep", body(json!({"fault": "deep"})), false),
    ]
}

async fn ask(app: &TestApp, stream: bool) -> Answer {
    app.chat(&json!({
        "model": "mock/pair", "stream": stream, "max_tokens": 100, "provider": {"order": ["first", "second"]},
        "messages": [{"role": "user", "content": "hello"}],
    }))
    .await
}

fn is_whole(answer: &Answer) -> bool {
    answer.status == 200 && answer.content() == TEXT && answer.stream_error().is_none()
}

/// Rows side by side, each on a server of its own: whatever the first provider does, eight clients in a row get their
/// answer, it is left alone after a few failures, and it serves again once it is well.
#[tokio::test(flavor = "multi_thread")]
async fn the_fault_table_with_everything_on_costs_no_client_an_answer_and_ends_when_the_fault_does() {
    let mut running = tokio::task::JoinSet::new();
    let rows: Vec<_> = rows().into_iter().flat_map(|row| [(row.clone(), false), (row, true)]).collect();
    let room = std::sync::Arc::new(tokio::sync::Semaphore::new(6));
    let count = rows.len();
    for ((row, knobs, is_callers), stream) in rows {
        let room = std::sync::Arc::clone(&room);
        running.spawn(async move {
            let _permit = room.acquire_owned().await.unwrap();
            run(&format!("{row}, stream {stream}"), knobs, is_callers, stream).await
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {count} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("fault table with ejection on: {count} rows, 0 wrong");
}

async fn run(what: &str, knobs: Value, is_callers: bool, stream: bool) -> Option<String> {
    // A silent provider costs a plain answer ten times the wait of a streamed one; five of them take it out.
    let asks = if what.contains("silence") && !stream { 2 } else { 8 };
    let app = builder().await.start().await;
    first_does(&app, knobs);
    for number in 0..asks {
        let answer = ask(&app, stream).await;
        if is_callers {
            if answer.status != 400 || !app.simulator("second").observed().is_empty() {
                return Some(format!("{what}, request {number}: {} {}", answer.status, answer.text()));
            }
        } else if !is_whole(&answer) {
            return Some(format!("{what}, request {number}: {} {}", answer.status, answer.text()));
        }
    }
    let asked = app.simulator("first").observed().len();
    let most = if is_callers { asks } else { 5 + 2 };
    if asked > most {
        return Some(format!("{what}: asked {asked} times for {asks} requests"));
    }
    first_does(&app, json!({}));
    eventually(&format!("{what}: the first provider serves again"), testkit::PATIENCE, || async {
        let answer = ask(&app, stream).await;
        assert!(is_whole(&answer), "{what}, well again: {} {}", answer.status, answer.text());
        let served = attempts(&app, &answer).await.pop()?;
        (served == ("first".to_owned(), "served".to_owned())).then_some(())
    })
    .await;
    app.finish().await;
    None
}

/// U17: bursts of server errors. The breaker opens in each, heals after each, and never changes faster than its interval.
#[tokio::test(flavor = "multi_thread")]
async fn u17_bursts_of_errors_open_the_breaker_once_each_and_it_heals_after_each() {
    const BURSTS: i64 = 3;
    let app = builder().await.setting("health.probe_interval", json!("500ms")).start().await;
    let opened = || async { app.metric("portolan_breaker_opened_total{provider=\"first\"}").await.unwrap_or(0) };
    let out = || async { app.metric("portolan_endpoints_out{provider=\"first\"}").await.unwrap_or(0) };
    for burst in 1..=BURSTS {
        first_does(&app, json!({"headers": {"status": 503}}));
        for number in 0..20 {
            let answer = ask(&app, number % 2 == 0).await;
            assert!(is_whole(&answer), "burst {burst}, request {number}: {}", answer.text());
        }
        assert_eq!(opened().await, burst, "once in burst {burst}");
        // Five failures, and what probes fell into the burst.
        assert!((5..=8).contains(&app.simulator("first").observed().len()), "burst {burst}");
        first_does(&app, json!({}));
        eventually("the provider is back", testkit::PATIENCE, || async {
            assert!(is_whole(&ask(&app, true).await));
            (out().await == 0).then_some(())
        })
        .await;
    }
    assert_eq!(opened().await, BURSTS, "it did not open between the bursts");
    app.finish().await;
}
