//! The listener: its own accept loop, because faults below HTTP need the socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::observe::Observed;
use crate::options::Options;
use crate::scenario::Scenario;
use crate::state::State;
use crate::wire::{Switch, Wire};

/// Most connections at one time; more are closed as soon as they are accepted.
const CONNECTIONS_MAX: usize = 16_384;

/// Pause after a failed accept, so that a process without descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running simulator; dropping it stops it without waiting.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    state: State,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Starts a simulator on its own listener.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let state = State::new(options);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(accept(listener, crate::router(state.clone()), stop.clone(), tasks.clone()));
        Ok(Self { address, state, stop, tasks })
    }

    /// Address it listens on, with the port the system chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request seen since the start or the last [`Simulator::clear`], oldest first, at most 100 000.
    #[must_use]
    pub fn observed(&self) -> Vec<Observed> {
        self.state.observed()
    }

    /// Forgets what was seen, and starts all counts again.
    pub fn clear(&self) {
        self.state.clear();
    }

    /// Sets what a model does; `*` is for every model without a scenario of its own.
    pub fn set_scenario(&self, model: &str, scenario: Scenario) {
        self.state.set_scenario(model, scenario);
    }

    /// Forgets all scenarios that were set.
    pub fn clear_scenarios(&self) {
        self.state.clear_scenarios();
    }

    /// Stops listening, drops every connection and waits until all of it has ended.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken, tasks: TaskTracker) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            tracing::warn!("too many connections");
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = serve(stream, router) => {}
            }
            drop(permit);
        });
    }
}

async fn serve(stream: TcpStream, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small writes may be delayed");
    }
    let switch = Switch::default();
    let wire = TokioIo::new(Wire::new(stream, switch.clone()));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(switch.clone());
        router.clone().oneshot(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    if let Err(error) = builder.serve_connection(wire, service).await {
        tracing::debug!(%error, "connection ended");
    }
}
