//! Many clients at once: parked requests, overload, and ends that are faster than each other. Figures are printed; what is
//! asserted has room for a busy machine.

use super::{TEXT, builder, first_does, solo};
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{Ask, Model, TestApp, eventually};
use tokio::task::JoinSet;

/// Kibibytes of memory that a process keeps resident.
fn resident(app: &TestApp) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.process_id())).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

/// The slowest but one in a hundred.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

async fn timed(app: &TestApp, model: &str, count: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        let answer = app.send(&solo(app, model, number % 2 == 0)).await;
        assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{}", answer.text());
        times.push(answer.elapsed);
    }
    times
}

/// A2 and U7: five hundred requests wait for a provider that says nothing; those of another provider do not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a2_requests_parked_at_a_silent_provider_hold_nobody_up_and_little_memory() {
    const PARKED: usize = 500;
    let app = builder().await.setting("timeouts.first_byte", json!("60s")).start().await;
    first_does(&app, json!({}));
    timed(&app, "mock/spare", 100).await;
    let healthy = p99(timed(&app, "mock/spare", 400).await);
    first_does(&app, json!({"headers": {"hang": true}}));
    let before = resident(&app);
    let mut parked = Vec::with_capacity(PARKED);
    for _ in 0..PARKED {
        parked.push(app.open(&solo(&app, "mock/solo", true)).await);
    }
    eventually("all are parked", testkit::PATIENCE, || async {
        (app.simulator("first").observed().len() == PARKED).then_some(())
    })
    .await;
    let beside = p99(timed(&app, "mock/spare", 400).await);
    let each = resident(&app).saturating_sub(before) / PARKED as u64;
    eprintln!(
        "{PARKED} parked: {each} KiB each; p99 beside them {:.2} ms, before {:.2} ms",
        beside.as_secs_f64() * 1e3,
        healthy.as_secs_f64() * 1e3
    );
    // The aim is 64 KiB in an optimised build; docs/resilience.md has what is measured.
    assert!(each <= 128, "{each} KiB for each parked request");
    assert!(beside <= healthy * 3 + Duration::from_millis(50), "{beside:?} in place of {healthy:?}");
    for wire in parked {
        wire.reset();
    }
    app.finish().await;
}

/// What clients saw in a stretch of time.
#[derive(Debug, Default)]
struct Seen {
    whole: usize,
    refusals: Vec<Duration>,
    wrong: Vec<String>,
}

/// Clients that ask again as soon as they are answered, and after a refusal when an answer would have been there.
async fn pressed(app: &TestApp, clients: usize, lasts: Duration) -> Seen {
    let ends = Instant::now() + lasts;
    let mut running = JoinSet::new();
    for number in 0..clients {
        let (address, ask) = (app.address, solo(app, "mock/solo", number % 2 == 0));
        running.spawn(async move {
            let mut seen = Seen::default();
            let mut pause = tokio::time::interval(Duration::from_millis(200));
            while Instant::now() < ends {
                let answer = testkit::send(address, &ask).await;
                match answer.status {
                    200 if answer.content() == TEXT && answer.stream_error().is_none() => seen.whole += 1,
                    503 if answer.header("retry-after").is_some() => {
                        seen.refusals.push(answer.elapsed);
                        pause.reset();
                        pause.tick().await;
                    }
                    _ => seen.wrong.push(format!("{} {}", answer.head, answer.text())),
                }
            }
            seen
        });
    }
    let mut all = Seen::default();
    for seen in running.join_all().await {
        all.whole += seen.whole;
        all.refusals.extend(seen.refusals);
        all.wrong.extend(seen.wrong);
    }
    all
}

/// A round of load at the peak and at three times as much; what fell short, if anything did.
async fn overload(app: &TestApp, room: usize) -> Result<(), String> {
    const LASTS: Duration = Duration::from_secs(3);
    let peak = pressed(app, room - 1, LASTS).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let (address, over) = (app.address, Arc::clone(&is_over));
    let health = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        while !over.load(Ordering::SeqCst) {
            pace.tick().await;
            let answer = testkit::send(address, &Ask::get("/health/live")).await;
            assert_eq!(answer.status, 200);
            slowest = slowest.max(answer.elapsed);
        }
        slowest
    });
    let mut pressed = pressed(app, 3 * (room - 1), LASTS).await;
    is_over.store(true, Ordering::SeqCst);
    let slowest = health.await.expect("health");
    assert_eq!((peak.wrong, pressed.wrong), (Vec::<String>::new(), Vec::new()));
    assert!(pressed.refusals.len() > room, "{} refusals", pressed.refusals.len());
    pressed.refusals.sort();
    let typical = pressed.refusals[pressed.refusals.len() / 2];
    let figures = format!(
        "threefold load: {} whole answers, {} at the peak; {} refusals, p50 {:.1} ms, p99 {:.1} ms; health within {:.1} ms",
        pressed.whole,
        peak.whole,
        pressed.refusals.len(),
        typical.as_secs_f64() * 1e3,
        p99(pressed.refusals).as_secs_f64() * 1e3,
        slowest.as_secs_f64() * 1e3
    );
    eprintln!("{figures}");
    // The aims are nine tenths, 10 ms and 100 ms on a machine that does nothing else.
    let is_enough = pressed.whole * 2 >= peak.whole;
    let is_quick = typical <= Duration::from_millis(200) && slowest <= Duration::from_secs(2);
    if is_enough && is_quick { Ok(()) } else { Err(figures) }
}

/// A12: three times as many clients as the node takes.
#[tokio::test(flavor = "multi_thread")]
async fn a12_under_threefold_load_the_node_does_as_much_as_at_its_peak_and_refuses_the_rest_at_once() {
    const ROOM: usize = 20;
    let app = builder()
        .await
        .setting("limits.running", json!(ROOM))
        // What is shown is the limit of running answers, not that a busy machine refuses, too.
        .setting("limits.lag", json!("10s"))
        .setting("timeouts.first_byte", json!("10s"))
        .setting("timeouts.idle", json!("30s"))
        .start()
        .await;
    first_does(&app, json!({"headers": {"delay_ms": 200}}));
    app.simulator("second")
        .set_scenario("*", scenario(json!({"answer": {"text": TEXT}, "body": {"chunk_delay_ms": 2000}})));
    let mut stream = app.open(&solo(&app, "mock/spare", true)).await;
    // The machine may be busy with something else: the best of three rounds counts.
    let mut short = Vec::new();
    for _round in 0..3 {
        match overload(&app, ROOM).await {
            Ok(()) => break,
            Err(problem) => short.push(problem),
        }
    }
    assert!(short.len() < 3, "{}", short.join("\n"));
    let running = stream.read_until(testkit::PATIENCE, testkit::Answer::is_done).await;
    assert_eq!((running.content().as_str(), running.is_done()), (TEXT, true), "{}", running.text());
    app.finish().await;
}

/// U35 and A11: a provider far faster than its client waits for it; what lies in between stays small.
#[tokio::test(flavor = "multi_thread")]
async fn u35_a_provider_that_is_faster_than_its_client_is_held_back() {
    const ANSWER: usize = 48 << 20;
    let model = Model::new("mock/flood").with("context_length", json!(90_000_000)).at("acme", "0.01", "0.01");
    let app = TestApp::builder(BINARY).simulated("acme", Family::OpenAi).await.model(model).start().await;
    let text = "deep water ".repeat(ANSWER / 11);
    let flood = json!({"answer": {"text": text}, "body": {"tokens_per_chunk": 4096}});
    app.simulator("acme").set_scenario("flood", scenario(flood));
    // The first such answer makes the process grow for good.
    let warm = app.send(&Ask::say("mock/flood", "all of it", true).key(&app.key)).await;
    assert!(warm.is_done());
    let before = resident(&app);
    let mut wire = app.open(&Ask::say("mock/flood", "all of it", true).key(&app.key)).await;
    wire.read_until(testkit::PATIENCE, |answer| answer.id().is_some()).await;
    let (mut last, mut still) = (0, 0_u32);
    eventually("the client's silence stops the provider", testkit::PATIENCE, || {
        let delivered = app.simulator("acme").observed().last().map_or(0, |seen| seen.delivered_chunks);
        still = if delivered == last { still + 1 } else { 0 };
        last = delivered;
        let is_full = delivered > 0 && still >= 50;
        async move { is_full.then_some(()) }
    })
    .await;
    let grown = resident(&app).saturating_sub(before);
    let sent = usize::try_from(last).expect("a count") * 4096 * 4;
    eprintln!("a client that does not read: the provider stopped after {} KiB, {grown} KiB more in memory", sent >> 10);
    assert!(sent < ANSWER / 2, "{sent} bytes of {ANSWER} left the provider");
    assert!(grown <= 8 << 10, "{grown} KiB");
    let answer = wire.rest(testkit::PATIENCE * 4).await;
    assert_eq!((answer.content().len(), answer.is_done()), (text.len(), true));
    app.finish().await;
}

/// U34: the model that a provider names is kept where it is another one, and no more answers than asked for come through.
#[tokio::test(flavor = "multi_thread")]
async fn u34_another_models_name_is_recorded_and_more_choices_than_asked_for_are_cut() {
    let app = builder().await.start().await;
    for stream in [false, true] {
        for (named, recorded) in
            [("somebody-else-7b", json!("somebody-else-7b")), ("solo-2026-11-01", Value::Null), ("solo", Value::Null)]
        {
            first_does(&app, json!({"answer": {"model": named}}));
            let answer = app.send(&solo(&app, "mock/solo", stream)).await;
            let record = app.generation(&answer.id().expect("id")).await;
            let attempt = &record["portolan"]["attempts"][0];
            assert_eq!(attempt["reported_model"], recorded, "{named}, stream {stream}: {record}");
        }
        first_does(&app, json!({"answer": {"choices": 3}}));
        let answer = app.send(&solo(&app, "mock/solo", stream)).await;
        let documents = if stream { answer.events() } else { vec![answer.json()] };
        let indexes: std::collections::BTreeSet<u64> = documents
            .iter()
            .flat_map(|document| document["choices"].as_array().cloned().unwrap_or_default())
            .filter_map(|choice| choice["index"].as_u64())
            .collect();
        assert_eq!(indexes.into_iter().collect::<Vec<_>>(), [0], "stream {stream}: {}", answer.text());
    }
    assert_eq!(app.metric("portolan_served_differs_total{kind=\"reported\"}").await, Some(2));
    app.finish().await;
}
