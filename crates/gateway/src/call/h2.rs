//! HTTP/2 towards providers: several connections per host, each filled to what the provider says it takes.
//!
//! A provider's limit of concurrent streams is usually about a hundred, so one connection per host would queue long
//! streams. The limit is read from each connection's settings as they change. HTTP/2 is used only where TLS negotiation
//! offers it; which hosts do is found out by the first call and again after a while. One task drives a connection, none a
//! stream.

use super::client::{Arriving, Boxed, SendError, Stream, TimedConnector};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

/// How long it is remembered that a host speaks HTTP/1.1 only.
const ASK_AGAIN: Duration = Duration::from_secs(600);
/// Silence after which a connection with running streams is tested.
const PING_AFTER: Duration = Duration::from_secs(20);
/// How long the answer to such a test may take.
const PING_WAIT: Duration = Duration::from_secs(10);

/// The HTTP/2 side of the client; cheap to clone.
#[derive(Debug, Clone)]
pub struct Http2 {
    connector: TimedConnector,
    hosts: Arc<ArcSwap<HashMap<String, Arc<Host>>>>,
    connections_max: usize,
}

/// What became of a request that might go over HTTP/2.
#[derive(Debug)]
pub enum Choice {
    /// It did.
    Answered(Response<Arriving>),
    /// The host does not speak it, or nobody knows yet.
    Http1(Request<Full<Bytes>>),
}

/// What is known of one host.
#[derive(Debug, Default)]
struct Host {
    state: Mutex<HostState>,
    /// Held by whoever opens a connection: the others wait for it or use what is there.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct HostState {
    connections: Vec<Link>,
    http1_until: Option<Instant>,
}

/// One connection.
#[derive(Debug, Clone)]
struct Link {
    sender: SendRequest<Full<Bytes>>,
    load: Arc<Load>,
}

/// How much a connection carries and may carry.
#[derive(Debug)]
struct Load {
    running: AtomicUsize,
    streams_max: AtomicUsize,
    /// Has the limit read again.
    answered: Notify,
    /// Cancelled when the limit has been read after an answer, or the connection is over.
    known: CancellationToken,
}

/// One stream of a connection, given back when dropped.
#[derive(Debug)]
pub struct Slot(Arc<Load>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Link {
    /// Takes a stream if the provider allows one more; all of them are taken under the host's lock.
    fn take(&self) -> Option<(SendRequest<Full<Bytes>>, Slot)> {
        let has_room = self.load.running.load(Ordering::Acquire) < self.load.streams_max.load(Ordering::Acquire);
        has_room.then(|| self.take_anyway())
    }

    fn take_anyway(&self) -> (SendRequest<Full<Bytes>>, Slot) {
        self.load.running.fetch_add(1, Ordering::AcqRel);
        (self.sender.clone(), Slot(Arc::clone(&self.load)))
    }
}

impl HostState {
    /// A stream on the emptiest connection that has room; with `is_forced` also on one that has none.
    fn take(&mut self, is_forced: bool) -> Option<(SendRequest<Full<Bytes>>, Slot)> {
        self.connections.retain(|link| !link.sender.is_closed());
        let emptiest = self.connections.iter().min_by_key(|link| link.load.running.load(Ordering::Acquire))?;
        emptiest.take().or_else(|| is_forced.then(|| emptiest.take_anyway()))
    }
}

impl Http2 {
    pub(super) fn new(connector: TimedConnector, connections_max: usize) -> Self {
        Self { connector, hosts: Arc::default(), connections_max }
    }

    /// Whether a request to this address can go over HTTP/2 at all.
    pub(super) fn may_carry(&self, uri: &Uri) -> bool {
        self.connections_max > 0 && uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Sends a request that [`Self::may_carry`] allows, if its host speaks HTTP/2.
    ///
    /// # Errors
    /// When no connection comes about, or the provider breaks it before its head.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Choice, SendError> {
        let uri = request.uri().clone();
        let Some(authority) = uri.authority() else {
            return Ok(Choice::Http1(request));
        };
        let host = self.host(authority.as_str());
        let mut request = request;
        // A connection that is full or about to be closed refuses requests unread: those may go over another one, once.
        for is_last in [false, true] {
            let Some((mut sender, slot)) = self.stream(&host, &uri).await? else {
                return Ok(Choice::Http1(request));
            };
            let spare = (!is_last).then(|| request.clone());
            match sender.try_send_request(request).await {
                Ok(response) => {
                    slot.0.answered.notify_one();
                    // Whoever asks after the first answer must find the provider's limit: a stream beyond it would wait behind
                    // one that may last for minutes. Only that answer has to wait, for a turn of the connection's task.
                    slot.0.known.cancelled().await;
                    return Ok(Choice::Answered(response.map(|body| Arriving::new(body, Some(slot)))));
                }
                Err(mut refused) => {
                    host.state.lock().connections.retain(|link| !Arc::ptr_eq(&link.load, &slot.0));
                    let unsent = refused.take_message();
                    let error = refused.into_error();
                    match unsent.or_else(|| spare.filter(|_| is_left_unread(&error))) {
                        Some(unsent) if !is_last => request = unsent,
                        _ => return Err(error.into()),
                    }
                }
            }
        }
        Ok(Choice::Http1(request))
    }

    fn host(&self, authority: &str) -> Arc<Host> {
        if let Some(host) = self.hosts.load().get(authority) {
            return Arc::clone(host);
        }
        let made = Arc::new(Host::default());
        self.hosts.rcu(|old| {
            let mut new = HashMap::clone(old);
            new.entry(authority.to_owned()).or_insert_with(|| Arc::clone(&made));
            new
        });
        self.hosts.load().get(authority).map_or(made, Arc::clone)
    }

    /// A stream to the host, over a new connection if all are full; `None` when it does not speak HTTP/2.
    async fn stream(&self, host: &Host, uri: &Uri) -> Result<Option<(SendRequest<Full<Bytes>>, Slot)>, SendError> {
        let is_unknown = {
            let mut state = host.state.lock();
            if state.http1_until.is_some_and(|until| Instant::now() < until) {
                return Ok(None);
            }
            let is_full = state.connections.len() >= self.connections_max;
            if let Some(taken) = state.take(is_full) {
                return Ok(Some(taken));
            }
            state.connections.is_empty()
        };
        // While one request finds out what a host speaks, the others need not wait for it.
        let _opening = match host.opening.try_lock() {
            Ok(opening) => opening,
            Err(_busy) if is_unknown => return Ok(None),
            Err(_busy) => host.opening.lock().await,
        };
        let is_full = host.state.lock().connections.len() >= self.connections_max;
        if let Some(taken) = host.state.lock().take(is_full) {
            return Ok(Some(taken));
        }
        let io = self.connector.clone().call(uri.clone()).await.map_err(SendError::Connect)?;
        if !io.connected().is_negotiated_h2() {
            host.state.lock().http1_until = Some(Instant::now() + ASK_AGAIN);
            return Ok(None);
        }
        let link = open(io).await?;
        let taken = link.take_anyway();
        host.state.lock().connections.push(link);
        Ok(Some(taken))
    }

    /// Open connections to a host, and the streams that they take together.
    #[cfg(test)]
    pub(super) fn connections(&self, authority: &str) -> (usize, usize) {
        let host = self.host(authority);
        let mut state = host.state.lock();
        state.connections.retain(|link| !link.sender.is_closed());
        let sum = state.connections.iter().map(|link| link.load.streams_max.load(Ordering::Acquire)).sum();
        (state.connections.len(), sum)
    }
}

/// Shakes hands and starts the task that drives the connection until it ends.
async fn open(io: Stream) -> Result<Link, SendError> {
    let (sender, mut connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_WAIT)
        .adaptive_window(true)
        .handshake(io)
        .await?;
    let load = Arc::new(Load {
        running: AtomicUsize::new(0),
        streams_max: AtomicUsize::new(connection.current_max_send_streams().max(1)),
        answered: Notify::new(),
        known: CancellationToken::new(),
    });
    let learned = Arc::clone(&load);
    let at_the_latest = load.known.clone().drop_guard();
    tokio::spawn(async move {
        let _at_the_latest = at_the_latest;
        let ended = loop {
            tokio::select! {
                ended = &mut connection => break ended,
                // The provider's settings arrive before its first answer and may change at any time. Zero means "not now":
                // the library queues what is sent all the same.
                () = learned.answered.notified() => {
                    learned.streams_max.store(connection.current_max_send_streams().max(1), Ordering::Release);
                    learned.known.cancel();
                }
            }
        };
        if let Err(error) = ended {
            let error: Boxed = error.into();
            tracing::debug!(error, "a provider's connection ended");
        }
    });
    Ok(Link { sender, load })
}

/// Whether the provider did not look at the request: it went away in order, which ends only the streams that were not
/// processed (RFC 9113, section 6.8), or refused the stream, mostly because its limit was not known here yet (section 8.7).
fn is_left_unread(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.filter(|cause| cause.is_remote()).is_some_and(|cause| match cause.reason() {
        Some(h2::Reason::NO_ERROR) => cause.is_go_away(),
        Some(h2::Reason::REFUSED_STREAM) => cause.is_reset(),
        _ => false,
    })
}
