//! Rows of authentication, media types and sizes.

use super::{app, check, row, typed};
use serde_json::json;
use testkit::{Ask, TestApp};

fn chat() -> Ask {
    Ask::say("mock/echo", "hi", false)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_key_is_refused_alike_on_every_guarded_route() {
    let app = app().await;
    let key = app.key.clone();
    let (other, hash) = app.new_key(&json!({"name": "other"})).await;
    let (gone, gone_hash) = app.new_key(&json!({"name": "gone"})).await;
    app.manage("DELETE", &format!("/api/v1/keys/{gone_hash}"), None).await;
    let mut rows = Vec::new();
    for (name, ask) in [
        ("chat", chat()),
        ("key", Ask::get("/api/v1/key")),
        ("keys", Ask::get("/api/v1/keys")),
        ("credits", Ask::get("/api/v1/credits")),
    ] {
        let mut add = |what: &str, ask: Ask| rows.push(typed(&format!("{name}: {what}"), &ask, 401, "authentication"));
        add("none", ask.clone());
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjpwYXNz",
            "Digest x",
            "Bearer\tx",
            &format!("Bearer  {key}"),
            &format!("Bearer {key} {key}"),
            &format!("Token {key}"),
            "Bearer sk-or-v1-",
            "Bearer sk-or-v1-zz",
            &format!("Bearer {key}x"),
            &format!("Bearer {}", &key[..key.len() - 1]),
            &format!("Bearer sk-or-v1-{}", "0".repeat(64)),
            &format!("Bearer xx-or-v1-{}", &key[9..]),
            "Bearer ' OR 1=1 --",
            "Bearer %00",
            &format!("Bearer {hash}"),
            &format!("Bearer {}", "a".repeat(10_000)),
            "Bearer sk-\u{e9}",
            &format!("Bearer {gone}"),
        ] {
            add(&format!("authorization {value:.40?}"), ask.clone().header("authorization", value));
        }
        add(
            "key in a cookie",
            ask.clone().header("cookie", &format!("key={key}; authorization=Bearer {key}; portolan_session={key}")),
        );
        rows.push(typed(
            &format!("{name}: two keys"),
            &ask.clone().key(&key).header("x-api-key", &other),
            400,
            "invalid_request",
        ));
    }
    rows.push(typed(
        "key in the query",
        &Ask::get(&format!("/api/v1/key?key={key}&api_key={key}&access_token={key}")),
        401,
        "authentication",
    ));
    rows.push(typed("management key for inference", &chat().key(&app.management), 403, "permission_denied"));
    rows.push(typed("inference key for management", &Ask::get("/api/v1/keys").key(&key), 403, "permission_denied"));
    check(&app, rows).await;
    let anonymous = app.send(&chat()).await;
    assert!(anonymous.header("www-authenticate").is_some(), "{}", anonymous.head);
    for spelling in ["bearer", "BEARER", "Bearer"] {
        let answer = app.send(&Ask::get("/api/v1/key").header("authorization", &format!("{spelling} {key}"))).await;
        assert_eq!(answer.status, 200, "{spelling}");
    }
    app.finish().await;
}

fn with_type(app: &TestApp, path: &str, key: &str, kind: Option<&str>) -> Ask {
    let body =
        if path.ends_with("keys") { json!({"name": "n"}) } else { json!({"model": "mock/none", "messages": []}) };
    let ask = Ask::new("POST", path).key(key).body(body.to_string().as_bytes());
    let _ = app;
    kind.map_or(ask.clone(), |kind| ask.header("content-type", kind))
}

#[tokio::test(flavor = "multi_thread")]
async fn other_media_types_and_encodings_are_refused() {
    let app = app().await;
    let mut rows = Vec::new();
    for (path, key) in [("/api/v1/chat/completions", app.key.clone()), ("/api/v1/keys", app.management.clone())] {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/xml",
        ] {
            rows.push(typed(
                &format!("{path} {kind}"),
                &with_type(&app, path, &key, Some(kind)),
                415,
                "invalid_request",
            ));
        }
        for coding in ["br", "deflate", "gzip, gzip", "x"] {
            let ask = with_type(&app, path, &key, Some("application/json")).header("content-encoding", coding);
            rows.push(typed(&format!("{path} content-encoding {coding}"), &ask, 415, "invalid_request"));
        }
    }
    rows.push(typed(
        "keys without a type",
        &with_type(&app, "/api/v1/keys", &app.management, None),
        415,
        "invalid_request",
    ));
    rows.push(typed(
        "gzip that is none",
        &with_type(&app, "/api/v1/chat/completions", &app.key, Some("application/json"))
            .header("content-encoding", "gzip"),
        400,
        "invalid_request",
    ));
    check(&app, rows).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_above_the_limit_are_refused_after_authentication() {
    let app = app().await;
    let declared = |ask: Ask, length: u64| {
        ask.header("content-type", "application/json").header("content-length", &length.to_string()).body(b"{")
    };
    let chat = || Ask::new("POST", "/api/v1/chat/completions");
    let keys = || Ask::new("POST", "/api/v1/keys");
    let mut rows = vec![
        typed("chat, declared", &declared(chat().key(&app.key), 40 << 20), 413, "payload_too_large"),
        typed("chat, declared by a stranger", &declared(chat(), 40 << 20), 401, "authentication"),
        typed("keys, declared", &declared(keys().key(&app.management), 300 << 10), 413, "payload_too_large"),
        typed("keys, declared by a stranger", &declared(keys(), 300 << 10), 401, "authentication"),
    ];
    let big = format!("{{\"name\":\"{}\"}}", "a".repeat(300 << 10));
    let chunked = format!("{:x}\r\n{big}\r\n0\r\n\r\n", big.len());
    let ask =
        keys().key(&app.management).header("content-type", "application/json").header("transfer-encoding", "chunked");
    rows.push(typed("keys, while reading", &ask.body(chunked.as_bytes()), 413, "payload_too_large"));
    rows.push(row("health with a body", Ask::get("/health/live").body(b"{}").bytes(), &[200]));
    check(&app, rows).await;
    app.finish().await;
}

/// Read routes: ids and ranges that mean nothing.
#[tokio::test(flavor = "multi_thread")]
async fn read_routes_refuse_nonsense() {
    let app = app().await;
    let get = |path: &str| Ask::get(path).key(&app.management);
    let mut rows = Vec::new();
    for id in
        ["", "x", "%27%20OR%201%3D1", "%25", "_", "%00", "gen-00000000-0000-7000-8000-000000000000", &"a".repeat(1024)]
    {
        rows.push(typed(
            &format!("generation {id:.20}"),
            &get(&format!("/api/v1/generation?id={id}")),
            404,
            "not_found",
        ));
    }
    for query in ["offset=-1", "offset=ten", "offset=1.5", "offset=1&offset=2"] {
        rows.push(typed(query, &get(&format!("/api/v1/keys?{query}")), 400, "invalid_request"));
    }
    for date in ["2026-02-30", "yesterday", "12026-01-01", "2026-11-21T10:00"] {
        rows.push(typed(
            &format!("activity {date}"),
            &get(&format!("/api/v1/activity?date={date}")),
            400,
            "invalid_request",
        ));
    }
    for hash in ["x", "%2e%2e", &"0".repeat(63), &"0".repeat(64), &"g".repeat(64)] {
        rows.push(typed(&format!("key {hash:.10}"), &get(&format!("/api/v1/keys/{hash}")), 404, "not_found"));
    }
    check(&app, rows).await;
    app.finish().await;
}
