//! Rows of HTTP itself, sent as raw bytes.

use super::{app, check, row};
use std::time::Duration;
use testkit::Ask;

const CHAT: &str = r#"{"model":"mock/echo","messages":[{"role":"user","content":"hi"}]}"#;

fn get(head: &str) -> Vec<u8> {
    format!("GET /api/v1/models HTTP/1.1\r\nconnection: close\r\n{head}\r\n").into_bytes()
}

fn post(key: &str, head: &str, body: &str) -> Vec<u8> {
    let fixed = "POST /api/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
    format!("{fixed}\r\nauthorization: Bearer {key}\r\n{head}\r\n{body}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_or_the_connection_is_closed() {
    let app = app().await;
    let rows = vec![
        row("garbage", *b"\x00\x01\x02 what is this\r\n\r\n", &[0, 400]),
        row("TLS hello", *b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", &[0, 400, 408]),
        row("HTTP/0.9", *b"GET /api/v1/models\r\n\r\n", &[0, 400]),
        row("HTTP/3.7", *b"GET /api/v1/models HTTP/3.7\r\nhost: localhost\r\n\r\n", &[0, 400]),
        row("a header that never ends", *b"GET /api/v1/models HTTP/1.1\r\nhost: local", &[0, 408]),
        row("no host", get(""), &[400]),
        row("two hosts", get("host: a\r\nhost: b\r\n"), &[400]),
        row("host with a path", get("host: a/b\r\n"), &[400]),
        row("host with user information", get("host: a@b\r\n"), &[400]),
        row("host with a space", get("host: a b\r\n"), &[400]),
        row("host with a query", get("host: a?b\r\n"), &[400]),
        row("host of 300 characters", get(&format!("host: {}\r\n", "a".repeat(300))), &[400]),
        row("foreign host", get("host: evil.example\r\n"), &[200]),
        row(
            "absolute form",
            *b"GET http://evil.example/api/v1/models HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
            &[200],
        ),
        row(
            "URI above 8 KiB",
            format!("GET /api/v1/models?a={} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "a".repeat(9_000)),
            &[414],
        ),
        row(
            "headers above 32 KiB",
            get(&format!("host: a\r\n{}", format!("x-a: {}\r\n", "a".repeat(7_000)).repeat(5))),
            &[431],
        ),
        row("one header above 16 KiB", get(&format!("host: a\r\nx-a: {}\r\n", "a".repeat(17_000))), &[431]),
        row("more than 100 headers", get(&format!("host: a\r\n{}", "x-a: b\r\n".repeat(101))), &[431]),
        row("folded header", get("host: a\r\nx-a: b\r\n c\r\n"), &[400]),
        row("space before the colon", get("host: a\r\nx-a : b\r\n"), &[400]),
        row("illegal bytes in a name", get("host: a\r\nx\x01a: b\r\n"), &[400]),
        row("NUL in a value", get("host: a\r\nx-a: b\x00c\r\n"), &[400]),
        row("underscore in the place of a trusted name", get("host: a\r\nx_forwarded_for: 10.0.0.1\r\n"), &[400]),
    ];
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_framing_is_refused_instead_of_guessed() {
    let app = app().await;
    let key = app.key.clone();
    let mut rows = Vec::new();
    for length in ["+66", "66,66", "-1", "0x42", "18446744073709551616", "66 66", ""] {
        rows.push(row(
            &format!("content-length {length:?}"),
            post(&key, &format!("content-length: {length}\r\n"), CHAT),
            &[400],
        ));
    }
    rows.push(row("two lengths", post(&key, "content-length: 66\r\ncontent-length: 67\r\n", CHAT), &[400]));
    let agreeing = format!("content-length: {0}\r\ncontent-length: {0}\r\n", CHAT.len());
    rows.push(row("two lengths that agree", post(&key, &agreeing, CHAT), &[400]));
    let chunked = format!("{:x}\r\n{CHAT}\r\n0\r\n\r\n", CHAT.len());
    rows.push(row(
        "length and chunks",
        post(&key, "content-length: 66\r\ntransfer-encoding: chunked\r\n", &chunked),
        &[400],
    ));
    for coding in ["xchunked", "chunked, identity", "identity", "gzip, chunked", "chunked, chunked"] {
        let head = format!("transfer-encoding: {coding}\r\n");
        rows.push(row(&format!("transfer-encoding {coding:?}"), post(&key, &head, &chunked), &[400, 501]));
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n";
    rows.push(row("transfer-encoding twice", post(&key, twice, &chunked), &[400]));
    let old = format!(
        "POST /api/v1/chat/completions HTTP/1.0\r\nhost: a\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunked}"
    );
    rows.push(row("chunks in HTTP/1.0", old, &[400]));
    let head = "transfer-encoding: chunked\r\nconnection: close\r\n";
    for (what, body) in [
        ("chunk of 2^63 bytes", format!("8000000000000000\r\n{CHAT}\r\n0\r\n\r\n")),
        ("chunk without line end", format!("{:x}\r\n{CHAT}0\r\n\r\n", CHAT.len())),
        ("chunk size that is no number", format!("zz\r\n{CHAT}\r\n0\r\n\r\n")),
        ("chunk extension of 64 KiB", format!("{:x};{}\r\n{CHAT}\r\n0\r\n\r\n", CHAT.len(), "a".repeat(65_536))),
    ] {
        rows.push(row(what, post(&key, head, &body), &[0, 400, 408]));
    }
    let declared = "content-length: 1000\r\nconnection: close\r\n";
    rows.push(row("a body that stops in the middle", post(&key, declared, CHAT), &[408]));
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_reaches_a_guarded_route() {
    let app = app().await;
    let mut rows = Vec::new();
    for path in [
        "/api/v1/nothing",
        "//api/v1/keys",
        "/api//v1/keys",
        "/api/v1/../v1/keys",
        "/api/v1/./keys",
        "/api/v1/%2e%2e/v1/keys",
        "/api/v1%2Fkeys",
        "/api/v1/keys;a=b",
        "/api/v1/keys/",
        "/API/V1/KEYS",
        "/api/v1/keys%00",
        "/api/v1/key\\s",
        "/api/v2/keys",
    ] {
        // Even for somebody who may use the real route.
        let bytes = Ask::get(path).key(&app.management).bytes();
        rows.push(row(path, bytes, &[400, 404]));
    }
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_a_route_does_not_have_are_named_in_allow() {
    let app = app().await;
    for (method, path) in [
        ("PROPFIND", "/api/v1/models"),
        ("TRACE", "/api/v1/models"),
        ("post", "/api/v1/chat/completions"),
        ("GET", "/api/v1/chat/completions"),
        ("PUT", "/api/v1/keys"),
        ("DELETE", "/api/v1/credits"),
    ] {
        let answer = app.send(&Ask::new(method, path).key(&app.management)).await;
        assert_eq!(
            (answer.status, answer.error_type().as_str()),
            (405, "invalid_request"),
            "{method} {path}: {}",
            answer.text()
        );
        assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}: {}", answer.head);
    }
    let connect = testkit::exchange(
        app.address,
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        Duration::from_secs(8),
    )
    .await;
    assert!([0, 400, 404, 405].contains(&connect.status), "{}", connect.head);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_ignored_and_the_next_request_stands_for_itself() {
    let app = app().await;
    let first =
        Ask::get("/api/v1/key").key(&app.key).header("upgrade", "foo").header("connection", "upgrade").keep_alive();
    let bytes = [first.bytes(), Ask::get("/api/v1/key").bytes()].concat();
    let raw = testkit::exchange(app.address, &bytes, Duration::from_secs(8)).await;
    assert_eq!(raw.status, 200, "{}", raw.head);
    let second = raw.text();
    let second = &second[second.find("HTTP/1.1").expect("a second answer")..];
    assert!(second.starts_with("HTTP/1.1 401"), "the second request has no key of its own: {second}");
    let odd = app.send(&Ask::get("/api/v1/models").header("expect", "the-unexpected")).await;
    assert_eq!(odd.status, 417, "{}", odd.head);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_of_any_origin_may_call_the_api_and_none_the_console() {
    let app = app().await;
    let preflight = Ask::new("OPTIONS", "/api/v1/chat/completions").header("origin", "https://evil.example");
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-odd, authorization");
    let answer = app.send(&preflight).await;
    assert_eq!(answer.status, 204, "{}", answer.head);
    assert!(!answer.head.contains("x-odd"), "headers are reflected: {}", answer.head);
    let answer =
        app.send(&Ask::say("mock/echo", "hi", false).key(&app.key).header("origin", "https://evil.example")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let cookie = app.sign_in().await;
    let ask = Ask::json("POST", "/console/api/v1/keys", &serde_json::json!({"name": "x"})).header("cookie", &cookie);
    let foreign = app.send(&ask.clone().header("x-portolan-csrf", "1").header("origin", "https://evil.example")).await;
    assert_eq!((foreign.status, foreign.error_type().as_str()), (403, "permission_denied"), "{}", foreign.text());
    let bare = app.send(&ask).await;
    assert_eq!(bare.status, 403, "{}", bare.text());
    app.finish().await;
}
