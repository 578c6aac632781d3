//! Rows of the table of provider faults.

use super::{TEXT, builder, failed_over, families, first_does, pair, solo};
use crate::money::{FAMILIES, scenario};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::{Answer, TestApp, nanos_at};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Milliseconds that the failed first attempt took; the best of three, since the machine may be busy.
async fn best_of_three(app: &TestApp, stream: bool) -> u64 {
    let mut best = u64::MAX;
    for _try in 0..3 {
        app.simulator("second").clear();
        let answer = pair(app, stream).await;
        failed_over(app, &answer, "timing").await;
        let record = app.generation(&answer.id().unwrap()).await;
        best = best.min(record["portolan"]["attempts"][0]["duration_ms"].as_u64().unwrap());
    }
    best
}

async fn with_first_at(address: SocketAddr) -> TestApp {
    let section = json!({"dialect": "openai", "base_url": format!("http://{address}/v1"), "api_key": "sk-nobody"});
    let app = builder().await.provider("first", section).start().await;
    first_does(&app, json!({}));
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn u1_a_refused_connection_fails_over_within_50_ms() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = with_first_at(address).await;
    for stream in [false, true] {
        let took = best_of_three(&app, stream).await;
        assert!(took <= 50, "stream {stream}: {took} ms");
        let alone = app.send(&solo(&app, "mock/solo", stream)).await;
        assert_eq!((alone.status, alone.error_type().as_str()), (502, "provider_unavailable"), "{}", alone.text());
        assert!(!alone.text().contains("127.0.0.1"), "{}", alone.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u2_a_black_hole_fails_over_at_the_connect_timeout() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full, further connections hang.
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queue.push(stream);
        assert!(queue.len() < 100, "the queue does not fill");
    }
    let app = with_first_at(address).await;
    for stream in [false, true] {
        let took = best_of_three(&app, stream).await;
        assert!((290..=350).contains(&took), "stream {stream}: {took} ms for a timeout of 300");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u7_silence_before_the_head_fails_over_at_the_first_byte_timeout() {
    let app = builder().await.start().await;
    first_does(&app, json!({"headers": {"hang": true}}));
    let took = best_of_three(&app, true).await;
    assert!((290..=350).contains(&took), "{took} ms for a timeout of 300");
    // A plain answer's first byte is its last: it may take ten times as long.
    first_does(&app, json!({"headers": {"hang": true}}));
    failed_over(&app, &pair(&app, false).await, "plain").await;
    let alone = app.send(&solo(&app, "mock/solo", true)).await;
    assert_eq!((alone.status, alone.error_type().as_str()), (504, "timeout"), "{}", alone.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u16_every_server_error_fails_over_and_is_typed() {
    let app = builder().await.start().await;
    for status in [500_u16, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529] {
        let expected = match status {
            503 | 529 => (503, "provider_overloaded"),
            504 | 524 => (504, "timeout"),
            _ => (502, "provider_unavailable"),
        };
        for stream in [false, true] {
            first_does(&app, json!({"headers": {"status": status}}));
            failed_over(&app, &pair(&app, stream).await, &format!("{status} stream {stream}")).await;
            let alone = app.send(&solo(&app, "mock/solo", stream)).await;
            assert_eq!(
                (alone.status, alone.error_type().as_str()),
                expected,
                "{status} stream {stream}: {}",
                alone.text()
            );
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u11_the_callers_own_mistakes_are_mapped_and_not_retried() {
    let app = builder().await.start().await;
    for (status, expected) in [(400, 400), (413, 413), (422, 422)] {
        for stream in [false, true] {
            first_does(&app, json!({"headers": {"status": status}}));
            let answer = pair(&app, stream).await;
            assert_eq!(answer.status, expected, "{}", answer.text());
            assert!(app.simulator("second").observed().is_empty(), "{status}: tried elsewhere");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u12_and_u15_refused_credentials_and_rate_limits_fail_over_without_a_word_of_the_credential() {
    let app = builder().await.start().await;
    let secret = app.table["providers"]["first"]["api_key"].as_str().unwrap().to_owned();
    for status in [401, 402, 403, 404, 429] {
        for stream in [false, true] {
            first_does(&app, json!({"headers": {"status": status, "echo_credential": true, "retry_after": "2"}}));
            let answer = pair(&app, stream).await;
            failed_over(&app, &answer, &format!("{status} stream {stream}")).await;
            let alone = app.send(&solo(&app, "mock/solo", stream)).await;
            // A text about an API key says more than the status 404 beside it.
            let expected = if status == 429 { (429, "rate_limit_exceeded") } else { (502, "provider_unavailable") };
            assert_eq!((alone.status, alone.error_type().as_str()), expected, "{status}: {}", alone.text());
            if status == 429 {
                assert_eq!(alone.header("retry-after").as_deref(), Some("2"), "{}", alone.head);
            }
            let record = app.generation(&alone.id().unwrap()).await.to_string();
            for text in [answer.text(), alone.text(), alone.head, record] {
                assert!(!text.contains(&secret), "{status}: {text}");
            }
        }
    }
    app.finish().await;
}

/// U18, U19 and U20: nonsense under status 200.
#[tokio::test(flavor = "multi_thread")]
async fn nonsense_under_a_good_status_fails_over_and_is_never_forwarded() {
    let app = builder().await.start().await;
    for fault in ["html", "text", "empty", "error_object", "truncated_json", "length_beyond_body", "deep"] {
        for stream in [false, true] {
            // A stream that has said its end mark is whole, however its connection ends.
            if stream && fault == "length_beyond_body" {
                continue;
            }
            first_does(&app, json!({"body": {"fault": fault}}));
            failed_over(&app, &pair(&app, stream).await, &format!("{fault} stream {stream}")).await;
            let alone = app.send(&solo(&app, "mock/solo", stream)).await;
            assert!([502, 503].contains(&alone.status), "{fault} stream {stream}: {} {}", alone.status, alone.text());
            assert!(!alone.text().contains('<'), "{fault}: {}", alone.text());
            assert!(alone.header("content-type").unwrap().starts_with("application/json"), "{}", alone.head);
        }
    }
    app.finish().await;
}

/// U9 and U10.
#[tokio::test(flavor = "multi_thread")]
async fn bad_heads_and_redirects_fail_over_and_nothing_is_followed() {
    let app = builder().await.start().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/v1/chat/completions", elsewhere.local_addr().unwrap());
    let mut heads: Vec<Value> =
        ["huge", "illegal_bytes", "two_lengths"].map(|fault| json!({"headers": {"malformed": fault}})).into();
    heads.extend([301, 302, 307].map(|status| json!({"headers": {"redirect": target, "redirect_status": status}})));
    for knobs in heads {
        for stream in [false, true] {
            first_does(&app, knobs.clone());
            failed_over(&app, &pair(&app, stream).await, &format!("{knobs} stream {stream}")).await;
        }
    }
    let visit = tokio::time::timeout(Duration::from_millis(50), elsewhere.accept()).await;
    assert!(visit.is_err(), "a redirect was followed");
    app.finish().await;
}

/// A provider whose every answer is good but for its head; each connection says once what it has to say.
async fn with_heads_of(head: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "first",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "from the first"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4},
    })
    .to_string();
    let head = head.replace("LENGTH", &body.len().to_string());
    let body = if head.contains("chunked") { format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()) } else { body };
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n{body}");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 16 << 10];
            if stream.read(&mut asked).await.is_ok_and(|read| read > 0) {
                // Whoever closes early has seen enough.
                let _seen_enough = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    address
}

/// U9, with answers that would be taken if their heads were good.
#[tokio::test(flavor = "multi_thread")]
async fn u9_a_good_answer_behind_a_bad_head_is_not_taken() {
    let rows = [
        ("one length", "content-length: LENGTH\r\n".to_owned(), true),
        ("chunked", "transfer-encoding: chunked\r\n".to_owned(), true),
        ("60 KiB", format!("content-length: LENGTH\r\nx-large: {}\r\n", "h".repeat(60 << 10)), true),
        ("70 KiB", format!("content-length: LENGTH\r\nx-large: {}\r\n", "h".repeat(70 << 10)), false),
        ("a length and chunked", "content-length: LENGTH\r\ntransfer-encoding: chunked\r\n".to_owned(), false),
        ("two lengths", "content-length: LENGTH\r\ncontent-length: 7\r\n".to_owned(), false),
    ];
    for (what, head, is_good) in rows {
        let app = with_first_at(with_heads_of(head).await).await;
        let answer = pair(&app, false).await;
        if is_good {
            assert_eq!(answer.content(), "from the first", "{what}: {}", answer.text());
        } else {
            failed_over(&app, &answer, what).await;
            assert!(!answer.text().contains("hhhh"), "{what}");
        }
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u21_and_u24_a_stream_that_breaks_before_content_fails_over() {
    let app = builder().await.start().await;
    for knob in ["rst_after", "fin_after", "hang_after", "end_after", "error_after"] {
        first_does(&app, json!({"body": {knob: 0}}));
        failed_over(&app, &pair(&app, true).await, knob).await;
    }
    app.finish().await;
}

fn in_band(answer: &Answer, what: &str) -> Value {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    let error = answer.stream_error().unwrap_or_else(|| panic!("{what}: no in-band error in {}", answer.text()));
    let last = answer.events().pop().unwrap();
    assert_eq!(last.pointer("/choices/0/finish_reason"), Some(&json!("error")), "{what}: {last}");
    assert!(!answer.is_done(), "{what}: a broken stream must not look whole: {}", answer.text());
    assert!(answer.is_whole(), "{what}: the connection ends in order");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn u21_and_u24_a_stream_that_breaks_after_content_ends_in_band_and_charges_what_was_delivered() {
    let app = families().await.start().await;
    for (slug, _) in FAMILIES {
        for (knob, kind) in [
            ("rst_after", "provider_unavailable"),
            ("fin_after", "provider_unavailable"),
            ("hang_after", "timeout"),
            ("end_after", "provider_unavailable"),
        ] {
            let what = format!("{slug} {knob}");
            app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": TEXT}, "body": {knob: 3}})));
            let answer = app.send(&solo(&app, &format!("mock/{slug}"), true)).await;
            let error = in_band(&answer, &what);
            assert_eq!(error.pointer("/metadata/error_type"), Some(&json!(kind)), "{what}: {error}");
            assert_eq!(answer.content(), &TEXT[..12], "{what}: exactly what the provider sent");
            let record = app.generation(&answer.id().unwrap()).await;
            assert_eq!(record["tokens_completion"], 3, "{what}: {record}");
            // Gemini reports its counts with every event, so they are known even then.
            assert_eq!(record["portolan"]["estimated"], json!(slug != "gemini-like"), "{what}: {record}");
            assert!(nanos_at(&record, "/total_cost") >= 30_000, "{what}: {record}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u23_an_error_event_in_the_middle_is_typed_and_nobody_else_is_tried() {
    let app = families().await.start().await;
    first_does(&app, json!({"body": {"error_after": 3}}));
    let answer = pair(&app, true).await;
    let error = in_band(&answer, "an error event");
    assert_eq!(error.pointer("/metadata/error_type"), Some(&json!("provider_unavailable")), "{error}");
    assert_eq!(answer.content(), &TEXT[..12]);
    assert!(app.simulator("second").observed().is_empty(), "no failover after content");
    let overloaded = json!({"answer": {"text": TEXT}, "body": {"error_after": 3, "error_status": 529}});
    app.simulator("anthropic-like").set_scenario("*", scenario(overloaded));
    let answer = app.send(&solo(&app, "mock/anthropic-like", true)).await;
    let error = in_band(&answer, "an overload event");
    assert_eq!(error.pointer("/metadata/error_type"), Some(&json!("provider_overloaded")), "{error}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u27_usage_reports_gone_wrong_never_fail_an_answer() {
    let app = families().await.start().await;
    for (slug, _) in FAMILIES {
        for mode in [
            "missing",
            "zero",
            "twice",
            "decreasing",
            "negative",
            "huge",
            "text",
            "inconsistent",
            "only_cached",
            "first",
        ] {
            for stream in [false, true] {
                let what = format!("{slug} {mode} stream {stream}");
                app.simulator(slug)
                    .set_scenario("*", scenario(json!({"answer": {"text": TEXT}, "usage": {"mode": mode}})));
                let answer = app.send(&solo(&app, &format!("mock/{slug}"), stream)).await;
                assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{what}: {}", answer.text());
                let record = app.generation(&answer.id().unwrap()).await;
                assert!(nanos_at(&record, "/total_cost") >= 0, "{what}: {record}");
            }
        }
    }
    app.finish().await;
}
