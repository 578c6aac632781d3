//! Faults before, in and after the head.

use serde_json::{Value, json};

use crate::client::{Ended, KINDS, Kind, PATIENCE, send, start};

#[tokio::test]
async fn every_status_has_the_familys_error_body() {
    let simulator = start().await;
    for (status, openai, anthropic, gemini) in [
        (400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"),
        (401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED"),
        (402, "insufficient_quota", "billing_error", "INVALID_ARGUMENT"),
        (403, "invalid_request_error", "permission_error", "PERMISSION_DENIED"),
        (404, "invalid_request_error", "not_found_error", "NOT_FOUND"),
        (413, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT"),
        (429, "requests", "rate_limit_error", "RESOURCE_EXHAUSTED"),
        (500, "server_error", "api_error", "INTERNAL"),
        (503, "server_error", "api_error", "UNAVAILABLE"),
        (529, "server_error", "overloaded_error", "INTERNAL"),
    ] {
        for (kind, expected) in KINDS.iter().zip([openai, anthropic, gemini]) {
            let model = format!("m~headers.status={status}~headers.retry_after=soon~headers.error_message=why");
            for stream in [false, true] {
                let reply = kind.ask(simulator.address(), &model, "x", stream).await;
                assert_eq!(reply.status, status);
                assert_eq!(kind.error_kind(&reply.json()), expected, "{kind:?} {status}");
                assert_eq!(reply.json()["error"]["message"], "why");
                assert_eq!(reply.header("retry-after").as_deref(), Some("soon"));
            }
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn first_requests_are_refused_then_all_is_well() {
    let simulator = start().await;
    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(Kind::OpenAi.ask(simulator.address(), "m~headers.refuse_first=2", "x", false).await.status);
    }
    assert_eq!(found, [429, 429, 200, 200]);
    simulator.clear();
    assert_eq!(Kind::OpenAi.ask(simulator.address(), "m~headers.refuse_first=2", "x", false).await.status, 429);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_share_of_failures_follows_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let simulator = start().await;
        let mut run = Vec::new();
        for _ in 0..60 {
            run.push(Kind::OpenAi.ask(simulator.address(), "m~headers.fail_share=0.5", "x", false).await.status);
        }
        simulator.shutdown().await;
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let failed = runs[0].iter().filter(|status| **status == 500).count();
    assert!((15..45).contains(&failed), "{failed} of 60");
}

#[tokio::test]
async fn connections_end_as_told_before_the_head() {
    let simulator = start().await;
    for (knob, ended) in [("rst", Ended::Reset), ("fin", Ended::Closed), ("hang", Ended::Stalled)] {
        for kind in KINDS {
            let model = format!("m~headers.{knob}=true");
            let reply = kind.ask_for(simulator.address(), &model, "x", true, ended.patience()).await;
            assert_eq!((reply.ended, reply.raw.len()), (ended, 0), "{kind:?} {knob}");
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn streams_end_as_told_after_so_many_content_events() {
    let simulator = start().await;
    for (knob, ended) in [
        ("rst_after", Ended::Reset),
        ("fin_after", Ended::Closed),
        ("hang_after", Ended::Stalled),
        ("end_after", Ended::Complete),
    ] {
        for kind in KINDS {
            for after in [0_usize, 1, 3] {
                let model = format!("m~answer.tokens=9~body.{knob}={after}");
                let reply = kind.ask_for(simulator.address(), &model, "x", true, ended.patience()).await;
                assert_eq!(reply.ended, ended, "{kind:?} {model}");
                assert_eq!(kind.stream_text(&reply).len(), after * 4, "{kind:?} {model}: {}", reply.text());
                assert!(kind.finishes(&reply).is_empty());
                assert_eq!(after == 0, reply.body.is_empty());
            }
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn plain_bodies_break_off_in_the_middle() {
    let simulator = start().await;
    for (knob, ended) in [("rst_after", Ended::Reset), ("fin_after", Ended::Closed), ("hang_after", Ended::Stalled)] {
        let model = format!("m~body.{knob}=1");
        let reply = Kind::Anthropic.ask_for(simulator.address(), &model, "x", false, ended.patience()).await;
        assert_eq!((reply.status, reply.ended), (200, ended));
        assert!(!reply.body.is_empty() && serde_json::from_slice::<Value>(&reply.body).is_err());
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn errors_come_in_the_middle_of_a_stream_or_first() {
    let simulator = start().await;
    for (kind, expected) in
        [(Kind::OpenAi, "server_error"), (Kind::Anthropic, "overloaded_error"), (Kind::Gemini, "INTERNAL")]
    {
        for after in [0, 2] {
            let model = format!("m~answer.tokens=9~body.error_after={after}~body.error_status=529");
            let reply = kind.ask(simulator.address(), &model, "x", true).await;
            assert_eq!((reply.status, reply.ended), (200, Ended::Complete));
            let last = reply.events().pop().unwrap();
            assert_eq!(kind.error_kind(&last), expected);
            assert_eq!(kind.stream_text(&reply).len(), after * 4);
            assert!(!reply.text().contains("[DONE]"));
        }
        let reply = kind.ask(simulator.address(), "m~body.fault=error_object", "x", true).await;
        assert_eq!(reply.events().len(), 1);
        assert!(reply.events()[0].get("error").is_some());
        let reply = kind.ask(simulator.address(), "m~body.fault=error_object", "x", false).await;
        assert_eq!(reply.status, 200);
        assert!(reply.json().get("error").is_some());
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn content_is_wrong_in_each_way() {
    let simulator = start().await;
    for kind in KINDS {
        for stream in [false, true] {
            for fault in
                ["html", "text", "empty", "truncated_json", "invalid_utf8", "huge_number", "deep", "duplicate_keys"]
            {
                let model = format!("m~body.fault={fault}");
                let reply = kind.ask(simulator.address(), &model, "x", stream).await;
                let place = format!("{kind:?} {fault} {stream}: {}", reply.text());
                assert_eq!((reply.status, reply.ended), (200, Ended::Complete), "{place}");
                let whole = |data: &str| data == "[DONE]" || serde_json::from_str::<Value>(data).is_ok();
                let parsed = match stream {
                    true => !reply.data().is_empty() && reply.data().iter().all(|data| whole(data)),
                    false => whole(&reply.text()),
                };
                match fault {
                    "html" => assert!(reply.text().starts_with("<!DOCTYPE html>"), "{place}"),
                    "text" => assert_eq!(reply.header("content-type").as_deref(), Some("text/plain; charset=utf-8")),
                    "empty" => assert!(reply.body.is_empty(), "{place}"),
                    "invalid_utf8" => assert!(String::from_utf8(reply.body.clone()).is_err(), "{place}"),
                    "duplicate_keys" => assert!(parsed, "{place}"),
                    _ => assert!(!parsed, "{place}"),
                }
            }
        }
    }
    let long = Kind::OpenAi.ask(simulator.address(), "m~body.fault=length_beyond_body", "x", false).await;
    assert_eq!(long.ended, Ended::Closed);
    let large = Kind::OpenAi.ask(simulator.address(), "m~body.fault=nine_mib", "x", true).await;
    assert!(large.body.len() > 9 * 1024 * 1024);
    simulator.shutdown().await;
}

#[tokio::test]
async fn heads_are_malformed_as_told() {
    let simulator = start().await;
    for (fault, mark) in [
        ("huge", "hhhhhhhhhh"),
        ("illegal_bytes", "a\u{1}b\u{0}c"),
        ("two_lengths", "content-length: 2\r\ncontent-length: 7"),
        ("length_and_chunked", "content-length: 2\r\ntransfer-encoding: chunked"),
    ] {
        let reply = Kind::OpenAi.ask(simulator.address(), &format!("m~headers.malformed={fault}"), "x", false).await;
        assert!(String::from_utf8_lossy(&reply.raw).contains(mark), "{fault}");
    }
    let reply = Kind::OpenAi.ask(simulator.address(), "m~headers.early_hints=true", "x", false).await;
    assert!(reply.raw.starts_with(b"HTTP/1.1 103 Early Hints\r\n"));
    assert_eq!(reply.status, 200);
    assert_eq!(Kind::OpenAi.plain_text(&reply.json()), "You said: x");
    simulator.shutdown().await;
}

#[tokio::test]
async fn redirects_hostile_headers_and_wrong_clocks() {
    let simulator = start().await;
    let line = json!({"headers": {
        "redirect": "http://127.0.0.2:1/elsewhere", "redirect_status": 302, "extra": {"x-evil": "<script>"},
        "date_offset_h": 48, "content_type": "text/evil",
    }});
    let text = format!("x\nSIM:{line}");
    let reply = Kind::OpenAi.ask(simulator.address(), "m", &text, false).await;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location").as_deref(), Some("http://127.0.0.2:1/elsewhere"));
    assert_eq!(reply.header("x-evil").as_deref(), Some("<script>"));
    assert_eq!(reply.header("content-type").as_deref(), Some("text/evil"));
    let now = Kind::OpenAi.ask(simulator.address(), "m", "x", false).await;
    assert_ne!(
        reply.header("date").map(|date| date[..16].to_owned()),
        now.header("date").map(|date| date[..16].to_owned())
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_credential_is_echoed_only_when_told() {
    let simulator = start().await;
    for (knobs, echoed) in [("", false), ("~headers.echo_credential=true", true)] {
        let (request, body) = Kind::OpenAi.request(&format!("m~headers.status=401{knobs}"), "x", false);
        let headers = [("authorization", "Bearer sk-canary")];
        let reply = send(simulator.address(), &request, &headers, &body.to_string(), PATIENCE).await;
        assert_eq!(reply.text().contains("sk-canary"), echoed);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn delays_are_kept() {
    let simulator = start().await;
    for knob in ["headers.delay_ms", "body.delay_ms", "body.chunk_delay_ms"] {
        let began = std::time::Instant::now();
        let model = format!("m~answer.tokens=1~{knob}=60");
        Kind::OpenAi.ask(simulator.address(), &model, "x", true).await;
        assert!(began.elapsed().as_millis() >= 60, "{knob}");
    }
    simulator.shutdown().await;
}
