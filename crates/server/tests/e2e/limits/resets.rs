//! Key limits that start again at midnight UTC, on a clock that is moved by hand.

use super::{ask, builder};
use crate::money::scenario;
use serde_json::{Value, json};
use testkit::{Ask, TestApp, nanos_at};

/// What a call costs: a hundred tokens at ten dollars per million.
const CALL: i64 = 1_000_000;

/// How often each limit starts again, in the order of the table's columns.
const RESETS: [Option<&str>; 4] = [Some("daily"), Some("weekly"), Some("monthly"), None];

/// A key at a moment: calls that its limit of two accepts, then calls in all and in this day, week and month.
type Expected = [i64; 5];

/// 28 February 2026 is a Saturday.
const STEPS: [(&str, [Expected; 4]); 6] = [
    ("2026-02-28T12:00:00Z", [[2, 2, 2, 2, 2], [2, 2, 2, 2, 2], [2, 2, 2, 2, 2], [2, 2, 2, 2, 2]]),
    ("2026-02-28T23:59:59.999999Z", [[0, 2, 2, 2, 2], [0, 2, 2, 2, 2], [0, 2, 2, 2, 2], [0, 2, 2, 2, 2]]),
    ("2026-03-01T00:00:00Z", [[2, 4, 2, 4, 2], [0, 2, 0, 2, 0], [2, 4, 2, 4, 2], [0, 2, 0, 2, 0]]),
    ("2026-03-01T23:59:59.999999Z", [[0, 4, 2, 4, 2], [0, 2, 0, 2, 0], [0, 4, 2, 4, 2], [0, 2, 0, 2, 0]]),
    ("2026-03-02T00:00:00Z", [[2, 6, 2, 2, 4], [2, 4, 2, 2, 2], [0, 4, 0, 0, 2], [0, 2, 0, 0, 0]]),
    ("2026-04-01T00:00:00Z", [[2, 8, 2, 2, 2], [2, 6, 2, 2, 2], [2, 6, 2, 2, 2], [0, 2, 0, 0, 0]]),
];

fn moment(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

async fn frozen(at: &str) -> TestApp {
    let app = builder().await.frozen_at(moment(at)).start().await;
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"tokens": 100}})));
    app
}

async fn usage_of(app: &TestApp, key: &str) -> Value {
    app.send(&Ask::get("/api/v1/key").key(key)).await.json()["data"].clone()
}

fn calls(usage: &Value) -> [i64; 4] {
    ["/usage", "/usage_daily", "/usage_weekly", "/usage_monthly"].map(|field| nanos_at(usage, field) / CALL)
}

/// Asks until the limit refuses; how many calls it accepted.
async fn accepted(app: &TestApp, key: &str, reset: Option<&str>) -> i64 {
    let mut accepted = 0;
    loop {
        let answer = app.send(&ask("mock/paid", key, accepted % 2 == 0)).await;
        if answer.status != 200 {
            let word = reset.unwrap_or("total");
            assert_eq!((answer.status, answer.error_type().as_str()), (403, "permission_denied"), "{}", answer.text());
            assert!(answer.text().contains(&format!("({word} limit)")), "{}", answer.text());
            return accepted;
        }
        accepted += 1;
        assert!(accepted <= 2, "the limit lets more than two calls through");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_starts_again_at_midnight_utc_of_its_period_and_not_before() {
    for restarts in [false, true] {
        let mut app = frozen(STEPS[0].0).await;
        let mut keys = Vec::new();
        for reset in RESETS {
            keys.push(app.new_key(&json!({"name": "limited", "limit": 0.002, "limit_reset": reset})).await.0);
        }
        for (at, expected) in STEPS {
            if restarts {
                app.stop().await;
                app.clock().set(moment(at));
                app.launch().await;
            } else {
                app.clock().set(moment(at));
            }
            for ((reset, key), [accepts, counts @ ..]) in RESETS.iter().zip(&keys).zip(expected) {
                let label = format!("{reset:?} at {at}, restarts {restarts}");
                assert_eq!(accepted(&app, key, *reset).await, accepts, "{label}");
                let usage = usage_of(&app, key).await;
                assert_eq!(calls(&usage), counts, "{label}: {usage}");
                assert_eq!(nanos_at(&usage, "/limit_remaining"), 0, "{label}: {usage}");
                assert_eq!(usage["limit_reset"], json!(reset), "{label}");
            }
        }
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_limit_is_shown_with_the_moment_of_its_reset() {
    let app = frozen("2026-02-28T12:00:00Z").await;
    for (reset, starts_again) in
        RESETS.into_iter().zip([Some("2026-03-01"), Some("2026-03-02"), Some("2026-03-01"), None])
    {
        let (key, _) = app.new_key(&json!({"name": "limited", "limit": 0.002, "limit_reset": reset})).await;
        assert_eq!(app.send(&ask("mock/paid", &key, false)).await.status, 200);
        let usage = usage_of(&app, &key).await;
        assert_eq!(nanos_at(&usage, "/limit_remaining"), CALL, "{usage}");
        let shown = usage["effective_budget"]["resets_at"].as_str();
        let wanted = starts_again.map(|day| moment(&format!("{day}T00:00:00Z")));
        assert_eq!(shown.map(moment), wanted, "{reset:?}: {usage}");
    }
    app.finish().await;
}

/// A call counts in the period in which it was admitted, however long it takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_midnight_leaves_the_new_day_whole() {
    for restarts in [false, true] {
        let mut app = frozen("2026-03-04T23:59:59Z").await;
        let (key, _) = app.new_key(&json!({"name": "limited", "limit": 0.002, "limit_reset": "daily"})).await;
        let paced = json!({"answer": {"tokens": 100}, "body": {"chunk_delay_ms": 5}});
        app.simulator("acme").set_scenario("*", scenario(paced));
        let mut wire = app.open(&ask("mock/paid", &key, true)).await;
        wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
        app.clock().set(moment("2026-03-05T00:00:00Z"));
        assert_eq!(wire.rest(testkit::PATIENCE).await.status, 200);
        if restarts {
            app.stop().await;
            app.launch().await;
        }
        let usage = usage_of(&app, &key).await;
        assert_eq!(calls(&usage)[..2], [1, 0], "in all and today: {usage}");
        app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"tokens": 100}})));
        assert_eq!(accepted(&app, &key, Some("daily")).await, 2, "restarts {restarts}");
        app.finish().await;
    }
}
