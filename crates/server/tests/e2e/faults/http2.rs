//! U36: providers over HTTP/2 that break streams, go away, take one stream at a time, or never take a request's body.

use super::{TEXT, builder, failed_over, solo};
use crate::money::scenario;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::{Ask, TestApp};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

/// What the provider does to every request.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Answers, but goes away after the first piece of a stream has been sent.
    GoesAway,
    /// Answers once it is told to go on.
    Waits,
    /// Breaks the stream in place of a head.
    ResetsBeforeHead(Reason),
    /// Breaks the stream after the first piece, once it is told to go on.
    ResetsAfterContent,
    /// Gives no room for the request's body.
    TakesNoBody,
}

/// A provider over HTTP/2 and TLS.
struct Provider {
    address: SocketAddr,
    certificate: tempfile::NamedTempFile,
    connections: Arc<AtomicUsize>,
    go_on: Arc<Semaphore>,
}

impl Provider {
    async fn start(act: Act, streams_max: u32) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let certificate = tempfile::NamedTempFile::new().unwrap();
        let body = STANDARD.encode(made.cert.der());
        let lines = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        let text = format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n");
        std::fs::write(certificate.path(), text).unwrap();
        let provider = Self {
            address: listener.local_addr().unwrap(),
            certificate,
            connections: Arc::default(),
            go_on: Arc::new(Semaphore::new(0)),
        };
        let (connections, go_on) = (Arc::clone(&provider.connections), Arc::clone(&provider.go_on));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, act, streams_max, Arc::clone(&go_on)));
                }
            }
        });
        provider
    }

    /// A server whose `first` is this provider, and whose `second` is well.
    async fn app(&self, first_byte: &str) -> TestApp {
        let base = format!("https://localhost:{}/v1", self.address.port());
        let section = json!({"dialect": "openai", "base_url": base, "api_key": "sk-nobody"});
        let certificate = self.certificate.path().to_string_lossy().into_owned();
        let mut builder = builder().await;
        for (name, wait) in [("connect", "5s"), ("idle", "10s"), ("first_byte", first_byte)] {
            builder = builder.setting(&format!("timeouts.{name}"), json!(wait));
        }
        let app = builder.environment("SSL_CERT_FILE", &certificate).provider("first", section).start().await;
        app.simulator("second").set_scenario("*", scenario(json!({"answer": {"text": TEXT}})));
        app
    }
}

async fn serve(
    stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
    act: Act,
    streams_max: u32,
    go_on: Arc<Semaphore>,
) {
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(streams_max);
    if matches!(act, Act::TakesNoBody) {
        builder.initial_window_size(0);
    }
    let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
    let leaving = Arc::<Notify>::default();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let is_stream = request.headers().get("accept").is_some_and(|kind| kind == "text/event-stream");
                    tokio::spawn(answer(respond, act, is_stream, Arc::clone(&go_on), Arc::clone(&leaving)));
                }
                Some(Err(_)) | None => return,
            },
            () = leaving.notified() => connection.graceful_shutdown(),
        }
    }
}

async fn answer(
    mut respond: SendResponse<Bytes>,
    act: Act,
    is_stream: bool,
    go_on: Arc<Semaphore>,
    leaving: Arc<Notify>,
) {
    match act {
        Act::TakesNoBody => return std::future::pending().await,
        Act::ResetsBeforeHead(reason) => return respond.send_reset(reason),
        Act::Waits => may_go_on(&go_on).await,
        Act::GoesAway | Act::ResetsAfterContent => {}
    }
    let kind = if is_stream { "text/event-stream" } else { "application/json" };
    let head = http::Response::builder().header("content-type", kind).body(()).unwrap();
    let Ok(mut body) = respond.send_response(head, false) else { return };
    if !is_stream {
        let _left = body.send_data(Bytes::from(whole().to_string()), true);
        return;
    }
    send(&mut body, &chunk("one ", None));
    match act {
        Act::ResetsAfterContent => {
            may_go_on(&go_on).await;
            return body.send_reset(Reason::INTERNAL_ERROR);
        }
        Act::GoesAway => {
            leaving.notify_one();
            may_go_on(&go_on).await;
        }
        _ => {}
    }
    send(&mut body, &chunk("two three four five six!", None));
    send(&mut body, &chunk("", Some("stop")));
    let _left = body.send_data(Bytes::from_static(b"data: [DONE]\n\n"), true);
}

/// Waits until the test lets one stream go on.
async fn may_go_on(go_on: &Semaphore) {
    go_on.acquire().await.unwrap().forget();
}

fn send(body: &mut SendStream<Bytes>, chunk: &Value) {
    let _left = body.send_data(Bytes::from(format!("data: {chunk}\n\n")), false);
}

fn chunk(text: &str, finish: Option<&str>) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "solo",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
    })
}

fn whole() -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "created": 1, "model": "solo",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn u36_a_stream_that_is_reset_before_its_head_fails_over() {
    for reason in [Reason::INTERNAL_ERROR, Reason::REFUSED_STREAM, Reason::ENHANCE_YOUR_CALM, Reason::CANCEL] {
        let provider = Provider::start(Act::ResetsBeforeHead(reason), 100).await;
        let app = provider.app("10s").await;
        for stream in [false, true] {
            app.simulator("second").clear();
            failed_over(&app, &super::pair(&app, stream).await, &format!("{reason:?} stream {stream}")).await;
        }
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u36_a_stream_that_is_reset_after_content_ends_in_band_and_nobody_else_is_tried() {
    let provider = Provider::start(Act::ResetsAfterContent, 100).await;
    let app = provider.app("10s").await;
    let body = json!({
        "model": "mock/pair", "stream": true, "max_tokens": 100, "provider": {"order": ["first", "second"]},
        "messages": [{"role": "user", "content": "hello"}],
    });
    let mut wire = app.open(&Ask::chat(&body).key(&app.key)).await;
    wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
    provider.go_on.add_permits(1);
    let answer = wire.rest(testkit::PATIENCE).await;
    let error = answer.stream_error().unwrap_or_else(|| panic!("{}", answer.text()));
    assert_eq!(error.pointer("/metadata/error_type"), Some(&json!("provider_unavailable")), "{error}");
    assert_eq!((answer.content().as_str(), answer.is_done()), ("one ", false), "{}", answer.text());
    assert!(app.simulator("second").observed().is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u36_a_provider_that_goes_away_finishes_what_runs_and_is_called_over_a_new_connection() {
    let provider = Provider::start(Act::GoesAway, 100).await;
    let app = provider.app("10s").await;
    let mut wire = app.open(&solo(&app, "mock/solo", true)).await;
    wire.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
    let mut next = app.open(&solo(&app, "mock/solo", true)).await;
    next.read_until(testkit::PATIENCE, |answer| !answer.content().is_empty()).await;
    assert_eq!(provider.connections.load(Ordering::SeqCst), 2, "the first connection takes nothing new");
    provider.go_on.add_permits(2);
    for wire in [wire, next] {
        let answer = wire.rest(testkit::PATIENCE).await;
        assert_eq!((answer.content().as_str(), answer.is_done()), (TEXT, true), "{}", answer.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u36_a_provider_that_takes_one_stream_per_connection_gets_more_connections() {
    let provider = Provider::start(Act::Waits, 1).await;
    let app = provider.app("10s").await;
    provider.go_on.add_permits(1);
    // The first answer tells that the host speaks HTTP/2.
    assert_eq!(app.send(&solo(&app, "mock/solo", true)).await.status, 200);
    let wires = [app.open(&solo(&app, "mock/solo", true)).await, app.open(&solo(&app, "mock/solo", true)).await];
    testkit::eventually("two connections", testkit::PATIENCE, || async {
        (provider.connections.load(Ordering::SeqCst) >= 2).then_some(())
    })
    .await;
    // Both at once: the provider may have met them in either order.
    provider.go_on.add_permits(2);
    for wire in wires {
        let answer = wire.rest(testkit::PATIENCE).await;
        assert_eq!((answer.content().as_str(), answer.is_done()), (TEXT, true), "{}", answer.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u36_a_provider_that_never_takes_the_body_is_given_up_at_the_first_byte_timeout() {
    let provider = Provider::start(Act::TakesNoBody, 100).await;
    let app = provider.app("300ms").await;
    for stream in [false, true] {
        app.simulator("second").clear();
        let answer = super::pair(&app, stream).await;
        failed_over(&app, &answer, &format!("stream {stream}")).await;
        let record = app.generation(&answer.id().unwrap()).await;
        let took = record["portolan"]["attempts"][0]["duration_ms"].as_u64().unwrap();
        // Ten times as long for a plain answer, whose first byte is its last.
        let limit = if stream { 300 } else { 3000 };
        assert!((limit - 10..limit + 1000).contains(&took), "stream {stream}: {took} ms");
    }
    app.finish().await;
}

/// The provider of these tests itself: over HTTP/2 an answer is what it is over HTTP/1.1.
#[tokio::test(flavor = "multi_thread")]
async fn u36_answers_over_http2_are_what_they_are_over_http1() {
    let provider = Provider::start(Act::Waits, 100).await;
    let app = provider.app("10s").await;
    for stream in [false, true] {
        provider.go_on.add_permits(1);
        let answer = app.send(&solo(&app, "mock/solo", stream)).await;
        assert_eq!((answer.status, answer.content().as_str()), (200, TEXT), "{}", answer.text());
    }
    assert!(app.simulator("second").observed().is_empty(), "nobody else was asked");
    app.finish().await;
}
