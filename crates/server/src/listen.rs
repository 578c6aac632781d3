//! The accept loop: connection cap, header timeout, graceful end.

use crate::framing::{Ambiguous, FramingWatch};
use axum::Router;
use axum::body::Body;
use edge::delivery::Delivery;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Largest head of a request.
const HEAD_MAX: usize = 64 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 100;
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
    /// Longest wait for running answers at the end.
    pub drain: Duration,
}

/// Serves until `stop`, then lets running answers end, at most for the drain time.
pub async fn serve(listener: TcpListener, router: Router, limits: ListenLimits, stop: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX)
        // A client that has sent its request may close its sending half and still read the answer.
        .half_close(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100).max_header_list_size(16 << 10);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let router = router.clone();
        let delivery = Delivery::default();
        let stream = Arc::new(stream);
        let wire = Arc::clone(&stream);
        let ambiguous = Arc::new(Ambiguous::default());
        let stream = Counted {
            stream,
            delivery: delivery.clone(),
            framing: FramingWatch::default(),
            ambiguous: Arc::clone(&ambiguous),
            write_timeout: limits.write_timeout,
            stalled: None,
        };
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(delivery.clone());
            answer(router.clone(), peer, Arc::clone(&ambiguous), request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            let _permit = permit;
            tokio::select! {
                ended = watched => if let Err(error) = ended {
                    tracing::debug!(error = ?error, "connection ended early");
                },
                // Nobody reads while an answer is being made, so a reset would only be seen at the next write.
                () = reset(&wire) => tracing::debug!("connection reset by the client"),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers were cut off: the drain time is over");
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
    use super::{ListenLimits, serve};
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
    use tokio::net::TcpListener;
    use tokio::sync::Notify;
    use tokio_util::sync::CancellationToken;

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

    #[tokio::test]
    async fn a_client_that_reads_nothing_loses_its_answer_after_the_write_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dropped = Arc::new(Notify::new());
        let ended = Arc::clone(&dropped);
        let body = move || {
            let ended = Arc::clone(&ended);
            async move { Body::new(Endless(ended)) }
        };
        let limits = ListenLimits {
            connections: 4,
            header_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_millis(300),
            drain: Duration::from_secs(5),
        };
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, Router::new().route("/", get(body)), limits, stop.clone()));
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        tokio::time::timeout(Duration::from_secs(20), dropped.notified()).await.unwrap();
        stop.cancel();
        server.await.unwrap();
        drop(client);
    }
}
