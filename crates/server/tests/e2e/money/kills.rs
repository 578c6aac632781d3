//! What a kill leaves on the bill, at the one moment that matters most: the server holds text which the client's socket has
//! not taken. `cargo xtask chaos` kills at random moments.

use super::scenario;
use crate::BINARY;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use simulator::Family;
use std::time::Duration;
use testkit::{Ask, Model, TestApp, eventually, nanos_at};

/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(30);
/// Looks at an unchanged provider, 10 ms apart, after which every buffer on the way is full.
const STILL: u32 = 50;
/// Tokens of one event.
const PIECE: u64 = 4096;
/// Bytes of the answer: more than the buffers of both sockets hold.
const ANSWER: usize = 12 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_stream_is_billed_for_what_the_socket_took_and_no_more() {
    let model = Model::new("mock/flood").with("context_length", json!(9_000_000)).at("acme", "0.01", "0.01");
    let mut app = TestApp::builder(BINARY).simulated("acme", Family::OpenAi).await.model(model).start().await;
    let text = "deep water ".repeat(ANSWER / 11);
    let flood = scenario(json!({"answer": {"text": text}, "body": {"tokens_per_chunk": PIECE}}));
    app.simulator("acme").set_scenario("flood", flood);

    let mut wire = app.open(&Ask::say("mock/flood", "all of it", true).key(&app.key)).await;
    let head = wire.read_until(PATIENCE, |answer| answer.id().is_some()).await;
    let (mut before, mut still) = (0, 0);
    eventually("the client's silence stops the provider", PATIENCE, || {
        let delivered = app.simulator("acme").observed().last().map_or(0, |seen| seen.delivered_chunks);
        still = if delivered == before { still + 1 } else { 0 };
        before = delivered;
        let is_full = delivered > 0 && still >= STILL;
        async move { is_full.then_some(()) }
    })
    .await;
    app.kill();
    let got = wire.rest(PATIENCE).await;
    assert!(!got.is_done(), "the buffers hold all of the answer: it proves nothing");
    let received = u64::try_from(got.content().len()).expect("a length").div_ceil(4);

    app.launch().await;
    let record = app.generation(&head.id().expect("an id")).await;
    assert_eq!(record["portolan"]["interrupted"], true, "{record}");
    let billed = record["tokens_completion"].as_u64().expect("tokens");
    assert!(billed <= received, "{billed} tokens billed, {received} received");
    // What the HTTP library holds at once, some 64 KiB, may have been taken in part and is not marked then.
    assert!(billed + 8 * PIECE >= received, "{billed} tokens billed, {received} received");
    app.finish().await;
}

/// The estimate of a document lies below the threshold of the dearer prompt price, and above it with the document's text.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_stream_about_a_document_is_billed_at_the_list_price_of_its_parts() {
    let price = json!({"prompt": "1", "completion": "2", "request": "0.002",
        "overrides": [{"min_prompt_tokens": 8_200, "prompt": "3"}]});
    let model = Model::new("mock/text").priced("acme", "text", &price);
    let mut app = TestApp::builder(BINARY).simulated("acme", Family::OpenAi).await.model(model).start().await;
    let answer = scenario(
        json!({"answer": {"text": "many small words ".repeat(20)}, "body": {"hang_after": 30, "chunk_delay_ms": 5}}),
    );
    app.simulator("acme").set_scenario("*", answer);
    let data = format!("data:text/csv;base64,{}", STANDARD.encode("a;b;c\n".repeat(200)));
    let ask = json!({"model": "mock/text", "stream": true, "max_tokens": 200, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "what does it say?"}, {"type": "file", "file": {"filename": "a.csv", "file_data": data}}]}]});
    let mut wire = app.open(&Ask::chat(&ask).key(&app.key)).await;
    let begun = wire.read_until(PATIENCE, |answer| answer.content().len() > 60).await;
    app.kill();
    app.launch().await;
    let record = app.generation(&begun.id().expect("an id")).await;
    assert_eq!(record["portolan"]["interrupted"], true, "{record}");
    let tokens = |field: &str| record[field].as_i64().unwrap_or_default();
    let (prompt, completion) = (tokens("tokens_prompt"), tokens("tokens_completion"));
    assert!(prompt > 8_200 && completion > 0, "{record}");
    assert_eq!(nanos_at(&record, "/total_cost"), prompt * 3_000 + completion * 2_000 + 2_000_000, "{record}");
    app.finish().await;
}
