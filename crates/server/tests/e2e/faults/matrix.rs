//! The rows of the table of provider faults that are told by what the client sees alone: each plain and streamed.
//!
//! The first provider misbehaves, the second is well. Every row also checks what [`failed_over`] and [`TestApp::finish`]
//! check: the record, and that no hold is left.

use super::{TEXT, attempts, builder, failed_over, first_does, pair, solo};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::{Answer, TestApp};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// What must be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The second provider's answer.
    FailsOver,
    /// The first provider's answer, as if nothing were wrong.
    Passes,
    /// A refusal with this status, and nobody else asked.
    Refused(u16),
    /// What had been delivered, then an error within the stream.
    Breaks,
    /// Does not exist in this form.
    Nothing,
}

use Seen::{Breaks, FailsOver, Nothing, Passes, Refused};

/// Row, knobs of the first provider, what must be seen plain and streamed.
fn rows() -> Vec<(&'static str, Value, Seen, Seen)> {
    let headers = |knobs: Value| json!({"headers": knobs});
    let body = |knobs: Value| json!({"body": knobs});
    let framing = |knobs: Value| json!({"framing": knobs});
    let quota = "You exceeded your current quota: your credit balance is too low";
    let mut rows = vec![
        ("U6 reset before the head", headers(json!({"rst": true})), FailsOver, FailsOver),
        ("U6 closed before the head", headers(json!({"fin": true})), FailsOver, FailsOver),
        ("U8 early hints", headers(json!({"early_hints": true})), Passes, Passes),
        ("U9 length and chunked", headers(json!({"malformed": "length_and_chunked"})), FailsOver, FailsOver),
        ("U11 invalid", headers(json!({"status": 400})), Refused(400), Refused(400)),
        ("U13 payment", headers(json!({"status": 402})), FailsOver, FailsOver),
        ("U13 quota text", headers(json!({"status": 400, "error_message": quota})), FailsOver, FailsOver),
        ("U14 model gone", headers(json!({"status": 404})), FailsOver, FailsOver),
        ("U18 wrong type of a good answer", headers(json!({"content_type": "text/html"})), FailsOver, FailsOver),
        ("U20 cut short", body(json!({"fault": "truncated_json"})), FailsOver, FailsOver),
        ("U20 closed in the middle", body(json!({"fin_after": 0})), FailsOver, FailsOver),
        ("U20 reset in the middle", body(json!({"rst_after": 0})), FailsOver, FailsOver),
        ("U23 an error event at once", body(json!({"error_after": 0})), Nothing, FailsOver),
        ("U23 overloaded at once", body(json!({"error_after": 0, "error_status": 529})), Nothing, FailsOver),
        ("U22 a drip within an event", body(json!({"drip_ms": 100})), Nothing, FailsOver),
        ("U28 bytes that are no UTF-8 at once", body(json!({"fault": "invalid_utf8"})), Nothing, FailsOver),
        ("U28 bytes that are no UTF-8", framing(json!({"invalid_utf8_at": 3})), Nothing, Breaks),
        ("U30 one event of nine MiB", body(json!({"fault": "nine_mib"})), Nothing, FailsOver),
        ("U30 a number that no float holds", body(json!({"fault": "huge_number"})), FailsOver, FailsOver),
        ("U30 nested ten thousand deep", body(json!({"fault": "deep"})), FailsOver, FailsOver),
        (
            "U31 a coding that was not asked for",
            headers(json!({"extra": {"content-encoding": "gzip"}})),
            FailsOver,
            FailsOver,
        ),
        ("U31 two codings", headers(json!({"extra": {"content-encoding": "br, gzip"}})), FailsOver, FailsOver),
        ("U33 comments and nothing else", body(json!({"comments_first": 600})), Nothing, FailsOver),
        ("U34 another model's name", json!({"answer": {"model": "somebody-else-7b"}}), Passes, Passes),
    ];
    for mark in ["once", "missing", "twice", "before_usage", "data_after"] {
        rows.push(("U25 end mark", framing(json!({"done": mark})), Nothing, Passes));
    }
    for finish in ["missing", "unknown", "twice"] {
        let plain = if finish == "unknown" { Passes } else { Nothing };
        rows.push(("U26 finish reason", json!({"answer": {"finish": finish}}), plain, Passes));
    }
    for knobs in [
        json!({"bom": true}),
        json!({"line_end": "cr"}),
        json!({"line_end": "crlf"}),
        json!({"comment_every": 1}),
        json!({"extra_lines": true}),
        json!({"multi_line": true}),
        json!({"tight": true}),
        json!({"nul": true}),
        json!({"event_names": true}),
        json!({"role_missing": true}),
        json!({"empty_choices": true}),
    ] {
        rows.push(("U29 framing", framing(knobs), Nothing, Passes));
    }
    rows.push(("U29 cut into single bytes", body(json!({"split_bytes": 1})), Passes, Passes));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_fault_table_ends_as_promised_plain_and_streamed() {
    let app = builder()
        .await
        .setting("timeouts.event", json!("1s"))
        .setting("timeouts.first_byte", json!("1s"))
        .setting("timeouts.idle", json!("2s"))
        .start()
        .await;
    let mut wrong = Vec::new();
    let mut right = BTreeSet::new();
    for (row, knobs, plain, streamed) in rows() {
        for (stream, expected) in [(false, plain), (true, streamed)] {
            if expected == Nothing {
                continue;
            }
            first_does(&app, knobs.clone());
            let answer = pair(&app, stream).await;
            let what = format!("{row} {knobs} stream {stream}");
            let seen = seen(&app, &answer, stream).await;
            if seen == Ok(expected) {
                right.insert(what);
            } else {
                wrong.push(format!("{what}: {seen:?} in place of {expected:?}: {} {}", answer.status, answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} outcomes right, {} wrong:\n{}", right.len(), wrong.len(), wrong.join("\n"));
    eprintln!("fault table: {} outcomes, 0 wrong", right.len());
    app.finish().await;
}

/// What an answer amounts to, or what is wrong with it.
async fn seen(app: &TestApp, answer: &Answer, stream: bool) -> Result<Seen, String> {
    if answer.status != 200 {
        return Ok(Refused(answer.status));
    }
    if answer.stream_error().is_some() {
        return if answer.is_done() { Err("broken, yet it says that it is whole".to_owned()) } else { Ok(Breaks) };
    }
    if answer.content() != TEXT {
        return Err(format!("another text: {:?}", answer.content()));
    }
    if stream {
        whole_stream(answer)?;
    }
    let tried = attempts(app, answer).await;
    match tried.iter().map(|(slug, outcome)| (slug.as_str(), outcome.as_str())).collect::<Vec<_>>()[..] {
        [("first", "failed"), ("second", "served")] => Ok(FailsOver),
        [("first", "served")] => Ok(Passes),
        _ => Err(format!("attempts {tried:?}")),
    }
}

/// Exactly one finish reason, one usage and one end mark, whatever the provider sent.
fn whole_stream(answer: &Answer) -> Result<(), String> {
    let events = answer.events();
    let finishes: Vec<&str> =
        events.iter().filter_map(|event| event.pointer("/choices/0/finish_reason")?.as_str()).collect();
    let with_delta = events.iter().filter(|event| event.pointer("/choices/0/delta/content").is_some()).count();
    let usages = events.iter().filter(|event| event.get("usage").is_some_and(Value::is_object)).count();
    let marks = answer.data().iter().filter(|data| *data == "[DONE]").count();
    let is_same = finishes.windows(2).all(|pair| pair[0] == pair[1]);
    if finishes.is_empty() || finishes.len() > 2 || !is_same || finishes[0] != "stop" {
        return Err(format!("finish reasons {finishes:?}"));
    }
    if usages != 1 || marks != 1 || with_delta == 0 {
        return Err(format!("{usages} usages, {marks} end marks, {with_delta} pieces"));
    }
    Ok(())
}

/// U34: a provider that repeats our key in an error about the caller's request.
#[tokio::test(flavor = "multi_thread")]
async fn u34_a_credential_in_a_providers_error_is_taken_out() {
    let app = builder().await.start().await;
    let secret = app.table["providers"]["first"]["api_key"].as_str().unwrap().to_owned();
    for stream in [false, true] {
        first_does(
            &app,
            json!({"headers": {"status": 400, "error_message": "max_tokens is wrong", "echo_credential": true}}),
        );
        let answer = pair(&app, stream).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(!answer.text().contains(&secret), "{}", answer.text());
        assert!(answer.text().contains("[redacted]"), "{}", answer.text());
    }
    app.finish().await;
}

/// U32: whatever a provider does to the fragments of streamed tool calls, the client can put them together.
#[tokio::test(flavor = "multi_thread")]
async fn u32_malformed_tool_call_fragments_give_the_calls_of_the_plain_answer() {
    let app = builder().await.start().await;
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}});
    let ask = |stream: bool| {
        json!({
            "model": "mock/solo", "stream": stream, "max_tokens": 200, "tools": [tool("weather"), tool("time")],
            "messages": [{"role": "user", "content": "hello"}],
        })
    };
    let calls = json!([
        {"name": "weather", "arguments": {"city": "Lisbon", "days": [1, 2, 3]}},
        {"name": "time", "arguments": {"zone": "Europe/Lisbon"}},
    ]);
    for fragments in [
        "index_missing",
        "index_all_zero",
        "id_missing",
        "id_blank",
        "id_repeated",
        "name_first",
        "name_repeated",
        "shared_index",
        "interleaved",
        "whole",
    ] {
        first_does(&app, json!({"answer": {"calls": calls, "fragments": fragments}}));
        let plain = app.chat(&ask(false)).await.json();
        let expected: Vec<(String, Value)> = plain["choices"][0]["message"]["tool_calls"]
            .as_array()
            .unwrap_or_else(|| panic!("{plain}"))
            .iter()
            .map(|call| (text(&call["function"]["name"]), parsed(&text(&call["function"]["arguments"]))))
            .collect();
        assert_eq!(expected.len(), 2, "{plain}");
        let streamed = app.chat(&ask(true)).await;
        assert_eq!(gathered(&streamed), expected, "{fragments}: {}", streamed.text());
    }
    app.finish().await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parsed(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|error| panic!("{error} in {arguments}"))
}

/// The calls of a stream, put together by index as clients do.
fn gathered(answer: &Answer) -> Vec<(String, Value)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for event in answer.events() {
        for piece in event.pointer("/choices/0/delta/tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let index = usize::try_from(piece["index"].as_u64().expect("index")).unwrap();
            calls.resize(calls.len().max(index + 1), (String::new(), String::new()));
            calls[index].0.push_str(piece.pointer("/function/name").and_then(Value::as_str).unwrap_or_default());
            calls[index].1.push_str(piece.pointer("/function/arguments").and_then(Value::as_str).unwrap_or_default());
        }
    }
    calls.into_iter().map(|(name, arguments)| (name, parsed(&arguments))).collect()
}

/// U30: very many events of one token are a long answer and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn u30_twenty_thousand_small_events_pass() {
    let app = builder().await.setting("timeouts.first_byte", json!("30s")).start().await;
    first_does(&app, json!({}));
    let whole = json!({"answer": {"tokens": 20_000}});
    app.simulator("first").set_scenario("*", crate::money::scenario(whole));
    let body = json!({
        "model": "mock/solo", "stream": true, "max_tokens": 20_000, "messages": [{"role": "user", "content": "hello"}],
    });
    let answer = app.chat(&body).await;
    assert_eq!((answer.status, answer.is_done()), (200, true), "{}", answer.head);
    let record = app.generation(&answer.id().unwrap()).await;
    assert_eq!(record["tokens_completion"], 20_000, "{record}");
    app.finish().await;
}

/// U20 and U24, plain answers that are collected from a stream included: nothing that broke is told as whole.
#[tokio::test(flavor = "multi_thread")]
async fn failing_over_leaves_a_whole_record() {
    let app = builder().await.start().await;
    for stream in [false, true] {
        first_does(&app, json!({"headers": {"status": 500}}));
        let answer = pair(&app, stream).await;
        failed_over(&app, &answer, "500").await;
        let record = app.generation(&answer.id().unwrap()).await;
        let reasons: Vec<&str> = record["portolan"]["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|attempt| attempt["reason"].as_str())
            .collect();
        assert_eq!(reasons, ["the provider failed", "provider.order"], "why each ended or was its turn: {record}");
    }
    app.finish().await;
}

/// A TLS listener with a certificate that nobody vouches for; counts the requests that reach it.
async fn self_signed() -> (SocketAddr, Arc<AtomicUsize>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reached = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&reached);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await
                && stream.read_u8().await.is_ok()
            {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (address, reached)
}

/// U3, U4 and U5: no certificate to trust, a handshake that stalls, a name that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn u3_to_u5_what_keeps_a_connection_from_coming_about_fails_over_and_is_not_explained_to_tenants() {
    let (stranger, reached) = self_signed().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bases = [
        format!("https://{stranger}/v1"),
        format!("https://localhost:{}/v1", stranger.port()),
        format!("https://{}/v1", silent.local_addr().unwrap()),
        "http://provider.invalid/v1".to_owned(),
    ];
    for base in bases {
        let section = json!({"dialect": "openai", "base_url": base, "api_key": "sk-nobody"});
        // Longer than the time to connect, so that it is clear which of the two ends the attempt.
        let app = builder().await.setting("timeouts.first_byte", json!("2s")).provider("first", section).start().await;
        first_does(&app, json!({}));
        for stream in [false, true] {
            app.simulator("second").clear();
            let answer = pair(&app, stream).await;
            failed_over(&app, &answer, &base).await;
            let record = app.generation(&answer.id().unwrap()).await;
            let took = record["portolan"]["attempts"][0]["duration_ms"].as_u64().unwrap();
            assert!(took < 2000, "{base}: {took} ms for a connect timeout of 300");
            let alone = app.send(&solo(&app, "mock/solo", stream)).await;
            assert_eq!((alone.status, alone.error_type().as_str()), (502, "provider_unavailable"), "{}", alone.text());
            for word in ["certificate", "invalid", "127.0.0.1", "tls", "dns"] {
                assert!(!alone.text().to_lowercase().contains(word), "{base}: {}", alone.text());
            }
        }
        app.finish().await;
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "nothing is sent to whom we cannot know");
}
