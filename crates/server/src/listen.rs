//! The accept loop: connection cap, header timeout, graceful end.

use crate::framing::{Ambiguous, FramingWatch};
use axum::Router;
use axum::body::Body;
use edge::delivery::Delivery;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Largest head of a request.
const HEAD_MAX: usize = 64 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 100;
/// Longest wait for answers that were cut off to say so to their clients; a silent one notices within five seconds.
const CUT_WAIT: Duration = Duration::from_secs(6);
/// Pause after a failed accept, so that a process without descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The other end of a request's connection; a request extension.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct ListenLimits {
    /// Most open connections; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Longest wait for the head of a request.
    pub header_timeout: Duration,
    /// Longest time that a client may read nothing while there is something for it.
    pub write_timeout: Duration,
}

/// The two steps of an end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// No new connections; running answers are finished.
    pub stop: CancellationToken,
    /// Running answers are not waited for any more.
    pub cut: CancellationToken,
}

/// Serves until `end.stop`, then lets running answers end; what still runs at `end.cut` is given a moment to say so.
pub async fn serve(listener: TcpListener, router: Router, limits: ListenLimits, end: End) {
    let protocols = Protocols::new(&limits);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
    let (running, ended) = (TaskTracker::new(), CancellationToken::new());
    loop {
        let accepted = tokio::select! {
            () = end.stop.cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let connection = Connection {
            stream: Arc::new(stream),
            peer,
            router: router.clone(),
            protocols: protocols.clone(),
            watcher: graceful.watcher(),
            limits,
            stop: end.stop.clone(),
        };
        let ended = ended.clone();
        running.spawn(async move {
            let _permit = permit;
            ended.run_until_cancelled(connection.run()).await;
        });
    }
    drop(listener);
    running.close();
    let mut finished = pin!(graceful.shutdown());
    if end.cut.run_until_cancelled(&mut finished).await.is_some() {
        return;
    }
    if tokio::time::timeout(CUT_WAIT, finished).await.is_err() {
        // Dropped, they settle.
        ended.cancel();
        running.wait().await;
    }
}

/// How connections are spoken with; made once, cheap to clone.
#[derive(Clone)]
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    fn new(limits: &ListenLimits) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_buf_size(HEAD_MAX)
            .max_headers(HEADERS_MAX)
            // A client that has sent its request may close its sending half and still read the answer.
            .half_close(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).max_concurrent_streams(100).max_header_list_size(16 << 10);
        Self { http1, http2 }
    }
}

/// One accepted connection.
struct Connection {
    stream: Arc<TcpStream>,
    peer: Peer,
    router: Router,
    protocols: Protocols,
    watcher: Watcher,
    limits: ListenLimits,
    stop: CancellationToken,
}

impl Connection {
    /// Serves it to its end.
    async fn run(self) {
        let first_bytes = tokio::time::timeout(self.limits.header_timeout, speaks_http2(&self.stream));
        let Some(Ok(Ok(speaks_http2))) = self.stop.run_until_cancelled(first_bytes).await else {
            tracing::debug!("connection ended before it said anything");
            return;
        };
        let Self { stream, peer, router, protocols, watcher, limits, stop: _ } = self;
        let delivery = Delivery::default();
        let ambiguous = Arc::new(Ambiguous::default());
        let wire = Arc::clone(&stream);
        let io = TokioIo::new(Counted {
            stream,
            delivery: delivery.clone(),
            framing: FramingWatch::default(),
            ambiguous: Arc::clone(&ambiguous),
            write_timeout: limits.write_timeout,
            stalled: None,
        });
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(delivery.clone());
            answer(router.clone(), peer, Arc::clone(&ambiguous), request)
        });
        // The two futures differ in size by a multiple, and nearly every connection is of the smaller kind.
        if speaks_http2 {
            Box::pin(until_reset(watcher.watch(protocols.http2.serve_connection(io, service)), &wire)).await;
        } else {
            until_reset(watcher.watch(protocols.http1.serve_connection(io, service)), &wire).await;
        }
    }
}

/// What every HTTP/2 connection begins with; no method of HTTP/1 does.
const HTTP2_START: &[u8; 3] = b"PRI";

/// Looks at the first bytes without taking them. The library's own detection takes them and puts them back in front, for
/// which every connection would pay with a larger buffer.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; HTTP2_START.len()];
    loop {
        let count = stream.peek(&mut start).await?;
        let seen = start.get(..count).unwrap_or_default();
        if seen.is_empty() || !HTTP2_START.starts_with(seen) {
            return Ok(false);
        }
        if seen == HTTP2_START {
            return Ok(true);
        }
        // What is there stays there, so the socket would seem readable for ever: wait until more has come.
        let _not_yet: io::Result<()> = stream.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
    }
}

/// Drives a connection until it ends or its client resets it.
async fn until_reset<E: std::fmt::Debug>(connection: impl Future<Output = Result<(), E>>, wire: &TcpStream) {
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::debug!(error = ?error, "connection ended early");
        },
        // Nobody reads while an answer is being made, so a reset would only be seen at the next write.
        () = reset(wire) => tracing::debug!("connection reset by the client"),
    }
}

/// Completes when the client has reset the connection; never for one that has merely stopped sending.
async fn reset(stream: &TcpStream) {
    if let Err(error) = stream.ready(Interest::ERROR).await {
        tracing::debug!(%error, "connection cannot be watched");
        std::future::pending::<()>().await;
    }
}

/// A connection that counts when it has passed everything on: hyper flushes a stream only after it has written all that it
/// holds.
struct Counted {
    stream: Arc<TcpStream>,
    delivery: Delivery,
    framing: FramingWatch,
    ambiguous: Arc<Ambiguous>,
    write_timeout: Duration,
    /// Runs while the client takes nothing; most connections never have one.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Tries again whenever the socket is ready until it does something.
macro_rules! when_ready {
    ($stream:expr, $ready:ident, $context:expr, $attempt:expr) => {
        loop {
            ready!($stream.$ready($context))?;
            match $attempt {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    };
}

impl Counted {
    /// One attempt to write: a client that takes nothing for too long has its connection ended, and with it the answer.
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        attempt: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let sent = Self::poll_socket(&self.stream, context, attempt);
        if sent.is_ready() {
            self.stalled = None;
            return sent;
        }
        let patience = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        tracing::debug!("connection ended: its client stopped reading");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_socket(
        stream: &TcpStream,
        context: &mut Context<'_>,
        attempt: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        when_ready!(stream, poll_write_ready, context, attempt(stream))
    }
}

impl AsyncRead for Counted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut attempt = |buffer: &mut ReadBuf<'_>| {
            let before = buffer.filled().len();
            this.stream.try_read_buf(buffer)?;
            this.framing.read(buffer.filled().get(before..).unwrap_or_default(), &this.ambiguous);
            io::Result::Ok(())
        };
        when_ready!(this.stream, poll_read_ready, context, attempt(buffer))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_send(context, |stream| stream.try_write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket itself keeps nothing back.
        self.delivery.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = socket2::SockRef::from(&*self.stream).shutdown(std::net::Shutdown::Write);
        // A client that has gone already has nothing to be told.
        Poll::Ready(
            ended.or_else(|error| if error.kind() == io::ErrorKind::NotConnected { Ok(()) } else { Err(error) }),
        )
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_send(context, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let permit = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "connection without nodelay");
            }
            Some((stream, Peer(peer), permit))
        }
        Err(error) => {
            tracing::warn!(%error, "no connection could be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn answer(
    router: Router,
    peer: Peer,
    ambiguous: Arc<Ambiguous>,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    if ambiguous.is_set() {
        return Ok(refused(StatusCode::BAD_REQUEST));
    }
    if let Some(status) = crate::head::objection(&request) {
        return Ok(refused(status));
    }
    request.extensions_mut().insert(peer);
    router.oneshot(request.map(Body::new)).await
}

fn refused(status: StatusCode) -> axum::response::Response {
    let text = status.canonical_reason().unwrap_or("refused");
    let body = format!(
        "{{\"error\":{{\"code\":{},\"message\":\"{text}\",\"metadata\":{{\"error_type\":\"invalid_request\"}}}}}}",
        status.as_u16()
    );
    let mut response = axum::response::Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response.headers_mut().insert(http::header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    // What follows a doubtful head cannot be trusted to be a request.
    response.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::{End, ListenLimits, TokioExecutor, TokioIo, serve};
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::routing::get;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::io::Write;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    /// A body without end that tells when it is dropped.
    struct Endless(Arc<Notify>);

    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 8192])))))
        }
    }

    impl Drop for Endless {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    const LIMITS: ListenLimits =
        ListenLimits { connections: 4, header_timeout: Duration::from_secs(5), write_timeout: Duration::from_secs(5) };

    /// A server on a free port that answers `/` with `yes`.
    async fn served(limits: ListenLimits, end: &End) -> (std::net::SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "yes" }));
        (address, tokio::spawn(serve(listener, router, limits, end.clone())))
    }

    #[tokio::test]
    async fn both_versions_are_told_apart_by_their_first_bytes_however_slowly_these_come() {
        let end = End::default();
        let (address, server) = served(LIMITS, &end).await;
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.set_nodelay(true).unwrap();
        // A method that begins like the preface of HTTP/2 is told apart at its third byte.
        for byte in b"PRO / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");

        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let (mut sender, connection) = made;
        let connection = tokio::spawn(connection);
        let request = http::Request::get("http://x/").body(String::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!((response.version(), response.status().as_u16()), (http::Version::HTTP_2, 200));
        drop((sender, response));
        connection.await.unwrap().unwrap();
        end.stop.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn who_says_too_little_is_let_go_after_the_header_timeout_and_at_the_end() {
        for (header_timeout, stops) in [(Duration::from_millis(100), false), (Duration::from_secs(300), true)] {
            let end = End::default();
            let (address, server) = served(ListenLimits { header_timeout, ..LIMITS }, &end).await;
            let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
            client.write_all(b"PR").await.unwrap();
            if stops {
                end.stop.cancel();
            }
            let read = tokio::time::timeout(Duration::from_secs(20), client.read_u8()).await.unwrap();
            assert!(read.is_err(), "the connection is closed");
            end.stop.cancel();
            server.await.unwrap();
        }
    }

    /// Answers every request without end, and tells when such an answer is dropped.
    async fn serving_without_end(
        limits: ListenLimits,
        end: &End,
    ) -> (std::net::SocketAddr, JoinHandle<()>, Arc<Notify>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dropped = Arc::new(Notify::new());
        let ended = Arc::clone(&dropped);
        let body = move || {
            let ended = Arc::clone(&ended);
            async move { Body::new(Endless(ended)) }
        };
        let server = serve(listener, Router::new().route("/", get(body)), limits, end.clone());
        (address, tokio::spawn(server), dropped)
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_loses_its_answer_after_the_write_timeout() {
        let limits = ListenLimits { write_timeout: Duration::from_millis(300), ..LIMITS };
        let end = End::default();
        let (address, server, dropped) = serving_without_end(limits, &end).await;
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        tokio::time::timeout(Duration::from_secs(20), dropped.notified()).await.unwrap();
        end.stop.cancel();
        server.await.unwrap();
        drop(client);
    }

    #[tokio::test]
    async fn answers_without_end_are_waited_for_until_they_are_cut() {
        let end = End::default();
        let (address, mut server, dropped) = serving_without_end(LIMITS, &end).await;
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        client.read_u8().await.unwrap();
        end.stop.cancel();
        assert!(tokio::time::timeout(Duration::from_millis(200), &mut server).await.is_err(), "the answer still runs");
        end.cut.cancel();
        tokio::time::timeout(Duration::from_secs(20), server).await.unwrap().unwrap();
        tokio::time::timeout(Duration::from_secs(1), dropped.notified()).await.unwrap();
    }
}
