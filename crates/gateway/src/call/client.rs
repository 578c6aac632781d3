//! The upstream client: HTTP/1.1 with one pool; HTTP/2 where a provider's TLS offers it, over as many connections as needed.

use super::h2::{Choice, Http2, Slot};
use super::names::Names;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
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

pub(super) type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Idle connections kept per host.
const IDLE_PER_HOST: usize = 256;
/// How long an idle connection is kept; below the common server-side 60 to 75 s, so that we close first.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// Largest head of an answer in bytes, and most that is read ahead of a body. The library looks at its buffer after each read,
/// so that a head somewhat larger can arrive before it does; whoever takes a head looks once more.
pub(super) const HEAD_MAX: usize = 64 << 10;

/// Calls providers.
#[derive(Debug, Clone)]
pub struct UpstreamClient {
    http1: Client<TimedConnector, Full<Bytes>>,
    http2: Http2,
}

/// A call that got no head.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No connection came about, or the provider broke the protocol before its head.
    #[error(transparent)]
    Pooled(#[from] hyper_util::client::legacy::Error),
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(#[source] Boxed),
    /// The provider broke an HTTP/2 connection or stream before its head.
    #[error(transparent)]
    Http2(#[from] hyper::Error),
}

impl SendError {
    /// Whether the provider was never reached.
    pub fn is_connect(&self) -> bool {
        match self {
            Self::Pooled(error) => error.is_connect(),
            Self::Connect(_) => true,
            Self::Http2(_) => false,
        }
    }
}

/// An answer's body; while it is read it takes one of its connection's streams.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    _slot: Option<Slot>,
}

impl Arriving {
    pub(super) const fn new(body: Incoming, slot: Option<Slot>) -> Self {
        Self { body, _slot: slot }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl UpstreamClient {
    /// A client that gives up connecting after `connect`: name, TCP and TLS together. It opens at most `http2_max`
    /// connections per host that speaks HTTP/2; 0 never offers HTTP/2. For `keep_addresses` the last addresses of a name serve
    /// when it cannot be resolved, and while that takes longer than a quarter of `connect`.
    #[must_use]
    pub fn new(connect: Duration, http2_max: usize, keep_addresses: Duration) -> Self {
        let names = Names::new(keep_addresses, connect / 4);
        // Without system certificates (a bare container) the bundled ones serve.
        let tls = || {
            let builder = HttpsConnectorBuilder::new();
            builder.with_native_roots().unwrap_or_else(|_no_roots| HttpsConnectorBuilder::new().with_webpki_roots())
        };
        let http1 = tls().https_or_http().enable_http1().wrap_connector(tcp(connect, names.clone()));
        let both = tls().https_only().enable_all_versions().wrap_connector(tcp(connect, names));
        Self::with_connectors(http1, both, connect, http2_max)
    }

    fn with_connectors(
        http1: HttpsConnector<HttpConnector<Names>>,
        both: HttpsConnector<HttpConnector<Names>>,
        connect: Duration,
        http2_max: usize,
    ) -> Self {
        let http1 = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(HEAD_MAX)
            .build(TimedConnector { inner: http1, limit: connect });
        Self { http1, http2: Http2::new(TimedConnector { inner: both, limit: connect }, http2_max) }
    }

    /// Sends a request; the answer's head is there when this returns. Redirects are not followed.
    ///
    /// # Errors
    /// When no connection comes about in time, or the provider breaks the protocol before its head.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Arriving>, SendError> {
        let mut request = request;
        if self.http2.may_carry(request.uri()) {
            // The handshake makes this future several times as large as the other; plain requests need not carry it.
            request = match Box::pin(self.http2.send(request)).await? {
                Choice::Answered(response) => return Ok(response),
                Choice::Http1(request) => request,
            };
        }
        let response = self.http1.request(request).await?;
        Ok(response.map(|body| Arriving::new(body, None)))
    }
}

fn tcp(connect: Duration, names: Names) -> HttpConnector<Names> {
    let mut http = HttpConnector::new_with_resolver(names);
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect));
    http.set_keepalive(Some(Duration::from_secs(60)));
    http
}

/// A connector under one deadline for all its phases: a provider that stalls in TLS must not wedge the pool.
#[derive(Debug, Clone)]
pub(super) struct TimedConnector {
    inner: HttpsConnector<HttpConnector<Names>>,
    limit: Duration,
}

/// What the connector produces.
pub(super) type Stream = <HttpsConnector<HttpConnector<Names>> as Service<Uri>>::Response;

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

#[cfg(test)]
mod tests;
