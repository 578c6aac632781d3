//! The client against servers of our own, over real TLS.

use super::UpstreamClient;
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A server that answers with its head at once and with its body when the gate opens.
struct Server {
    address: SocketAddr,
    certificate: rustls::pki_types::CertificateDer<'static>,
    gate: watch::Sender<bool>,
    /// So many connections, the oldest first, close in order: running streams end, new ones are refused.
    leave: watch::Sender<usize>,
    connections: Arc<AtomicUsize>,
    busiest: Arc<AtomicUsize>,
}

async fn server(protocols: &[&[u8]], streams_max: u32) -> Server {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (gate, leave) = (watch::Sender::new(false), watch::Sender::new(0));
    let (connections, busiest) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (counted, peak, opened, left) = (Arc::clone(&connections), Arc::clone(&busiest), gate.clone(), leave.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let (acceptor, peak, opened, left) = (acceptor.clone(), Arc::clone(&peak), opened.clone(), left.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let running = Arc::<AtomicUsize>::default();
                let service = service_fn(move |_request: Request<Incoming>| {
                    peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let (running, mut gate) = (Arc::clone(&running), opened.subscribe());
                    async move {
                        let body = StreamBody::new(futures_util::stream::once(async move {
                            let _open = gate.wait_for(|open| *open).await;
                            running.fetch_sub(1, Ordering::SeqCst);
                            Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"done")))
                        }));
                        Ok::<_, Infallible>(Response::new(body))
                    }
                });
                let io = TokioIo::new(stream);
                if !is_http2 {
                    let _ended = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
                    return;
                }
                let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                builder.timer(TokioTimer::new()).max_concurrent_streams(streams_max);
                let mut connection = std::pin::pin!(builder.serve_connection(io, service));
                let mut leaving = left.subscribe();
                tokio::select! {
                    _ended = connection.as_mut() => return,
                    _left = leaving.wait_for(|left| number < *left) => connection.as_mut().graceful_shutdown(),
                }
                let _ended = connection.await;
            });
        }
    });
    Server { address, certificate, gate, leave, connections, busiest }
}

fn names() -> crate::call::names::Names {
    crate::call::names::Names::new(Duration::ZERO, Duration::from_secs(1))
}

impl Server {
    fn client(&self) -> UpstreamClient {
        let _another_may_have_been_first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = || rustls::ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
        let connect = Duration::from_secs(5);
        let http1 = HttpsConnectorBuilder::new().with_tls_config(config()).https_or_http().enable_http1();
        let both = HttpsConnectorBuilder::new().with_tls_config(config()).https_only().enable_all_versions();
        UpstreamClient::with_connectors(
            http1.wrap_connector(super::tcp(connect, names())),
            both.wrap_connector(super::tcp(connect, names())),
            connect,
            16,
        )
    }

    fn authority(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let uri = format!("https://{}/v1", self.authority());
        Request::builder().method("POST").uri(uri).body(Full::new(Bytes::from_static(b"{}"))).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_streams_at_a_host_that_takes_three_per_connection_run_at_once_over_four_connections() {
    let server = server(&[b"h2", b"http/1.1"], 3).await;
    let client = server.client();
    let mut bodies = Vec::new();
    for _ in 0..10 {
        let response = client.send(server.request()).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        bodies.push(response.into_body());
    }
    assert_eq!(client.http2.connections(&server.authority()), (4, 12), "four connections of three");
    assert_eq!(server.busiest.load(Ordering::SeqCst), 3);
    server.gate.send_replace(true);
    for body in bodies {
        assert_eq!(body.collect().await.unwrap().to_bytes(), "done");
    }
    // What has ended makes room: no further connection is needed.
    let response = client.send(server.request()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "done");
    assert_eq!(server.connections.load(Ordering::SeqCst), 4);
}

/// U36: a provider that goes away in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_goes_away_finishes_its_streams_and_takes_no_new_ones() {
    let server = server(&[b"h2"], 100).await;
    let client = server.client();
    let running = client.send(server.request()).await.unwrap();
    server.leave.send_replace(1);
    let mut later = Vec::new();
    for _ in 0..20 {
        later.push(client.send(server.request()).await.unwrap().into_body());
        tokio::task::yield_now().await;
    }
    server.gate.send_replace(true);
    assert_eq!(running.into_body().collect().await.unwrap().to_bytes(), "done");
    for body in later {
        assert_eq!(body.collect().await.unwrap().to_bytes(), "done");
    }
    assert!(server.connections.load(Ordering::SeqCst) > 1, "somewhere else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_offer_it_is_called_over_http1() {
    let server = server(&[b"http/1.1"], 100).await;
    let client = server.client();
    server.gate.send_replace(true);
    for _ in 0..5 {
        let response = client.send(server.request()).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "done");
    }
}

/// U3: a certificate that nobody vouches for ends the call; nothing is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_a_stranger_is_not_accepted() {
    let (right, wrong) = (server(&[b"h2"], 100).await, server(&[b"h2"], 100).await);
    let client = right.client();
    let error = client.send(wrong.request()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(wrong.busiest.load(Ordering::SeqCst), 0);
}
