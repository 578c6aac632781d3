//! Promise M8: however an answer ends, no hold is left, and what is available is the balance.

use super::{FAMILIES, scenario};
use crate::BINARY;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{Ask, Model, TestApp, Wire};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Ways in which a provider can end an answer.
fn endings() -> Vec<Value> {
    let mut all = vec![
        json!({}),
        json!({"headers": {"hang": true}}),
        json!({"headers": {"rst": true}}),
        json!({"headers": {"fin": true}}),
        json!({"headers": {"redirect": "http://127.0.0.1:1/"}}),
        json!({"answer": {"filtered": true}}),
        json!({"answer": {"refusal": "no"}}),
        json!({"framing": {"done": "missing"}}),
        json!({"framing": {"done": "before_usage"}}),
    ];
    all.extend([400, 401, 402, 404, 429, 500, 503, 529].map(|status| json!({"headers": {"status": status}})));
    all.extend(["huge", "illegal_bytes", "two_lengths"].map(|fault| json!({"headers": {"malformed": fault}})));
    for after in [0, 3] {
        all.extend(
            ["hang_after", "rst_after", "fin_after", "end_after", "error_after"]
                .map(|knob| json!({"body": {knob: after}})),
        );
    }
    all.extend(
        [
            "html",
            "empty",
            "text",
            "truncated_json",
            "error_object",
            "invalid_utf8",
            "length_beyond_body",
            "deep",
            "huge_number",
        ]
        .map(|fault| json!({"body": {"fault": fault}})),
    );
    all.extend(["missing", "twice", "unknown"].map(|finish| json!({"answer": {"finish": finish}})));
    all.extend(
        ["missing", "zero", "negative", "huge", "text", "inconsistent"].map(|mode| json!({"usage": {"mode": mode}})),
    );
    all
}

/// Moments at which a client can leave.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    /// Never: reads to the end.
    Never,
    /// Right after sending.
    AtOnce,
    /// With a reset, right after sending.
    Reset,
    /// After this many content events.
    After(usize),
}

async fn run(address: std::net::SocketAddr, ask: Ask, leaving: Leaving) {
    let mut wire = Wire::open(address, &ask.bytes()).await;
    match leaving {
        Leaving::Never => {
            let answer = wire.rest(testkit::PATIENCE).await;
            assert!(answer.is_whole(), "{:?} {}", answer.ended, answer.text());
        }
        Leaving::AtOnce => drop(wire),
        Leaving::Reset => wire.reset(),
        Leaving::After(events) => {
            wire.read_until(testkit::PATIENCE, |answer| answer.events().len() >= events || answer.is_whole()).await;
            wire.reset();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hold_is_left_after_more_than_200_kinds_of_ending() {
    let mut builder = TestApp::builder(BINARY)
        .setting("timeouts.first_byte", json!("500ms"))
        .setting("timeouts.idle", json!("500ms"))
        .setting("timeouts.drain", json!("2s"))
        .setting("timeouts.in_flight", json!("1ms"));
    for (slug, family) in FAMILIES {
        builder = builder.simulated(slug, family).await;
        builder = builder.model(Model::new(&format!("mock/{slug}")).at(slug, "0", "1"));
    }
    let whole = Model::new("mock/whole").with("context_length", json!(10_000_000_000_u64));
    let whole = whole.with("max_completion_tokens", json!(10_000_000_000_u64)).at("openai-like", "0", "1");
    let app = builder.model(whole).start().await;
    let mut wanted: Vec<(Ask, Leaving)> = Vec::new();
    for (slug, _) in FAMILIES {
        for stream in [false, true] {
            for knobs in endings() {
                let text = format!("many words to echo so that the answer has some length\nSIM:{knobs}");
                wanted.push((Ask::say(&format!("mock/{slug}"), &text, stream).key(&app.key), Leaving::Never));
            }
            let slow = format!(
                "many words to echo\nSIM:{}",
                json!({"headers": {"delay_ms": 100}, "body": {"chunk_delay_ms": 30}})
            );
            for leaving in [Leaving::AtOnce, Leaving::Reset, Leaving::After(1), Leaving::After(3), Leaving::After(5)] {
                wanted.push((Ask::say(&format!("mock/{slug}"), &slow, stream).key(&app.key), leaving));
            }
        }
    }
    assert!(wanted.len() > 200, "{} endings", wanted.len());
    let room = Arc::new(Semaphore::new(40));
    let mut running = JoinSet::new();
    for (ask, leaving) in wanted {
        let (address, room) = (app.address, Arc::clone(&room));
        running.spawn(async move {
            let _permit = room.acquire().await.unwrap();
            run(address, ask, leaving).await;
        });
    }
    running.join_all().await;
    // Left clients of providers that bill on are read to their end, for at most the drain time.
    app.idle(Duration::from_secs(5)).await;
    let (granted, used) = app.credits().await;
    assert!(used > 0 && used < granted);
    let tokens = (granted - used) / 1000;
    app.simulator("openai-like").set_scenario("whole", scenario(json!({"answer": {"text": "all yours"}})));
    let messages = json!([{"role": "user", "content": "everything"}]);
    let body = json!({"model": "mock/whole", "max_tokens": tokens, "messages": messages});
    let answer = app.chat(&body).await;
    assert_eq!(answer.status, 200, "a hold of the whole balance must fit: {}", answer.text());
    app.finish().await;
}
