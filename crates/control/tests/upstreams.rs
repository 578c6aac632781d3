//! Provider connections that are added at run time.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use control::upstream::stored_secret;
use house::House;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

#[tokio::test]
async fn a_connection_lives_from_adding_to_deleting() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let secret = "sk-upstream-canary-0123456789";
    let body = json!({"slug": "acme", "key": format!(" {secret}\n")}).to_string();
    let added = house.post("/api/v1/upstreams").key(&tenant.management).json(&body).send().await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert!(!added.text().contains(secret));
    let data = added.json()["data"].clone();
    assert_eq!(data["base_url"], "https://api.acme.example/v1");
    assert_eq!((&data["key_label"], &data["name"]), (&json!("…6789"), &json!("Acme AI")));
    assert_eq!((&data["source"], &data["disabled"]), (&json!("store"), &json!(false)));
    assert_eq!(house.wires.reloads.load(Ordering::SeqCst), 1);
    let stored = house.store.upstream_list().await.expect("list");
    let opened = stored_secret(&stored[0], house.control.seal.as_ref()).expect("opens").expect("a secret");
    assert_eq!(opened.expose(), secret);
    house.store.checkpoint().await.expect("checkpoint");
    let bytes = house.database_bytes();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "sealed at rest");
    let again = house.post("/api/v1/upstreams").key(&tenant.management).json(&body).send().await;
    assert_eq!((again.status.as_u16(), again.error_type().as_str()), (409, "precondition_failed"));
    let patch =
        async |body: &str| house.ask("PATCH", "/api/v1/upstreams/acme").key(&tenant.management).json(body).send().await;
    let changed = patch(r#"{"disabled":true,"base_url":"http://127.0.0.1:9/v1/"}"#).await.json()["data"].clone();
    assert_eq!((&changed["disabled"], &changed["base_url"]), (&json!(true), &json!("http://127.0.0.1:9/v1")));
    assert_eq!(changed["key_label"], "…6789", "kept");
    assert_eq!(patch(r#"{"key":null}"#).await.json()["data"]["key_label"], Value::Null);
    assert_eq!(patch("{}").await.status, 400);
    let list = house.get("/api/v1/upstreams").key(&tenant.management).send().await.json();
    assert_eq!(list["data"].as_array().expect("list").len(), 1);
    let deleted = house.ask("DELETE", "/api/v1/upstreams/acme").key(&tenant.management).send().await;
    assert_eq!(deleted.text(), r#"{"deleted":true}"#);
    assert_eq!(house.ask("DELETE", "/api/v1/upstreams/acme").key(&tenant.management).send().await.status, 404);
    assert_eq!(patch(r#"{"disabled":true}"#).await.status, 404);
}

#[tokio::test]
async fn bad_connections_are_refused() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let huge = json!({"slug": "acme", "key": "x".repeat(20 << 10)}).to_string();
    for (body, field) in [
        ("{}", "slug"),
        (r#"{"slug":"nobody"}"#, "slug"),
        (r#"{"slug":"acme","base_url":"ftp://a"}"#, "base_url"),
        (r#"{"slug":"acme","base_url":"/v1"}"#, "base_url"),
        (r#"{"slug":"acme","base_url":"https://user:pw@a/v1"}"#, "base_url"),
        (r#"{"slug":"acme","base_url":"https://a/v1?x=1"}"#, "base_url"),
        (r#"{"slug":"acme","base_url":"https://a/v1#x"}"#, "base_url"),
        (r#"{"slug":"acme","base_url":"https://a/\r\nx"}"#, "base_url"),
        (r#"{"slug":"acme","key":""}"#, "key"),
        (r#"{"slug":"acme","key":"  "}"#, "key"),
        (r#"{"slug":"acme","key":"a\u0000b"}"#, "key"),
        (r#"{"slug":"acme","key":5}"#, "key"),
        (r#"{"slug":"acme","disabled":"no"}"#, "disabled"),
        (&huge, "key"),
    ] {
        let answer = house.post("/api/v1/upstreams").key(&tenant.management).json(body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.starts_with(&format!("{field}: ")), "{body}: {message}");
    }
    assert_eq!(house.wires.reloads.load(Ordering::SeqCst), 0);
    assert!(house.store.upstream_list().await.expect("list").is_empty());
}

#[tokio::test]
async fn testing_and_reloading_ask_the_server() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let mut table = edge::upstream::Upstreams::default();
    table.put(edge::upstream::Upstream {
        slug: "bolt".to_owned(),
        base_url: "https://api.bolt.example/v1".to_owned(),
        secret: Some(edge::upstream::Secret::new("sk-environment-0123456789")),
        disabled: false,
        source: edge::upstream::UpstreamSource::Environment,
    });
    house.control.upstreams.store(std::sync::Arc::new(table));
    let tested = house.post("/api/v1/upstreams/bolt/test").key(&tenant.management).send().await.json();
    assert_eq!(tested["data"], json!({"ok": true, "status": 200, "message": "bolt answered", "latency_ms": 3}));
    assert_eq!(house.post("/api/v1/upstreams/acme/test").key(&tenant.management).send().await.status, 404);
    assert_eq!(house.wires.probes.load(Ordering::SeqCst), 1);
    let list = house.get("/api/v1/upstreams").key(&tenant.management).send().await.json();
    assert_eq!((&list["data"][0]["source"], &list["data"][0]["key_label"]), (&json!("environment"), &json!("…6789")));
    let answer =
        house.ask("PATCH", "/api/v1/upstreams/bolt").key(&tenant.management).json(r#"{"disabled":true}"#).send().await;
    assert_eq!(answer.status, 404, "configured elsewhere");
    let reloaded = house.post("/api/v1/reload").key(&tenant.management).send().await.json();
    assert_eq!(reloaded["data"], json!({"models": 6, "upstreams": 1}));
    assert_eq!(house.wires.reloads.load(Ordering::SeqCst), 1);
}
