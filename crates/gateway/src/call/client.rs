//! The upstream client: one pool, HTTP/1.1 by default, a deadline over every phase of connecting.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::Service;

type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Idle connections kept per host.
const IDLE_PER_HOST: usize = 256;
/// How long an idle connection is kept; below the common server-side 60 to 75 s, so that we close first.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// Calls providers.
#[derive(Debug, Clone)]
pub struct UpstreamClient {
    client: Client<TimedConnector, Full<Bytes>>,
}

impl UpstreamClient {
    /// A client that gives up connecting after `connect`: name, TCP and TLS together.
    #[must_use]
    pub fn new(connect: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect));
        http.set_keepalive(Some(Duration::from_secs(60)));
        // Without system certificates (a bare container) the bundled ones serve.
        let https = match HttpsConnectorBuilder::new().with_native_roots() {
            Ok(roots) => roots.https_or_http().enable_http1().wrap_connector(http),
            Err(_no_roots) => {
                HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(http)
            }
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_timer(TokioTimer::new())
            .build(TimedConnector { inner: https, limit: connect });
        Self { client }
    }

    /// Sends a request; the answer's head is there when this returns. Redirects are not followed.
    ///
    /// # Errors
    /// When no connection comes about in time, or the provider breaks the protocol before its head.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.client.request(request).await
    }
}

/// A connector under one deadline for all its phases: a provider that stalls in TLS must not wedge the pool.
#[derive(Debug, Clone)]
struct TimedConnector {
    inner: HttpsConnector<HttpConnector>,
    limit: Duration,
}

/// What the connector produces.
type Stream = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;

impl Service<Uri> for TimedConnector {
    type Response = Stream;
    type Error = Boxed;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Boxed>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Boxed>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move { tokio::time::timeout(limit, connecting).await? })
    }
}
