//! Media by address.

use super::site::Site;
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::Family;
use testkit::{AppBuilder, Model, TestApp};

/// The smallest head of an image that has a size.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";
const PNG_BASE64: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAAA=";

/// A server that may fetch from `site` under the name `media.example.com`.
async fn builder(site: &Site) -> AppBuilder {
    let media = json!(["text", "image", "audio"]);
    let model = |id: &str| Model::new(id).with("input_modalities", media.clone());
    TestApp::builder(BINARY)
        .simulated("gemini", Family::Gemini)
        .await
        .simulated("spare", Family::Gemini)
        .await
        .simulated("anthropic", Family::Anthropic)
        .await
        .simulated("openai", Family::OpenAi)
        .await
        .model(model("mock/gemini").at("gemini", "1", "1").at("spare", "1", "1"))
        .model(model("mock/anthropic").at("anthropic", "1", "1"))
        .model(model("mock/openai").at("openai", "1", "1"))
        .setting(
            "egress",
            json!({"allow_http": true, "time": "2s", "hosts": {"media.example.com": site.address.to_string()}}),
        )
}

fn looking_at(model: &str, url: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "max_tokens": 50, "provider": {"order": ["gemini", "spare"]}, "messages": [
        {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]}]})
}

fn sha256(text: &str) -> Option<String> {
    Some(hex::encode(Sha256::digest(text.as_bytes())))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_by_address_is_fetched_once_for_a_format_that_wants_the_image_itself() {
    let site = Site::start(&[("/a.png", "image/png", PNG)]).await;
    let app = builder(&site).await.start().await;
    app.simulator("gemini").set_scenario("*", scenario(json!({"headers": {"status": 500}})));
    let contents = format!(
        r#"[{{"role":"user","parts":[{{"text":"look"}},{{"inlineData":{{"mimeType":"image/png","data":"{PNG_BASE64}"}}}}]}}]"#
    );
    for (round, stream) in [(1, false), (2, true)] {
        let answer = app.chat(&looking_at("mock/gemini", "http://media.example.com/a.png", stream)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(site.asked(), round, "once for both attempts");
        for slug in ["gemini", "spare"] {
            let seen = app.simulator(slug).observed();
            assert_eq!(seen.last().unwrap().messages_sha256, sha256(&contents), "{slug}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_goes_as_it_is_to_providers_that_fetch_themselves() {
    let site = Site::start(&[]).await;
    let app = builder(&site).await.start().await;
    for model in ["mock/anthropic", "mock/openai"] {
        let answer = app.chat(&looking_at(model, "http://media.example.com/a.png", false)).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
    }
    let caller = looking_at("m", "http://media.example.com/a.png", false)["messages"].to_string();
    assert_eq!(app.simulator("openai").observed()[0].messages_sha256, sha256(&caller));
    assert_eq!(site.asked(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_cannot_be_had_are_refused_in_public_words_and_cost_nothing() {
    let large = [PNG, &[0; 70_000]].concat();
    let bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\x02\0\0\0";
    let site = Site::start(&[
        ("/large.png", "image/png", &large),
        ("/bomb.png", "image/png", bomb),
        ("/cut.png", "image/png", &PNG[..20]),
        ("/page", "image/png", b"<!doctype html>"),
        ("/drawing.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("/empty", "image/png", b""),
    ])
    .await;
    let builder =
        builder(&site).await.setting("egress.item_bytes", json!(65_536)).setting("egress.time", json!("300ms"));
    let app = builder.start().await;
    let before = app.credits().await;
    for (url, status, kind) in [
        ("http://media.example.com/missing.png", 404, "image_not_found"),
        ("http://media.example.com/large.png", 400, "image_too_large"),
        ("http://media.example.com/bomb.png", 400, "image_too_large"),
        ("http://media.example.com/cut.png", 400, "invalid_image"),
        ("http://media.example.com/page", 400, "unsupported_image_format"),
        ("http://media.example.com/drawing.svg", 400, "unsupported_image_format"),
        ("http://media.example.com/empty", 400, "image_download_failed"),
        ("http://media.example.com/hangs", 400, "image_download_failed"),
        ("http://1.1.1.1:8080/a.png", 400, "image_download_failed"),
        ("http://127.0.0.1/a.png", 400, "invalid_image"),
        ("http://169.254.169.254/latest", 400, "invalid_image"),
        ("file:///etc/passwd", 400, "invalid_image"),
    ] {
        for stream in [false, true] {
            let answer = app.chat(&looking_at("mock/gemini", url, stream)).await;
            assert_eq!((answer.status, answer.error_type().as_str()), (status, kind), "{url}: {}", answer.text());
            for word in ["media.example.com", "127.0.0.1", "1.1.1.1", "169.254"] {
                assert!(!answer.text().contains(word), "{url}: {}", answer.text());
            }
        }
    }
    assert!(app.simulator("gemini").observed().is_empty() && app.simulator("spare").observed().is_empty());
    assert_eq!(app.credits().await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_needs_no_fetching_serves_when_the_content_cannot_be_had() {
    let site = Site::start(&[]).await;
    let app = builder(&site).await.start().await;
    let mut ask = looking_at("mock/gemini", "http://media.example.com/a.png", false);
    ask["models"] = json!(["mock/gemini", "mock/openai"]);
    let answer = app.chat(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["model"], "mock/openai");
    assert_eq!(site.asked(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_not_name_more_than_the_limit() {
    let site = Site::start(&[("/a.png", "image/png", PNG)]).await;
    let app = builder(&site).await.setting("egress.items", json!(2)).start().await;
    let ask = |count: usize| {
        let image = |at: usize| json!({"type": "image_url", "image_url": {"url": format!("http://media.example.com/a.png?{at}")}});
        json!({"model": "mock/gemini", "messages": [{"role": "user", "content": (0..count).map(image).collect::<Vec<_>>()}]})
    };
    // The site knows no queries: what counts here is who was asked.
    assert_eq!(app.chat(&ask(2)).await.status, 404);
    assert_eq!(site.asked(), 2);
    assert_eq!(app.chat(&ask(40)).await.status, 404);
    assert_eq!(site.asked(), 4, "no more than the limit is fetched");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unencrypted_addresses_are_not_fetched_unless_the_operator_allows_it() {
    let site = Site::start(&[("/a.png", "image/png", PNG)]).await;
    let app = builder(&site).await.setting("egress.allow_http", json!(false)).start().await;
    let answer = app.chat(&looking_at("mock/gemini", "http://media.example.com/a.png", false)).await;
    assert_eq!((answer.status, answer.error_type().as_str()), (400, "image_download_failed"), "{}", answer.text());
    assert_eq!(site.asked(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_by_address_is_fetched() {
    let site = Site::start(&[("/a.wav", "audio/wav", b"RIFF"), ("/page", "text/html", b"<html>")]).await;
    let app = builder(&site).await.start().await;
    let ask = |name: &str| {
        let audio = json!({"data": format!("http://media.example.com/{name}"), "format": "wav"});
        json!({"model": "mock/gemini", "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hear"}, {"type": "input_audio", "input_audio": audio}]}]})
    };
    let answer = app.chat(&ask("a.wav")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let contents =
        r#"[{"role":"user","parts":[{"text":"hear"},{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}}]}]"#;
    let seen: Vec<_> = ["gemini", "spare"].iter().flat_map(|slug| app.simulator(slug).observed()).collect();
    assert_eq!(seen[0].messages_sha256, sha256(contents));
    assert_eq!(app.chat(&ask("page")).await.error_type(), "invalid_prompt");
    app.finish().await;
}

/// Neither what callers name nor providers are reached through a proxy that the environment names.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_taken_from_the_environment() {
    let site = Site::start(&[("/a.png", "image/png", PNG)]).await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut builder = builder(&site).await;
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        builder = builder.environment(name, &address);
    }
    let app = builder.start().await;
    let answer = app.chat(&looking_at("mock/gemini", "http://media.example.com/a.png", false)).await;
    assert_eq!((answer.status, site.asked()), (200, 1), "{}", answer.text());
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the proxy was called");
    app.finish().await;
}
