//! What one failure means for the requests after it: breaker, waits, retries, deadlines, sticky conversations.

use super::{TEXT, attempts};
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use std::time::{Duration, Instant};
use testkit::{Answer, AppBuilder, Ask, Model, TestApp, eventually};
use tokio::task::JoinSet;

const PROVIDERS: [&str; 3] = ["first", "second", "third"];

/// A server with three equal providers behind `mock/three`; everything about health as it comes.
async fn three() -> AppBuilder {
    let mut builder = TestApp::builder(BINARY);
    let mut model = Model::new("mock/three");
    for slug in PROVIDERS {
        builder = builder.simulated(slug, Family::OpenAi).await;
        model = model.at(slug, "1", "10");
    }
    builder.model(model).model(Model::new("mock/solo").at("first", "1", "10"))
}

fn all_do(app: &TestApp, knobs: &Value) {
    for slug in PROVIDERS {
        app.simulator(slug).set_scenario("*", scenario(knobs.clone()));
    }
}

fn well() -> Value {
    json!({"answer": {"text": TEXT}})
}

fn asked(app: &TestApp) -> usize {
    PROVIDERS.iter().map(|slug| app.simulator(slug).observed().len()).sum()
}

fn body(model: &str, stream: bool, more: &Value) -> Value {
    let mut body = json!({
        "model": model, "stream": stream, "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// Sends `count` requests, `at_once` at a time, plain and streamed in turn.
async fn crowd(app: &TestApp, count: usize, at_once: usize) -> Vec<Answer> {
    let mut running = JoinSet::new();
    let mut answers = Vec::with_capacity(count);
    for number in 0..count {
        if running.len() >= at_once {
            answers.push(running.join_next().await.expect("one").expect("answer"));
        }
        let (address, ask) = (app.address, Ask::chat(&body("mock/three", number % 2 == 0, &json!({}))).key(&app.key));
        running.spawn(async move { testkit::send(address, &ask).await });
    }
    answers.extend(running.join_all().await);
    answers
}

fn is_whole(answer: &Answer) -> bool {
    answer.status == 200 && answer.content() == TEXT && answer.stream_error().is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_provider_of_three_is_not_noticed_by_clients() {
    for knobs in
        [json!({"headers": {"status": 500}}), json!({"headers": {"rst": true}}), json!({"body": {"fault": "html"}})]
    {
        let app = three().await.start().await;
        all_do(&app, &well());
        app.simulator("first").set_scenario("*", scenario(knobs.clone()));
        let answers = crowd(&app, 300, 12).await;
        let failed: Vec<_> = answers.iter().filter(|answer| !is_whole(answer)).map(Answer::text).collect();
        assert_eq!(failed, Vec::<String>::new(), "{knobs}");
        let attempts = asked(&app);
        eprintln!("one dead of three, {knobs}: 300 requests, {attempts} attempts, 0 failures");
        assert!(attempts <= 360, "{attempts} attempts for 300 requests");
        app.finish().await;
    }
}

/// U37 and U38.
#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_dead_they_are_hardly_asked_and_come_back_by_themselves() {
    let app = three().await.setting("health.probe_interval", json!("1s")).start().await;
    all_do(&app, &json!({"headers": {"status": 500}}));
    let answers = crowd(&app, 300, 12).await;
    let attempts = asked(&app);
    assert!(attempts <= 360, "{attempts} attempts for 300 requests");
    for answer in &answers {
        let kind = answer.error_type();
        let is_told = (answer.status, kind.as_str()) == (502, "provider_unavailable")
            || ((answer.status, kind.as_str()) == (503, "provider_overloaded")
                && answer.header("retry-after").is_some());
        assert!(is_told, "{} {}", answer.head, answer.text());
    }
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    assert!(refused > 150, "only {refused} of 300 were refused at once");
    let refusal = answers.iter().find(|answer| answer.status == 503).unwrap().json();
    assert_eq!(refusal.pointer("/error/availability/code"), Some(&json!("temporarily_unavailable")), "{refusal}");
    eprintln!("all dead: 300 requests, {attempts} attempts, {refused} refused at once");
    all_do(&app, &well());
    let healed = Instant::now();
    eventually("the model is back", Duration::from_secs(10), || async {
        is_whole(&app.chat(&body("mock/three", false, &json!({}))).await).then_some(())
    })
    .await;
    eprintln!("back after {} ms, two probe intervals are 2000 ms", healed.elapsed().as_millis());
    assert!(app.metric("portolan_breaker_opened_total{provider=\"first\"}").await >= Some(1));
    app.finish().await;
}

/// U15: seconds, a date in the future, a date in the past, a word, and a lifetime.
#[tokio::test(flavor = "multi_thread")]
async fn u15_a_wait_that_a_provider_asks_for_is_obeyed_and_nonsense_is_not() {
    let date = |seconds: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    for (hint, waits) in [
        ("2".to_owned(), true),
        (date(30), true),
        ("1000000000".to_owned(), true),
        (date(-3600), false),
        ("soon".to_owned(), false),
    ] {
        for stream in [false, true] {
            let app = three().await.start().await;
            all_do(&app, &well());
            app.simulator("first")
                .set_scenario("*", scenario(json!({"headers": {"status": 429, "retry_after": hint}})));
            let order = json!({"provider": {"order": PROVIDERS}});
            let first = app.chat(&body("mock/three", stream, &order)).await;
            assert!(is_whole(&first), "{hint}: {}", first.text());
            let second = app.chat(&body("mock/three", stream, &order)).await;
            assert!(is_whole(&second), "{hint}: {}", second.text());
            let asked = app.simulator("first").observed().len();
            assert_eq!(asked, if waits { 1 } else { 2 }, "{hint}");
            if waits {
                let tried = attempts(&app, &second).await;
                assert_eq!(tried[0], ("first".to_owned(), "skipped".to_owned()), "{hint}: {tried:?}");
            }
            app.finish().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u15_when_everybody_asks_to_wait_the_shortest_wait_is_passed_on() {
    let app = three().await.start().await;
    for (slug, wait) in PROVIDERS.into_iter().zip(["40", "20", "30"]) {
        app.simulator(slug).set_scenario("*", scenario(json!({"headers": {"status": 429, "retry_after": wait}})));
    }
    for stream in [false, true, false] {
        let answer = app.chat(&body("mock/three", stream, &json!({}))).await;
        assert_eq!((answer.status, answer.error_type().as_str()), (429, "rate_limit_exceeded"), "{}", answer.text());
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((15..=20).contains(&wait), "{wait}");
    }
    assert_eq!(asked(&app), 3, "nobody is asked again before its time");
    app.finish().await;
}

/// U12: our key is refused. The endpoint is out with all that the key opens, and the operator is told.
#[tokio::test(flavor = "multi_thread")]
async fn u12_a_refused_credential_is_not_used_again_for_a_while() {
    for status in [401, 402, 403] {
        let app = three().await.start().await;
        all_do(&app, &well());
        app.simulator("first").set_scenario("*", scenario(json!({"headers": {"status": status}})));
        for _ in 0..5 {
            let order = json!({"provider": {"order": PROVIDERS}});
            assert!(is_whole(&app.chat(&body("mock/three", true, &order)).await));
        }
        assert_eq!(app.simulator("first").observed().len(), 1, "{status}");
        assert!(app.log.find("provider refused our credential or its quota is spent", 0).is_some());
        assert_eq!(app.metric("portolan_credential_refusals_total{provider=\"first\"}").await, Some(1));
        app.finish().await;
    }
}

/// One of three providers stalls: its clients wait as long as its own history suggests, not as long as the time-out.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalling_provider_costs_its_clients_about_twice_the_usual_wait() {
    let app = three().await.setting("health.deadline_answers", json!(20)).start().await;
    let paced = json!({"answer": {"text": TEXT}, "headers": {"delay_ms": 150}});
    all_do(&app, &paced);
    let first_token = |slug: &'static str| {
        let order: Vec<&str> =
            std::iter::once(slug).chain(PROVIDERS.into_iter().filter(|other| *other != slug)).collect();
        let ask = Ask::chat(&body("mock/three", true, &json!({"provider": {"order": order}}))).key(&app.key);
        let app = &app;
        async move {
            let started = Instant::now();
            let mut wire = app.open(&ask).await;
            wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
            let took = started.elapsed();
            let answer = wire.rest(testkit::PATIENCE).await;
            assert!(is_whole(&answer), "{}", answer.text());
            took
        }
    };
    let mut healthy = Vec::new();
    for number in 0..75 {
        healthy.push(first_token(PROVIDERS[number % 3]).await);
    }
    healthy.sort();
    let p99 = healthy[healthy.len() - 1];
    app.simulator("first").set_scenario("*", scenario(json!({"headers": {"hang": true}})));
    // A second later the numbers are worked out anew.
    let second = Instant::now();
    eventually("a second has passed", testkit::PATIENCE, || async {
        (second.elapsed() > Duration::from_secs(1)).then_some(())
    })
    .await;
    let stalls = || async { app.metric("portolan_stalled_attempts_total{provider=\"first\"}").await.unwrap_or(0) };
    let before = stalls().await;
    let mut waits = Vec::new();
    for _ in 0..3 {
        waits.push(first_token("first").await);
    }
    let worst = waits.iter().max().unwrap();
    eprintln!(
        "healthy first token: p99 {} ms; with one of three stalling: worst {} ms, {:.2} times",
        p99.as_millis(),
        worst.as_millis(),
        worst.as_secs_f64() / p99.as_secs_f64()
    );
    // Wall time is printed; what is asserted is that nobody waited for the time-out of thirty seconds.
    assert!(*worst < Duration::from_secs(10), "{worst:?}");
    assert_eq!(stalls().await - before, 3);
    app.finish().await;
}

/// The spellings of a conversation, each with a header or a body field.
fn conversations(name: &str) -> Vec<(Option<(&'static str, String)>, Value)> {
    let by_header = |header| (Some((header, name.to_owned())), json!({}));
    vec![
        (None, json!({"session_id": name})),
        by_header("x-session-id"),
        by_header("session-id"),
        by_header("x-claude-code-session-id"),
        (None, json!({"metadata": {"user_id": json!({"session_id": name}).to_string()}})),
        (None, json!({"prompt_cache_key": name})),
        (None, json!({"messages": [{"role": "system", "content": name}, {"role": "user", "content": "hello"}]})),
    ]
}

async fn served_by(
    app: &TestApp,
    model: &str,
    stream: bool,
    conversation: &(Option<(&'static str, String)>, Value),
) -> String {
    let mut ask = Ask::chat(&body(model, stream, &conversation.1)).key(&app.key);
    if let Some((header, value)) = &conversation.0 {
        ask = ask.header(header, value);
    }
    let answer = app.send(&ask).await;
    assert!(is_whole(&answer), "{}", answer.text());
    let said = if stream { answer.events().swap_remove(0) } else { answer.json() };
    said["provider"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_keeps_to_its_endpoint_in_every_spelling_where_its_cache_is_cheaper() {
    let mut builder = three().await;
    let mut model = Model::new("mock/cached");
    for slug in PROVIDERS {
        model = model.priced(slug, "cached", &json!({"prompt": "1", "completion": "10", "input_cache_read": "0.1"}));
    }
    builder = builder.model(model);
    let app = builder.start().await;
    all_do(&app, &json!({"answer": {"text": TEXT}, "usage": {"prompt": 20, "cached": 10}}));
    // Streams let go of their request when they begin; what stands for the conversation must outlive it.
    for (number, stream) in [false, true, false, true].into_iter().enumerate() {
        for conversation in conversations(&format!("conversation-{number}")) {
            let first = served_by(&app, "mock/cached", stream, &conversation).await;
            for turn in 0..4 {
                let next = served_by(&app, "mock/cached", stream, &conversation).await;
                assert_eq!(next, first, "turn {turn} of {conversation:?}, stream: {stream}");
            }
        }
    }
    // Where a cache is not cheaper, nothing is gained by keeping to one endpoint: all three serve.
    let conversation = (None, json!({"session_id": "spread"}));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        seen.insert(served_by(&app, "mock/three", false, &conversation).await);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_refuses_at_once_and_finishes_what_runs() {
    let app = three().await.setting("limits.running", json!(8)).start().await;
    all_do(&app, &json!({"answer": {"text": TEXT}, "body": {"chunk_delay_ms": 300}}));
    let mut running = Vec::new();
    for _ in 0..8 {
        running.push(app.open(&Ask::chat(&body("mock/three", true, &json!({}))).key(&app.key)).await);
    }
    eventually("eight run", testkit::PATIENCE, || async {
        (app.metric("portolan_generations_running").await == Some(8)).then_some(())
    })
    .await;
    for stream in [false, true] {
        let refused = app.chat(&body("mock/three", stream, &json!({}))).await;
        assert_eq!((refused.status, refused.error_type().as_str()), (503, "provider_overloaded"), "{}", refused.text());
        assert!(refused.header("retry-after").is_some(), "{}", refused.head);
        eprintln!("refused in {} ms", refused.elapsed.as_millis());
    }
    assert_eq!(app.send(&Ask::get("/health/live")).await.status, 200);
    for wire in running {
        let answer = wire.rest(testkit::PATIENCE).await;
        assert!(is_whole(&answer), "{}", answer.text());
    }
    assert_eq!(app.metric("portolan_shed_requests_total").await, Some(2));
    app.finish().await;
}
