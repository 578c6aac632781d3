//! Clients that leave, wait or half-close (row C3 and its neighbours), and what keeps a waiting client company.

use super::{TEXT, builder, first_does, solo};
use serde_json::{Value, json};
use simulator::Observed;
use std::time::Duration;
use testkit::{Ask, TestApp, eventually, nanos_at};

/// Moments of leaving.
#[derive(Debug, Clone, Copy)]
enum Moment {
    BeforeHead,
    BeforeContent,
    MidAnswer,
}

async fn leave(app: &TestApp, stream: bool, moment: Moment, reset: bool) -> Observed {
    let knobs = match moment {
        Moment::BeforeHead => json!({"headers": {"delay_ms": 1500}}),
        Moment::BeforeContent => json!({"body": {"delay_ms": 1500}}),
        Moment::MidAnswer => json!({"body": {"chunk_delay_ms": 200}}),
    };
    first_does(app, knobs);
    let mut wire = app.open(&solo(app, "mock/solo", stream)).await;
    eventually("the provider is asked", testkit::PATIENCE, || async {
        (app.simulator("first").observed().len() == 1).then_some(())
    })
    .await;
    if matches!(moment, Moment::MidAnswer) && stream {
        wire.read_until(testkit::PATIENCE, |answer| answer.content().len() >= 8).await;
    }
    if reset {
        wire.reset();
    } else {
        drop(wire);
    }
    eventually("the provider's side is over", Duration::from_secs(10), || async {
        let seen = app.simulator("first").observed().pop().unwrap();
        (seen.cancelled || seen.finished).then_some(seen)
    })
    .await
}

/// The one generation that is newer than `known`.
async fn newest(app: &TestApp, cookie: &str, known: usize) -> Value {
    eventually("one entry", testkit::PATIENCE, || async {
        let answer = app.send(&Ask::get("/console/api/v1/generations").header("cookie", cookie)).await.json();
        let rows = answer["data"].as_array().cloned().unwrap_or_default();
        assert!(rows.len() <= known + 1, "more than one entry: {answer}");
        (rows.len() == known + 1).then(|| rows[0].clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_left_stream_is_cancelled_where_that_stops_the_meter_and_charged_at_most_what_was_sent() {
    let mut app = builder().await.setting("timeouts.first_byte", json!("5s")).start().await;
    let cookie = app.sign_in().await;
    app.table["providers"]["first"]["stops_billing_on_cancel"] = json!(true);
    app.write_config();
    assert!(app.reload().await);
    let mut known = 0;
    // Before the first byte, an orderly close looks like a half-close (row C4) until something is written.
    for (moment, endings) in
        [(Moment::BeforeHead, &[true][..]), (Moment::BeforeContent, &[true]), (Moment::MidAnswer, &[false, true])]
    {
        for &reset in endings {
            let seen = leave(&app, true, moment, reset).await;
            assert!(seen.cancelled, "{moment:?} reset {reset}: the provider was left running: {seen:?}");
            app.idle(Duration::from_secs(1)).await;
            let row = newest(&app, &cookie, known).await;
            known += 1;
            let id = row["id"].as_str().unwrap_or_else(|| panic!("{row}"));
            let record = app.generation(id).await;
            assert_eq!(record["cancelled"], true, "{moment:?}: {record}");
            let delivered = seen.delivered_text_chars.div_ceil(4);
            assert!(
                record["tokens_completion"].as_u64().unwrap_or(0) <= delivered,
                "{moment:?}: {delivered}: {record}"
            );
            let is_free = nanos_at(&record, "/total_cost") == 0;
            assert_eq!(is_free, !matches!(moment, Moment::MidAnswer), "{moment:?}: {record}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_left_stream_of_a_provider_that_bills_on_is_read_to_its_end_and_charged_as_reported() {
    let mut app = builder().await.setting("timeouts.first_byte", json!("5s")).start().await;
    let cookie = app.sign_in().await;
    app.table["providers"]["first"]["stops_billing_on_cancel"] = json!(false);
    for (known, reset) in [false, true].into_iter().enumerate() {
        let seen = leave(&app, true, Moment::MidAnswer, reset).await;
        assert!(seen.finished, "{seen:?}");
        app.idle(Duration::from_secs(5)).await;
        let row = newest(&app, &cookie, known).await;
        let record = app.generation(row["id"].as_str().unwrap()).await;
        assert_eq!(record["tokens_completion"], 7, "{record}");
        assert_eq!(record["portolan"]["estimated"], false, "{record}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_left_plain_answer_is_finished_and_charged_once() {
    let app = builder().await.setting("timeouts.first_byte", json!("5s")).start().await;
    let cookie = app.sign_in().await;
    for (known, (moment, reset)) in
        [(Moment::BeforeHead, false), (Moment::BeforeHead, true), (Moment::MidAnswer, false)].into_iter().enumerate()
    {
        let seen = leave(&app, false, moment, reset).await;
        assert!(seen.finished, "{moment:?}: {seen:?}");
        let row = newest(&app, &cookie, known).await;
        let record = app.generation(row["id"].as_str().unwrap()).await;
        assert_eq!(record["tokens_completion"], 7, "{record}");
    }
    app.finish().await;
}

/// C4: the end of what a client sends is not the end of the client.
#[tokio::test(flavor = "multi_thread")]
async fn c4_a_half_closed_connection_still_gets_its_answer() {
    let app = builder().await.setting("timeouts.first_byte", json!("5s")).start().await;
    first_does(&app, json!({"headers": {"delay_ms": 200}, "body": {"chunk_delay_ms": 20}}));
    for stream in [false, true] {
        let mut wire = app.open(&solo(&app, "mock/solo", stream)).await;
        wire.half_close().await;
        let answer = wire.rest(testkit::PATIENCE).await;
        assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "stream {stream}: {}", answer.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_keep_a_waiting_client_company_before_and_within_the_answer() {
    let app = builder()
        .await
        .setting("timeouts.first_byte", json!("10s"))
        .setting("timeouts.idle", json!("10s"))
        .setting("timeouts.head_hold", json!("100ms"))
        .setting("timeouts.keep_alive", json!("100ms"))
        .start()
        .await;
    first_does(&app, json!({"headers": {"delay_ms": 700}, "body": {"chunk_delay_ms": 250}}));
    let answer = app.send(&solo(&app, "mock/solo", true)).await;
    assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{}", answer.text());
    assert!(answer.is_done());
    let text = answer.text();
    let first_data = text.find("data:").unwrap();
    let before = text[..first_data].lines().filter(|line| line.starts_with(':')).count();
    assert!(before >= 2, "{before} comments before the answer: {text}");
    assert!(answer.comments().len() >= before + 3, "{} comments in all: {text}", answer.comments().len());
    assert!(answer.comments().iter().all(|comment| comment == ": OPENROUTER PROCESSING"), "{text}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_head_a_total_failure_is_an_event_and_before_it_a_status() {
    let app = builder()
        .await
        .setting("timeouts.first_byte", json!("10s"))
        .setting("timeouts.head_hold", json!("100ms"))
        .start()
        .await;
    first_does(&app, json!({"headers": {"delay_ms": 600, "status": 500}}));
    let late = app.send(&solo(&app, "mock/solo", true)).await;
    assert_eq!(late.status, 200);
    let error = late.stream_error().unwrap_or_else(|| panic!("{}", late.text()));
    assert_eq!(error["code"], 502, "{error}");
    first_does(&app, json!({"headers": {"status": 500}}));
    let early = app.send(&solo(&app, "mock/solo", true)).await;
    assert_eq!((early.status, early.error_type().as_str()), (502, "provider_unavailable"));
    app.finish().await;
}

/// An orderly end lets running answers finish, whatever their form, and takes no new ones.
#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_finishes_what_is_running() {
    let mut app = builder().await.setting("timeouts.first_byte", json!("5s")).start().await;
    first_does(&app, json!({"headers": {"delay_ms": 300}, "body": {"chunk_delay_ms": 200}}));
    let mut running = Vec::new();
    for number in 0..10 {
        running.push(app.open(&solo(&app, "mock/solo", number % 2 == 0)).await);
    }
    eventually("all are under way", testkit::PATIENCE, || async {
        (app.simulator("first").observed().len() == 10).then_some(())
    })
    .await;
    app.signal("TERM");
    let mut answers = Vec::new();
    for wire in running {
        answers.push(wire.rest(testkit::PATIENCE).await);
    }
    for answer in answers {
        assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{}", answer.text());
    }
    app.stop().await;
    app.launch().await;
    let report = app.finish().await;
    assert_eq!(report["generations"], 10);
}

/// What is still running when the drain time is over, or when the end is asked for a second time, ends with an error of its
/// own and is charged for what was delivered; the charge is posted before the server is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_outlasts_the_drain_time_is_told_and_charged() {
    for (drain, signals) in [("100ms", 1), ("600s", 2)] {
        let wish = builder().await.setting("timeouts.first_byte", json!("60s")).setting("timeouts.idle", json!("60s"));
        let mut app = wish.setting("server.drain_timeout", json!(drain)).start().await;
        first_does(&app, json!({"body": {"chunk_delay_ms": 1000}}));
        let mut wire = app.open(&solo(&app, "mock/solo", true)).await;
        wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
        for _ in 0..signals - 1 {
            let from = app.log.len();
            app.signal("TERM");
            eventually("the signal is heard", testkit::PATIENCE, || async {
                app.log.find("ending: running answers are finished, no new connections are taken", from)
            })
            .await;
        }
        app.stop().await;
        let answer = wire.rest(testkit::PATIENCE).await;
        let error = answer.stream_error().unwrap_or_else(|| panic!("{signals}: {}", answer.text()));
        assert_eq!((&error["code"], &error["message"]), (&json!(503), &json!("The server is shutting down")));
        assert!(!answer.is_done(), "{}", answer.text());
        let verified: Value = serde_json::from_str(&app.cli(&["verify", "--json"]).await.ok()).unwrap();
        assert_eq!((&verified["generations"], &verified["undrained"]), (&json!(1), &json!(0)), "{verified}");
        app.launch().await;
        let record = app.generation(&answer.id().unwrap()).await;
        assert_eq!(
            (&record["portolan"]["status"], &record["portolan"]["error_type"]),
            (&json!(503), &json!("provider_overloaded"))
        );
        assert!(record["total_cost"].as_f64().is_some_and(|cost| cost > 0.0), "{record}");
        app.finish().await;
    }
}
