//! Limits: credit, key limits with their resets, free-model windows, keys that end.

mod resets;

use crate::BINARY;
use crate::money::{all_at_once, scenario, tally};
use serde_json::{Value, json};
use simulator::Family;
use std::time::{Duration, Instant};
use testkit::{AppBuilder, Ask, Model, TestApp, eventually};

async fn builder() -> AppBuilder {
    TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/paid").at("acme", "0", "10"))
        .model(Model::new("mock/gift:free").at("acme", "0", "0"))
        // Refusals of the provider must not keep later requests from it: what is counted here is what reaches it.
        .setting("health.ejects", json!(false))
}

fn ask(model: &str, key: &str, stream: bool) -> Ask {
    let messages = json!([{"role": "user", "content": "hello"}]);
    Ask::chat(&json!({"model": model, "max_tokens": 100, "stream": stream, "messages": messages})).key(key)
}

#[tokio::test(flavor = "multi_thread")]
async fn balance_model_and_form_decide_as_the_matrix_says() {
    for (balance, credits, correction, free, paid) in
        [("zero", "0", None, 200, 402), ("negative", "1", Some("-2"), 402, 402), ("funded", "1", None, 200, 200)]
    {
        let app = builder().await.credits(credits).start().await;
        app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"tokens": 100}})));
        if let Some(correction) = correction {
            app.cli(&["credits", "grant", "--adjustment", "--", correction]).await.ok();
            eventually("the correction arrives", Duration::from_secs(2), || async {
                (app.credits().await.0 < 0).then_some(())
            })
            .await;
        }
        for (model, expected) in [("mock/gift:free", free), ("mock/paid", paid)] {
            for stream in [false, true] {
                let answer = app.send(&ask(model, &app.key, stream)).await;
                assert_eq!(answer.status, expected, "{balance} {model} stream {stream}: {}", answer.text());
                if expected == 402 {
                    assert_eq!(answer.error_type(), "payment_required", "{balance} {model} stream {stream}");
                    let body = answer.json();
                    assert_eq!(body["error"]["metadata"]["limit_source"], "openrouter_credits", "{body}");
                }
            }
        }
        app.finish().await;
    }
}

/// Waits until the current minute is young enough for a burst to fit into it.
async fn early_in_a_minute() {
    eventually("a fresh minute", Duration::from_secs(40), || async {
        let second = jiff::Timestamp::now().as_second() % 60;
        (second < 30).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn free_models_answer_twenty_times_a_minute_failures_included() {
    let app = builder().await.credits("1").start().await;
    early_in_a_minute().await;
    app.simulator("acme").set_scenario("*", scenario(json!({"headers": {"refuse_first": 5, "refuse_status": 500}})));
    let mut asks: Vec<Ask> = (0..25).map(|number| ask("mock/gift:free", &app.key, number % 2 == 0)).collect();
    // Account-wide: a second key shares the window.
    let (other, _) = app.new_key(&json!({"name": "other"})).await;
    asks.extend((0..25).map(|_| ask("mock/gift:free", &other, false)));
    let answers = all_at_once(&app, asks).await;
    let counts = tally(&answers);
    assert_eq!(counts.get(&429), Some(&30), "{counts:?}");
    assert_eq!(app.simulator("acme").observed().len(), 20, "{counts:?}");
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.error_type(), "rate_limit_exceeded");
    assert_eq!(refused.header("x-ratelimit-limit").as_deref(), Some("20"));
    assert_eq!(refused.header("x-ratelimit-remaining").as_deref(), Some("0"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn free_models_have_a_daily_number_that_credit_raises() {
    for (credits, allowed) in [("9.99", 50), ("10", 70)] {
        let app = builder()
            .await
            .setting("limits.free_per_minute", json!(10_000))
            .setting("limits.free_per_day_high", json!(70))
            .credits(credits)
            .start()
            .await;
        let answers = all_at_once(&app, (0..90).map(|_| ask("mock/gift:free", &app.key, false)).collect()).await;
        let counts = tally(&answers);
        assert_eq!(counts.get(&200), Some(&allowed), "{credits}: {counts:?}");
        assert_eq!(counts.get(&429), Some(&(90 - allowed)), "{credits}: {counts:?}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paid_models_have_no_platform_limit() {
    let app = builder()
        .await
        .setting("limits.free_per_minute", json!(1))
        .setting("limits.free_per_day", json!(1))
        .start()
        .await;
    let answers = all_at_once(&app, (0..100).map(|number| ask("mock/paid", &app.key, number % 2 == 0)).collect()).await;
    assert_eq!(tally(&answers).get(&200), Some(&100));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_key_limit_refuses_whatever_its_reset() {
    let app = builder().await.start().await;
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"tokens": 100}})));
    for (reset, word) in
        [(Value::Null, "total"), (json!("daily"), "daily"), (json!("weekly"), "weekly"), (json!("monthly"), "monthly")]
    {
        let (key, hash) = app.new_key(&json!({"name": word, "limit": 0.002, "limit_reset": reset})).await;
        for stream in [false, true] {
            assert_eq!(app.send(&ask("mock/paid", &key, stream)).await.status, 200, "{word}");
        }
        let refused = app.send(&ask("mock/paid", &key, false)).await;
        assert_eq!((refused.status, refused.error_type().as_str()), (403, "permission_denied"), "{}", refused.text());
        assert!(refused.text().contains(&format!("({word} limit)")), "{}", refused.text());
        let seen = app.manage("GET", &format!("/api/v1/keys/{hash}"), None).await.json();
        assert_eq!(seen["data"]["limit_reset"], reset, "{seen}");
        // Raising the limit helps at once.
        let raised = app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"limit": 0.003}))).await;
        assert_eq!(raised.status, 200, "{}", raised.text());
        assert_eq!(app.send(&ask("mock/paid", &key, false)).await.status, 200, "{word}");
    }
    app.finish().await;
}

/// Requests of one key whose limit is in use must not disturb anybody while they wait.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_key_limit_leaves_the_server_responsive() {
    let app = builder().await.start().await;
    app.simulator("acme")
        .set_scenario("*", scenario(json!({"headers": {"delay_ms": 1500}, "answer": {"tokens": 100}})));
    let (key, _) = app.new_key(&json!({"name": "tight", "limit": 0.001, "limit_reset": null})).await;
    let first = app.open(&ask("mock/paid", &key, false)).await;
    eventually("the first is under way", testkit::PATIENCE, || async {
        (app.simulator("acme").observed().len() == 1).then_some(())
    })
    .await;
    let mut waiting = Vec::new();
    for _request in 0..4 {
        waiting.push(app.open(&ask("mock/paid", &key, false)).await);
    }
    let started = Instant::now();
    for _probe in 0..5 {
        assert_eq!(app.send(&Ask::get("/health/live")).await.status, 200);
    }
    let took = started.elapsed();
    assert_eq!(first.rest(testkit::PATIENCE).await.status, 200);
    for wire in waiting {
        let answer = wire.rest(testkit::PATIENCE).await;
        assert!([402, 403].contains(&answer.status), "{}", answer.text());
    }
    app.finish().await;
    assert!(
        took < Duration::from_secs(1),
        "five health probes took {took:?} while four requests waited for a key limit"
    );
}

async fn refused_within_a_second(app: &TestApp, key: &str, what: &str) {
    let started = Instant::now();
    eventually(what, Duration::from_secs(10), || async {
        let answer = app.send(&ask("mock/paid", key, false)).await;
        assert!([200, 401].contains(&answer.status), "{}", answer.text());
        (answer.status == 401).then_some(())
    })
    .await;
    let took = started.elapsed();
    assert!(took <= Duration::from_secs(1), "{what}: refused only after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_keys_are_refused_within_a_second() {
    let app = builder().await.start().await;
    let (disabled, hash) = app.new_key(&json!({"name": "disabled"})).await;
    assert_eq!(app.send(&ask("mock/paid", &disabled, false)).await.status, 200);
    app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"disabled": true}))).await;
    refused_within_a_second(&app, &disabled, "a disabled key").await;
    app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"disabled": false}))).await;
    assert_eq!(app.send(&ask("mock/paid", &disabled, false)).await.status, 200, "enabled again");

    let (deleted, hash) = app.new_key(&json!({"name": "deleted"})).await;
    assert_eq!(app.send(&ask("mock/paid", &deleted, false)).await.status, 200);
    app.manage("DELETE", &format!("/api/v1/keys/{hash}"), None).await;
    refused_within_a_second(&app, &deleted, "a deleted key").await;

    let (revoked, hash) = app.new_key(&json!({"name": "revoked"})).await;
    assert_eq!(app.send(&ask("mock/paid", &revoked, false)).await.status, 200);
    app.cli(&["key", "revoke", &hash]).await.ok();
    refused_within_a_second(&app, &revoked, "a key revoked on the command line").await;

    let until = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(2)).unwrap();
    let (expiring, _) = app.new_key(&json!({"name": "expiring", "expires_at": until.to_string()})).await;
    assert_eq!(app.send(&ask("mock/paid", &expiring, false)).await.status, 200);
    eventually("the key expires", Duration::from_secs(5), || async { (jiff::Timestamp::now() >= until).then_some(()) })
        .await;
    refused_within_a_second(&app, &expiring, "an expired key").await;
    app.finish().await;
}

async fn ends_when_its_key_does(app: &TestApp, pace: Value, what: &str) {
    app.simulator("acme").set_scenario("*", scenario(pace));
    let (key, hash) = app.new_key(&json!({"name": "running"})).await;
    let mut wire = app.open(&ask("mock/paid", &key, true)).await;
    wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
    app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"disabled": true}))).await;
    let started = Instant::now();
    let answer = wire.rest(Duration::from_secs(30)).await;
    let took = started.elapsed();
    assert!(took <= Duration::from_secs(5), "{what}: the stream ended only after {took:?}");
    let error = answer.stream_error().unwrap_or_else(|| panic!("{what}: no in-band error in {}", answer.text()));
    assert_eq!(error["code"], 401, "{what}: {error}");
    let record = app.generation(&answer.id().unwrap()).await;
    assert!(testkit::nanos_at(&record, "/total_cost") > 0, "{what}: what was delivered is charged: {record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talking_stream_ends_within_five_seconds_of_its_key() {
    let app = builder().await.start().await;
    ends_when_its_key_does(&app, json!({"answer": {"tokens": 100}, "body": {"chunk_delay_ms": 300}}), "talking").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_ends_within_five_seconds_of_its_key() {
    let app = builder().await.start().await;
    ends_when_its_key_does(&app, json!({"answer": {"tokens": 100}, "body": {"hang_after": 3}}), "silent").await;
    app.finish().await;
}
