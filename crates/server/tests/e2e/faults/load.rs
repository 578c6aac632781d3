//! Many clients at once: parked requests, overload, and ends that are faster than each other. Figures are printed; what is
//! asserted has room for a busy machine.

use super::{TEXT, builder, first_does, solo};
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use std::net::SocketAddr;
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

/// How long answers of two servers take that are asked in turn.
async fn side_by_side(apps: [&TestApp; 2], count: usize) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..count {
        for (app, times) in apps.iter().zip(&mut times) {
            let answer = app.send(&solo(app, "mock/spare", number % 2 == 0)).await;
            assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{}", answer.text());
            times.push(answer.elapsed);
        }
    }
    times
}

/// A2 and U7: five hundred requests wait for a provider that says nothing; those of another provider do not notice: at p99 they
/// take no more than a twentieth or 2 ms longer than those of a server beside it at which nobody waits.
///
/// An unoptimised build took 51 KiB for each (2026-11-21).
#[tokio::test(flavor = "multi_thread")]
async fn a2_requests_parked_at_a_silent_provider_hold_nobody_up_and_little_memory() {
    const PARKED: usize = 500;
    let app = builder().await.setting("timeouts.first_byte", json!("120s")).start().await;
    let free = builder().await.setting("timeouts.first_byte", json!("120s")).start().await;
    first_does(&app, json!({}));
    first_does(&free, json!({}));
    side_by_side([&app, &free], 100).await;
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
    let each = resident(&app).saturating_sub(before) / PARKED as u64;
    eprintln!("{PARKED} parked: {each} KiB each");
    assert!(each <= 64, "{each} KiB for each parked request");
    // The machine may be busy with something else, and unevenly so: the best of sixteen rounds counts.
    let mut missed = Vec::new();
    loop {
        let [beside, alone] = side_by_side([&app, &free], 300).await.map(p99);
        eprintln!("p99 beside them {beside:.1?}, where nobody waits {alone:.1?}");
        if beside <= (alone + Duration::from_millis(2)).max(alone.mul_f64(1.05)) {
            break;
        }
        missed.push(format!("{beside:.1?} in place of {alone:.1?}"));
        assert!(missed.len() < 16, "{}", missed.join(", "));
    }
    for wire in parked {
        wire.reset();
    }
    free.finish().await;
    app.finish().await;
}

/// Longest time to a refusal at the median, beside what the machine itself takes at p99.
const REFUSED_MAX: Duration = Duration::from_millis(10);
/// Longest time to an answer about the node's health, beside what the machine itself takes at worst.
const HEALTH_MAX: Duration = Duration::from_millis(100);

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
            // Clients come one after the other, not all in the same millisecond.
            let offset = Duration::from_millis(200).mul_f64(number as f64 / clients as f64);
            let mut pause = tokio::time::interval_at((Instant::now() + offset).into(), Duration::from_millis(200));
            pause.tick().await;
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

/// Asks for something at a pace until it is over; how long each answer took.
async fn probed(address: SocketAddr, path: &'static str, status: u16, over: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    while !over.load(Ordering::SeqCst) {
        pace.tick().await;
        let answer = testkit::send(address, &Ask::get(path)).await;
        assert_eq!(answer.status, status, "{path}");
        times.push(answer.elapsed);
    }
    times
}

/// Which of its promises the node kept in a round.
#[derive(Debug, Default, Clone, Copy)]
struct Kept {
    goodput: bool,
    refusals: bool,
    health: bool,
}

impl Kept {
    fn or(self, other: Self) -> Self {
        Self {
            goodput: self.goodput || other.goodput,
            refusals: self.refusals || other.refusals,
            health: self.health || other.health,
        }
    }

    fn is_all(self) -> bool {
        self.goodput && self.refusals && self.health
    }
}

/// A round of load at the peak and at three times as much. How late the machine itself is shows in a path that a provider
/// does not have, asked for beside everything else.
async fn overload(app: &TestApp, room: usize) -> (Kept, String) {
    const LASTS: Duration = Duration::from_secs(3);
    let peak = pressed(app, room - 1, LASTS).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let health = tokio::spawn(probed(app.address, "/health/live", 200, Arc::clone(&is_over)));
    let machine = tokio::spawn(probed(app.simulator("second").address(), "/nothing", 404, Arc::clone(&is_over)));
    let mut pressed = pressed(app, 3 * (room - 1), LASTS).await;
    is_over.store(true, Ordering::SeqCst);
    let (health, machine) = (health.await.expect("health"), machine.await.expect("machine"));
    assert_eq!((peak.wrong, pressed.wrong), (Vec::<String>::new(), Vec::new()));
    assert!(pressed.refusals.len() > room, "{} refusals", pressed.refusals.len());
    pressed.refusals.sort();
    let refused = pressed.refusals[pressed.refusals.len() / 2];
    let slowest = |times: &[Duration]| times.iter().max().copied().unwrap_or_default();
    let (answered, worst, typical) = (slowest(&health), slowest(&machine), p99(machine));
    let figures = format!(
        "threefold load: {} whole answers, {} at the peak; refusals within {refused:.1?} at the median, {:.1?} at p99, \
         health within {answered:.1?}; the machine itself {typical:.1?} at p99, {worst:.1?}",
        pressed.whole,
        peak.whole,
        p99(pressed.refusals)
    );
    eprintln!("{figures}");
    let kept = Kept {
        goodput: pressed.whole * 10 >= peak.whole * 9,
        refusals: refused <= REFUSED_MAX + typical,
        health: answered <= HEALTH_MAX + worst,
    };
    (kept, figures)
}

/// A12: three times as many clients as the node takes.
///
/// Refusals are held to their 10 ms at the median only: at p99 an unoptimised build took 50 to 70 ms in its best rounds on two
/// cores under a load of nine, where the machine itself took 5 to 12 ms (2026-11-21).
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
    // The machine may be busy with something else: for each promise the best of six rounds counts.
    let (mut kept, mut rounds) = (Kept::default(), Vec::new());
    while !kept.is_all() {
        assert!(rounds.len() < 6, "{kept:?}\n{}", rounds.join("\n"));
        let (round, figures) = overload(&app, ROOM).await;
        kept = kept.or(round);
        rounds.push(figures);
    }
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
