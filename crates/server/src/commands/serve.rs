//! `portolan serve`: puts the node together, listens, and ends in order.

use super::ending::{self, Interrupts};
use super::open::Opened;
use super::plain::{keep_address, new_setup_link};
use super::say;
use crate::cli::Shared;
use crate::health::{self, Readiness};
use crate::listen::{self, End, ListenLimits};
use crate::tasks::{self, SharedDrainer};
use crate::wiring::{self, Demo, Shelf, UpstreamProbe};
use crate::{assets, banner, telemetry};
use anyhow::Context;
use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use control::Control;
use control::seal::{MasterKey, Seal};
use domain::catalog::Catalog;
use edge::manners::{self, Manners};
use edge::metrics::Metrics;
use edge::upstream::Upstreams;
use gateway::{Gateway, GatewayParts};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Drainer;
use store::durable::Engine;
use store::journal::{Journal, JournalOptions};
use store::lease::Keyring;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;

/// Longest wait for answers that are not streamed once everything is to end.
const FINISH_WAIT: Duration = Duration::from_secs(1);
/// Longest wait of a reader for settlements to be posted.
const DRAIN_WAIT: Duration = Duration::from_secs(1);

/// The assembled node.
struct Node {
    opened: Opened,
    gateway: Arc<Gateway>,
    control: Arc<Control>,
    journal: Arc<Journal>,
    drainer: SharedDrainer,
    keyring: Arc<Keyring>,
    shelf: Arc<Shelf>,
    metrics: Arc<Metrics>,
    is_demo: bool,
}

/// Runs the server until it is interrupted.
pub async fn run(shared: &Shared, listen: Option<SocketAddr>) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    #[cfg(feature = "seeded-bugs")]
    if let Some(name) = crate::config::seeded_bug() {
        anyhow::ensure!(::store::seeded::choose(&name), "there is no seeded defect {name}");
    }
    let mut opened = Opened::open(shared).await?;
    if let Some(listen) = listen {
        opened.config.file.server.listen = listen;
    }
    let outlet = telemetry::start(&opened.config.file.log)?;
    let address = opened.config.file.server.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let listening = listener.local_addr()?;
    let node = assemble(opened, listening).await?;
    if let Some(outlet) = &outlet {
        health::count_lost_lines(&node.metrics, outlet.losses());
    }
    let readiness = Arc::new(Readiness::default());
    let router = router(&node, &readiness);
    let end = End::default();
    // What runs beside the requests is needed until the last of them is settled.
    let work = CancellationToken::new();
    let background = start_tasks(&node, &work);
    let interrupts = Interrupts::new()?;
    announce(&node, listening, started).await?;
    let section = &node.opened.config.file.server;
    let limits = ListenLimits {
        connections: section.connections_max,
        header_timeout: section.header_timeout,
        write_timeout: section.write_timeout,
    };
    if let Some(address) = section.metrics_listen {
        let own = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let router = health::metrics_router(Arc::clone(&node.metrics));
        let end = End { stop: work.clone(), cut: end.cut.clone() };
        background.spawn(listen::serve(own, router, limits, end));
    }
    let drain_timeout = section.drain_timeout;
    tokio::spawn(ending::hear(interrupts, end.clone(), readiness, Arc::clone(&node.gateway), drain_timeout));
    listen::serve(listener, router, limits, end.clone()).await;
    let too_late = async {
        end.cut.cancelled().await;
        tokio::time::sleep(FINISH_WAIT).await;
    };
    tokio::select! {
        () = node.gateway.finish() => {}
        () = too_late => tracing::warn!("answers that are not streamed were cut off"),
    }
    work.cancel();
    background.close();
    background.wait().await;
    node.opened.store.close().await;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

async fn assemble(opened: Opened, listening: SocketAddr) -> anyhow::Result<Node> {
    let config = &opened.config;
    let (store, clock, random) = (opened.store.clone(), Arc::clone(&opened.clock), Arc::clone(&opened.random));
    let options = JournalOptions {
        segment_bytes: config.file.journal.segment_bytes,
        flush_interval: Some(config.file.journal.flush_interval),
        strict: config.file.journal.strict,
        strict_wait: config.file.journal.strict_wait,
        handover_max: config.file.journal.handover_max,
        ..JournalOptions::default()
    };
    let (journal, recovered) = Journal::open(&config.data.join("journal"), options).context("journal")?;
    let journal = Arc::new(journal);
    let node = wiring::node_id(&config.data, &random)?;
    let boot = store.node_boot(node, clock.now()).await?;
    let mut drainer = Drainer::new(Arc::clone(&journal), store.clone(), node, boot);
    #[cfg(feature = "seeded-bugs")]
    {
        drainer.forget_interrupted = store::seeded::is(store::seeded::Bug::ForgetUndrained);
    }
    let replayed = drainer.recover(recovered.interrupted, clock.now()).await.context("journal recovery")?;
    if replayed > 0 {
        tracing::info!(settlements = replayed, "journal replayed");
    }
    let keyring = Arc::new(Keyring::load(store.clone(), Arc::clone(&clock)).await?);
    let seal: Arc<dyn Seal> =
        Arc::new(MasterKey::new(&wiring::master_key(&config.data, &random)?, Arc::clone(&random)));
    let (shelf, is_demo) = shelf(&opened, &seal).await?;
    let metrics = Arc::new(Metrics::default());
    health::count_statements(&metrics, store.clone());
    health::count_flushes(&metrics, Arc::clone(&journal));
    let gateway = Gateway::new(GatewayParts {
        settings: wiring::gateway_settings(config, listening)?,
        catalog: Arc::clone(&shelf.catalog),
        upstreams: Arc::clone(&shelf.upstreams),
        keyring: Arc::clone(&keyring),
        journal: Arc::clone(&journal),
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
        metrics: Arc::clone(&metrics),
    });
    let drainer: SharedDrainer = Arc::new(tokio::sync::Mutex::new(drainer));
    let probe = UpstreamProbe::new(
        config.file.timeouts.connect,
        Arc::clone(&shelf.catalog),
        Arc::clone(&shelf.upstreams),
        Arc::clone(&clock),
    );
    let control = Arc::new(Control {
        store,
        book: Arc::clone(keyring.book()),
        keyring: Arc::clone(&keyring),
        catalog: Arc::clone(&shelf.catalog),
        upstreams: Arc::clone(&shelf.upstreams),
        random,
        settings: wiring::control_settings(config, listening, is_demo)?,
        seal,
        probe: Arc::new(probe),
        reload: Arc::clone(&shelf) as Arc<dyn control::upstream::Reload>,
        drain: drain_now(&drainer, &clock),
        measure: Arc::new(Measurements { gateway: Arc::clone(&gateway), clock: Arc::clone(&clock) }),
        vet: Arc::new(Vetting),
        popularity: control::Popularity::default(),
        clock,
    });
    Ok(Node { opened, gateway, control, journal, drainer, keyring, shelf, metrics, is_demo })
}

/// What the data plane measures, for the lists of the control plane.
struct Measurements {
    gateway: Arc<Gateway>,
    clock: Arc<dyn domain::time::Clock>,
}

impl control::Measure for Measurements {
    fn endpoint(&self, model_id: &str, tag: &str) -> Option<control::Measured> {
        let stats = self.gateway.health().stats(model_id, tag, self.clock.elapsed())?;
        Some(control::Measured {
            uptime_last_5m: stats.uptime_last_5m,
            uptime_last_30m: stats.uptime_last_30m,
            uptime_last_1d: stats.uptime_last_1d,
            latency_last_30m: stats.latency_last_30m,
            throughput_last_30m: stats.throughput_last_30m,
            is_out: stats.is_out,
        })
    }
}

/// How the data plane reads what presets keep.
struct Vetting;

impl control::Vet for Vetting {
    fn config(&self, json: &str) -> Result<(), control::Unfit> {
        gateway::vet(json).map_err(|refusal| control::Unfit { message: refusal.message })
    }
}

/// Catalogue and connections; the simulator joins them when nothing else is configured.
async fn shelf(opened: &Opened, seal: &Arc<dyn Seal>) -> anyhow::Result<(Arc<Shelf>, bool)> {
    let mut shelf = Shelf {
        config_path: opened.config.source.clone(),
        data: opened.config.data.clone(),
        store: opened.store.clone(),
        seal: Arc::clone(seal),
        clock: Arc::clone(&opened.clock),
        demo: None,
        catalog: Arc::new(ArcSwap::from_pointee(Catalog::default())),
        upstreams: Arc::new(ArcSwap::from_pointee(Upstreams::default())),
    };
    shelf.rebuild().await?;
    let has_upstreams = !shelf.upstreams.load().all().is_empty();
    if opened.config.file.demo.enabled.unwrap_or(!has_upstreams) {
        shelf.demo = Some(Demo::start(opened.random.number()).await.context("demo models")?);
        shelf.rebuild().await?;
    }
    let is_demo = shelf.demo.is_some() && !has_upstreams;
    Ok((Arc::new(shelf), is_demo))
}

/// Posts what is finished, for a reader that wants to see it now.
fn drain_now(drainer: &SharedDrainer, clock: &Arc<dyn domain::time::Clock>) -> control::Drain {
    let (drainer, clock) = (Arc::clone(drainer), Arc::clone(clock));
    Arc::new(move || {
        let (drainer, clock) = (Arc::clone(&drainer), Arc::clone(&clock));
        Box::pin(async move {
            let posting = async { drainer.lock().await.drain_all(clock.now()).await };
            match tokio::time::timeout(DRAIN_WAIT, posting).await {
                Ok(Ok(_posted)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "settlements wait in the journal"),
                Err(_elapsed) => tracing::warn!("settlements are not posted in time"),
            }
        })
    })
}

fn router(node: &Node, readiness: &Arc<Readiness>) -> Router {
    let manners = Arc::new(Manners {
        clock: Arc::clone(&node.opened.clock),
        random: Arc::clone(&node.opened.random),
        open_paths: &["/api/", "/v1/", "/openapi.json"],
    });
    let api = gateway::router(Arc::clone(&node.gateway))
        .merge(control::router(Arc::clone(&node.control)).layer(CompressionLayer::new()))
        .merge(console_calls(node))
        .merge(health::router(Arc::clone(readiness)))
        .merge(assets::router().layer(CompressionLayer::new()));
    let api = if node.opened.config.file.server.metrics_listen.is_none() {
        api.merge(health::local_metrics_router(Arc::clone(&node.metrics)))
    } else {
        api
    };
    api.layer(axum::middleware::from_fn(move |request, next| manners::observe(Arc::clone(&manners), request, next)))
}

/// What the console's calls of the data plane need of both planes.
#[derive(Clone)]
struct ConsoleCalls {
    gateway: Arc<Gateway>,
    control: Arc<Control>,
}

/// The data plane under the console's door ([`gateway::CONSOLE_ROUTES`]): the session stands for the account's own key.
fn console_calls(node: &Node) -> Router {
    let state = ConsoleCalls { gateway: Arc::clone(&node.gateway), control: Arc::clone(&node.control) };
    Router::new()
        .route("/console/api/v1/chat/completions", post(chat))
        .route("/console/api/v1/route/explain", post(explain))
        .with_state(state)
}

async fn chat(State(state): State<ConsoleCalls>, request: Request) -> Response {
    match control::session_key(&state.control, request.headers()).await {
        Ok(key) => gateway::chat_for(&state.gateway, key, request).await,
        Err(refused) => axum::response::IntoResponse::into_response(refused),
    }
}

async fn explain(State(state): State<ConsoleCalls>, request: Request) -> Response {
    match control::session_key(&state.control, request.headers()).await {
        Ok(key) => gateway::explain_for(&state.gateway, key, request).await,
        Err(refused) => axum::response::IntoResponse::into_response(refused),
    }
}

fn start_tasks(node: &Node, stop: &CancellationToken) -> TaskTracker {
    let tracker = TaskTracker::new();
    let clock = || Arc::clone(&node.opened.clock);
    tracker.spawn(tasks::drain(
        Arc::clone(&node.drainer),
        Arc::clone(&node.journal),
        Arc::clone(&node.gateway),
        clock(),
        node.opened.config.file.journal.drain_interval,
        stop.clone(),
    ));
    tracker.spawn(tasks::watch_lag(Arc::clone(&node.gateway), stop.clone()));
    tracker.spawn(tasks::follow(Arc::clone(&node.keyring), Arc::clone(&node.shelf), stop.clone()));
    tracker.spawn(tasks::reload_on_signal(Arc::clone(&node.shelf), stop.clone()));
    if let Some(section) = node.opened.config.file.catalog.sync.clone() {
        tracker.spawn(tasks::import(Arc::clone(&node.shelf), section, stop.clone()));
    }
    tracker.spawn(tasks::prune(node.opened.store.clone(), clock(), stop.clone()));
    tracker
}

async fn announce(node: &Node, listening: SocketAddr, started: Instant) -> anyhow::Result<()> {
    let url = wiring::public_url(&node.opened.config, listening);
    keep_address(&node.opened.config, &url)?;
    let needs_owner = match node.opened.store.account_first().await? {
        Some(account) => node.opened.store.user_first(account.id).await?.is_none(),
        None => true,
    };
    let link = if needs_owner { Some(new_setup_link(&node.opened, &url).await?) } else { None };
    let upstreams: Vec<String> =
        node.shelf.upstreams.load().all().iter().map(|upstream| upstream.slug.clone()).collect();
    let database = if node.opened.store.engine() == Engine::Sqlite { "sqlite" } else { "postgres" };
    let started_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if telemetry::is_json(&node.opened.config.file.log) {
        tracing::info!(
            listen = %listening, url, database, demo = node.is_demo, started_ms,
            data = %node.opened.config.data.display(), upstreams = upstreams.join(","),
            setup_link = link.as_deref().unwrap_or(""), running_max = node.gateway.running_max(),
            "listening"
        );
        return Ok(());
    }
    let program = std::env::current_exe().map_or_else(|_| "portolan".to_owned(), |path| relative(&path));
    let config = &node.opened.config;
    // Commands find the data directory's own file by themselves.
    let own = config.data.join("portolan.toml");
    let named = config.source.as_ref().filter(|source| **source != own);
    let file = named.map(|source| format!(" --config {}", banner::quoted(&source.display().to_string())));
    let data = banner::quoted(&config.data.display().to_string());
    let program = format!("{}{} --data {data}", banner::quoted(&program), file.unwrap_or_default());
    say(&banner::text(&banner::Facts {
        url: &url,
        data: &node.opened.config.data,
        database,
        upstreams: &upstreams,
        is_demo: node.is_demo,
        setup_link: link.as_deref(),
        program: &program,
        started_ms,
    }));
    Ok(())
}

/// A path as short as the working directory allows.
fn relative(path: &std::path::Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(inside) => format!("./{}", inside.display()),
        Err(_) => path.display().to_string(),
    }
}
