//! Names of providers' hosts: looked up for every new connection, with the last addresses kept for when the name service fails.
//!
//! One look-up per name runs at a time, however many connections wait for it, and goes on when they give up: a name service
//! that hangs takes one thread for each name of the configuration, not one for each request.

use hyper_util::client::legacy::connect::dns::Name;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::Service;

/// Most names that are kept; operators configure far fewer.
const NAMES_MAX: usize = 1024;

/// A running look-up.
type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// A name service.
pub(super) trait Lookup: Send + Sync {
    /// All addresses of a name, with port 0.
    fn look_up(&self, name: &str) -> LookingUp;
}

/// The machine's own name service, its search domains included: providers may live in the operator's network.
struct System;

impl Lookup for System {
    fn look_up(&self, name: &str) -> LookingUp {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// What a look-up found; `None` while it runs.
type Answer = Option<Result<Vec<SocketAddr>, Arc<io::Error>>>;

#[derive(Default)]
struct Known {
    last: Option<(Vec<SocketAddr>, Instant)>,
    running: Option<watch::Receiver<Answer>>,
}

struct Inner {
    lookup: Box<dyn Lookup>,
    keep: Duration,
    patience: Duration,
    known: Mutex<HashMap<String, Known>>,
}

/// Finds the addresses of providers; cheap to clone.
#[derive(Clone)]
pub(super) struct Names(Arc<Inner>);

impl std::fmt::Debug for Names {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Names").field("keep", &self.0.keep).finish_non_exhaustive()
    }
}

impl Names {
    /// With the machine's name service. The last addresses of a name serve for `keep` when it fails, and while it takes
    /// longer than `patience`.
    pub(super) fn new(keep: Duration, patience: Duration) -> Self {
        Self::with(Box::new(System), keep, patience)
    }

    fn with(lookup: Box<dyn Lookup>, keep: Duration, patience: Duration) -> Self {
        Self(Arc::new(Inner { lookup, keep, patience, known: Mutex::default() }))
    }

    async fn find(self, name: String, now: Instant) -> io::Result<Vec<SocketAddr>> {
        let (mut running, last) = self.ask(&name, now);
        let answered = async {
            let answer = running.wait_for(Option::is_some).await.map(|answer| answer.clone());
            answer.ok().flatten().unwrap_or_else(|| Err(Arc::new(io::Error::other("the look-up broke off"))))
        };
        let found = match &last {
            None => answered.await,
            Some(_) => tokio::time::timeout(self.0.patience, answered)
                .await
                .unwrap_or_else(|_elapsed| Err(Arc::new(io::ErrorKind::TimedOut.into()))),
        };
        match (found, last) {
            (Ok(addresses), _) => Ok(addresses),
            (Err(error), Some(last)) => {
                tracing::warn!(name, %error, "provider's name not resolved: its last addresses are used");
                Ok(last)
            }
            (Err(error), None) => Err(io::Error::new(error.kind(), error)),
        }
    }

    /// The look-up that runs, started if there was none, and the last addresses while they may be used.
    fn ask(&self, name: &str, now: Instant) -> (watch::Receiver<Answer>, Option<Vec<SocketAddr>>) {
        let mut known = self.0.known.lock();
        if known.len() >= NAMES_MAX && !known.contains_key(name) {
            known.retain(|_, one| one.running.is_some());
        }
        let one = known.entry(name.to_owned()).or_default();
        let is_fresh = |at: Instant| now.saturating_duration_since(at) <= self.0.keep;
        let last = one.last.as_ref().filter(|(_, at)| is_fresh(*at)).map(|(found, _)| found.clone());
        if let Some(running) = one.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return (running.clone(), last);
        }
        let (told, running) = watch::channel(None);
        one.running = Some(running.clone());
        let (inner, name, looking) = (Arc::clone(&self.0), name.to_owned(), self.0.lookup.look_up(name));
        tokio::spawn(async move {
            let found = match looking.await {
                Ok(found) if found.is_empty() => Err(Arc::new(io::ErrorKind::NotFound.into())),
                found => found.map_err(Arc::new),
            };
            inner.ended(&name, &found);
            told.send_replace(Some(found));
        });
        (running, last)
    }
}

impl Inner {
    fn ended(&self, name: &str, found: &Result<Vec<SocketAddr>, Arc<io::Error>>) {
        let mut known = self.known.lock();
        let one = known.entry(name.to_owned()).or_default();
        one.running = None;
        if let Ok(found) = found {
            one.last = Some((found.clone(), Instant::now()));
        }
    }
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.clone().find(name.as_str().to_owned(), Instant::now());
        Box::pin(async move { Ok(found.await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests;
