//! What the simulator remembers.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulator::{Observed, Options, Scenario, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Ended, KINDS, Kind, PATIENCE, send, start};

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The first record that satisfies `is`; gives up after ten seconds.
async fn wait_for(simulator: &Simulator, is: impl Fn(&Observed) -> bool) -> Observed {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = simulator.observed().into_iter().find(|entry| is(entry)) {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?}", simulator.observed());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn hashes_are_of_the_bytes_as_sent() {
    let simulator = start().await;
    let messages = r#"[ {"content":"TAG:t7 hi" ,"role":"user"} ]"#;
    let tools = r#"[{"type":"function" , "function":{"name":"f"}}]"#;
    let body = format!(r#"{{"model":"m", "messages":{messages},"tools": {tools}}}"#);
    let headers = [("authorization", "Bearer sk-secret"), ("x-title", "App"), ("cookie", "secret")];
    send(simulator.address(), "POST /v1/chat/completions", &headers, &body, PATIENCE).await;
    let seen = wait_for(&simulator, |entry| entry.finished).await;
    assert_eq!(seen.body_sha256, hash(&body));
    assert_eq!(seen.messages_sha256, Some(hash(messages)));
    assert_eq!(seen.tools_sha256, Some(hash(tools)));
    assert_eq!(seen.key_seen, Some(hash("sk-secret")));
    assert_eq!(seen.tag.as_deref(), Some("t7"));
    assert_eq!(seen.headers.get("x-title").map(String::as_str), Some("App"));
    assert!(seen.header_names.contains(&"cookie".to_owned()));
    assert!(!serde_json::to_string(&seen).unwrap().contains("secret"));
    simulator.clear();
    assert!(simulator.observed().is_empty());
    simulator.shutdown().await;
}

#[tokio::test]
async fn delivery_is_counted_in_content_events_and_characters() {
    let simulator = start().await;
    for kind in KINDS {
        simulator.clear();
        let model = "m~answer.text=añ漢🦀 and more~body.tokens_per_chunk=2";
        let encoded = model.replace(' ', "%20").replace("añ漢🦀", "a%C3%B1%E6%BC%A2%F0%9F%A6%80");
        let model = if kind == Kind::Gemini { encoded.as_str() } else { model };
        let reply = kind.ask(simulator.address(), model, "x", true).await;
        assert_eq!(kind.stream_text(&reply), "añ漢🦀 and more", "{kind:?}");
        let seen = wait_for(&simulator, |entry| entry.finished).await;
        assert_eq!(seen.delivered_text_chars, 13);
        assert!(seen.delivered_chunks >= 3);
        assert!(seen.stream && !seen.cancelled);
        assert_eq!(seen.status, 200);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_in_every_phase() {
    let simulator = start().await;
    for (model, read_first) in [
        ("m~headers.hang=true", false),
        ("m~body.hang_after=2", true),
        ("m~answer.tokens=5000~body.chunk_delay_ms=5", true),
    ] {
        simulator.clear();
        let (request, body) = Kind::OpenAi.request(model, "x", true);
        let body = body.to_string();
        let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
        let head = format!("{request} HTTP/1.1\r\nhost: s\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        if read_first {
            stream.read_exact(&mut [0; 64]).await.unwrap();
        }
        wait_for(&simulator, |entry| entry.model == model).await;
        drop(stream);
        let seen = wait_for(&simulator, |entry| entry.cancelled).await;
        assert!(!seen.finished, "{model}");
        assert!(seen.delivered_chunks < 5000);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn other_keys_get_401_in_the_familys_envelope() {
    let options = Options { api_key: Some("right".to_owned()), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    for (kind, header, expected) in [
        (Kind::OpenAi, ("authorization", "Bearer right"), "invalid_request_error"),
        (Kind::Anthropic, ("x-api-key", "right"), "authentication_error"),
        (Kind::Gemini, ("x-goog-api-key", "right"), "UNAUTHENTICATED"),
    ] {
        let refused = kind.ask(simulator.address(), "m", "x", false).await;
        assert_eq!(refused.status, 401);
        assert_eq!(kind.error_kind(&refused.json()), expected);
        let (request, body) = kind.request("m", "x", false);
        let headers = [header, ("anthropic-version", "2023-06-01")];
        let fine = send(simulator.address(), &request, &headers, &body.to_string(), PATIENCE).await;
        assert_eq!(fine.status, 200);
    }
    assert_eq!(send(simulator.address(), "GET /v1/models", &[], "", PATIENCE).await.status, 401);
    simulator.shutdown().await;
}

#[tokio::test]
async fn scenarios_come_from_the_admin_routes_and_the_handle() {
    let simulator = start().await;
    let wanted = json!({"model": "m", "scenario": {"headers": {"status": 503}}}).to_string();
    let set = send(simulator.address(), "POST /simulator/scenarios", &[], &wanted, PATIENCE).await;
    assert_eq!(set.status, 204);
    assert_eq!(Kind::OpenAi.ask(simulator.address(), "m", "x", false).await.status, 503);
    let mut scenario = Scenario::default();
    scenario.headers.status = Some(418);
    simulator.set_scenario("*", scenario);
    assert_eq!(Kind::OpenAi.ask(simulator.address(), "else", "x", false).await.status, 418);
    let line = "x\nSIM:{\"headers\":{\"status\":null}}";
    assert_eq!(Kind::OpenAi.ask(simulator.address(), "m", line, false).await.status, 200);
    let seen = send(simulator.address(), "GET /simulator/observed", &[], "", PATIENCE).await.json();
    assert_eq!(seen["observed"].as_array().map(Vec::len), Some(3));
    assert_eq!(send(simulator.address(), "DELETE /simulator/observed", &[], "", PATIENCE).await.status, 204);
    assert!(simulator.observed().is_empty());
    let broken = json!({"model": "m", "scenario": {"nonsense": 1}}).to_string();
    assert_eq!(send(simulator.address(), "POST /simulator/scenarios", &[], &broken, PATIENCE).await.status, 422);
    simulator.shutdown().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_hanging_answers() {
    let simulator = start().await;
    let address = simulator.address();
    let hanging = tokio::spawn(async move { Kind::OpenAi.ask(address, "m~headers.hang=true", "x", false).await });
    wait_for(&simulator, |entry| entry.model.starts_with('m')).await;
    tokio::time::timeout(Duration::from_secs(2), simulator.shutdown()).await.unwrap();
    assert_ne!(hanging.await.unwrap().status, 200);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn bodies_beyond_the_limit_get_413() {
    let simulator = start().await;
    for kind in KINDS {
        let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
        let (request, _) = kind.request("m", "x", false);
        let length = 65 * 1024 * 1024;
        let head = format!("{request} HTTP/1.1\r\nhost: s\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let block = vec![b' '; 1024 * 1024];
        let write = async {
            // The answer may come, and the connection close, before all of it is sent.
            while writer.write_all(&block).await.is_ok() {}
        };
        let mut answer = [0; 12];
        let read = reader.read_exact(&mut answer);
        tokio::pin!(write, read);
        tokio::select! {
            _ = &mut read => {}
            () = &mut write => { read.await.unwrap(); }
        }
        assert_eq!(&answer, b"HTTP/1.1 413", "{kind:?}");
    }
    assert!(simulator.observed().is_empty());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_leaves_a_finished_stream_open_has_everything() {
    let simulator = start().await;
    for kind in KINDS {
        simulator.clear();
        let patience = Duration::from_millis(300);
        let reply = kind.ask_for(simulator.address(), "m~body.linger_ms=60000", "x", true, patience).await;
        assert_eq!(reply.ended, Ended::Stalled);
        assert_eq!(kind.finishes(&reply).len(), 1);
        let seen = wait_for(&simulator, |entry| entry.finished).await;
        assert!(!seen.cancelled);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn usage_is_recorded_only_when_it_is_sent() {
    let simulator = start().await;
    let body = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}).to_string();
    send(simulator.address(), "POST /v1/chat/completions", &[], &body, PATIENCE).await;
    Kind::OpenAi.ask(simulator.address(), "m", "x", true).await;
    let seen = simulator.observed();
    assert!(seen[0].usage.is_none() && seen[1].usage.is_some());
    assert_eq!(seen[0].counts, seen[1].counts);
    simulator.shutdown().await;
}
