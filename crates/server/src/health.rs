//! `/health/live`, `/health/ready`, `/metrics` and `/openapi.json`.

use crate::listen::Peer;
use crate::telemetry::Losses;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::metrics::Metrics;
use http::{StatusCode, header};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the node takes requests.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
}

impl Readiness {
    /// From now on the balancer shall look elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the node is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

/// Health routes and the API document.
pub fn router(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready).with_state(readiness))
        .route("/openapi.json", get(document))
}

/// `/metrics` for its own listener, whose address is the operator's choice.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(render)).with_state(metrics)
}

/// `/metrics` on the main listener: for callers on this machine only; to others the path does not exist.
pub fn local_metrics_router(metrics: Arc<Metrics>) -> Router {
    metrics_router(metrics).layer(axum::middleware::from_fn(only_local))
}

async fn only_local(request: Request, next: Next) -> Response {
    let is_local = request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback());
    if is_local { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() }
}

/// How often each statement was sent to the database. Names are those of the store's own register.
#[derive(Debug)]
struct Statements(store::Store);

impl Collector for Statements {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Statements sent to the database; a bulk write counts once";
        let mut family = encoder.encode_descriptor("store_statements", help, None, MetricType::Counter)?;
        for (name, count) in self.0.statements_by_name() {
            let labels = [("statement", name)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Makes the store's statements part of `/metrics`.
pub fn count_statements(metrics: &Metrics, store: store::Store) {
    metrics.register(|registry| registry.register_collector(Box::new(Statements(store))));
}

/// How often the journal was flushed to disk.
#[derive(Debug)]
struct Flushes(Arc<store::Journal>);

impl Collector for Flushes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Flushes of the journal to disk";
        let family = encoder.encode_descriptor("journal_flushes", help, None, MetricType::Counter)?;
        ConstCounter::new(self.0.flushes()).encode(family)
    }
}

/// Makes the journal's flushes part of `/metrics`.
pub fn count_flushes(metrics: &Metrics, journal: Arc<store::Journal>) {
    metrics.register(|registry| registry.register_collector(Box::new(Flushes(journal))));
}

/// Reads how many log lines were dropped whenever `/metrics` is asked for.
#[derive(Debug)]
struct LostLines(Losses);

impl Collector for LostLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Log lines dropped because nobody read them in time";
        let family = encoder.encode_descriptor("log_lines_dropped", help, None, MetricType::Counter)?;
        ConstCounter::new(self.0.count()).encode(family)
    }
}

/// Makes the count of dropped log lines part of `/metrics`.
pub fn count_lost_lines(metrics: &Metrics, losses: Losses) {
    metrics.register(|registry| registry.register_collector(Box::new(LostLines(losses))));
}

fn state(status: StatusCode, word: &str) -> Response {
    let body = format!("{{\"status\":\"{word}\",\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION"));
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}

async fn live() -> Response {
    state(StatusCode::OK, "live")
}

/// Upstream trouble never makes a node unready; only shutting down does.
async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    if readiness.is_draining() {
        state(StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else {
        state(StatusCode::OK, "ready")
    }
}

async fn render(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn document() -> Response {
    match control::openapi().to_json() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "API document could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
