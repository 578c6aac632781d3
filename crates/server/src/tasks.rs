//! What runs beside the requests: posting settlements, following changes, tidying up.

use crate::config::{Config, SyncSection};
use crate::wiring::{ImportOrder, ImportOutcome, Shelf, import_catalog};
use domain::time::Clock;
use gateway::Gateway;
use std::sync::Arc;
use std::time::Duration;
use store::Drainer;
use store::journal::{BATCH_MAX, Journal};
use store::lease::Keyring;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often changes of other processes are looked for: they are promised to show within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(750);
/// After how many such looks the catalogue is built again, because prices take effect at moments that no change announces.
const REBUILD_EVERY: u32 = 80;
/// How often old rows are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Shortest time between scheduled imports: the places that publish prices are other people's.
const IMPORT_EVERY_MIN: Duration = Duration::from_secs(60);
/// Longest pause between attempts to post when the store is away.
const BACK_OFF_MAX: Duration = Duration::from_secs(5);

/// The drainer, shared by the task and by readers that cannot wait for it.
pub type SharedDrainer = Arc<Mutex<Drainer>>;

/// Posts settlements whenever there are some, until `stop`; then posts the rest.
pub async fn drain(
    drainer: SharedDrainer,
    journal: Arc<Journal>,
    gateway: Arc<Gateway>,
    clock: Arc<dyn Clock>,
    every: Duration,
    stop: CancellationToken,
) {
    let mut pause = every;
    let mut has_backlog = true;
    while !stop.is_cancelled() {
        if !has_backlog {
            // An idle node asks its database for nothing.
            tokio::select! {
                () = stop.cancelled() => break,
                () = journal.dirty() => {}
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
        let waiting = gateway.retry_orphans();
        match drainer.lock().await.drain_once(clock.now()).await {
            Ok(posted) => {
                has_backlog = posted >= BATCH_MAX || waiting > 0;
                pause = if has_backlog { Duration::ZERO } else { every };
            }
            Err(error) => {
                has_backlog = true;
                pause = (pause.max(every) * 2).min(BACK_OFF_MAX);
                tracing::warn!(%error, "settlements wait in the journal");
            }
        }
        if waiting > 0 {
            pause = pause.max(every);
        }
    }
    if let Err(error) = drainer.lock().await.drain_all(clock.now()).await {
        tracing::warn!(%error, "settlements stay in the journal until the next start");
    }
}

/// How often the runtime's lateness is measured.
const LAG_EVERY: Duration = Duration::from_millis(50);

/// Measures how late the runtime is.
pub async fn watch_lag(gateway: Arc<Gateway>, stop: CancellationToken) {
    loop {
        let due = tokio::time::Instant::now() + LAG_EVERY;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(due) => {}
        }
        gateway.note_lag(tokio::time::Instant::now().saturating_duration_since(due));
    }
}

/// Takes over what other processes changed.
pub async fn follow(keyring: Arc<Keyring>, shelf: Arc<Shelf>, stop: CancellationToken) {
    let mut polls: u32 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FOLLOW_EVERY) => {}
        }
        polls = polls.wrapping_add(1);
        let is_due = polls.is_multiple_of(REBUILD_EVERY);
        match keyring.refresh().await {
            Ok(others) if is_due || others.upstreams || others.catalog || others.settings => {
                if let Err(error) = shelf.rebuild().await {
                    tracing::error!(error = format!("{error:#}"), "changes not taken over: what was in force stays");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "changes cannot be read"),
        }
    }
}

/// Reads the configuration again on SIGHUP.
pub async fn reload_on_signal(shelf: Arc<Shelf>, stop: CancellationToken) {
    let mut signals = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        Ok(signals) => signals,
        Err(error) => {
            tracing::warn!(%error, "SIGHUP cannot be received");
            return;
        }
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            received = signals.recv() => if received.is_none() { return },
        }
        match shelf.rebuild().await {
            Ok(()) => tracing::info!(
                models = shelf.catalog.load().models().len(),
                upstreams = shelf.upstreams.load().all().len(),
                "configuration read again"
            ),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "configuration not taken over: what was in force stays");
            }
        }
    }
}

/// Imports models and prices from the configured place, at the start and then on schedule; refused prices stay as they are.
pub async fn import(shelf: Arc<Shelf>, section: SyncSection, stop: CancellationToken) {
    let order = ImportOrder { from: section.from, format: section.format, force: false, dry_run: false };
    loop {
        let imported = tokio::select! {
            () = stop.cancelled() => return,
            imported = import_once(&shelf, &order) => imported,
        };
        match imported {
            Ok(ImportOutcome { diff, skipped }) => tracing::info!(
                from = order.from,
                models = diff.documents.len(),
                added = diff.added.len(),
                changed = diff.changed.len(),
                unchanged = diff.unchanged,
                refused = diff.refused.len(),
                left_out = skipped.len(),
                "catalogue imported"
            ),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "catalogue not imported: what was in force stays");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(section.every.max(IMPORT_EVERY_MIN)) => {}
        }
    }
}

async fn import_once(shelf: &Shelf, order: &ImportOrder) -> anyhow::Result<ImportOutcome> {
    let config = Config::load(shelf.config_path.as_deref(), &shelf.data)?;
    let outcome = import_catalog(&config, &shelf.store, order, shelf.clock.now()).await?;
    for refusal in &outcome.diff.refused {
        let (model, endpoint, price) = (&refusal.model, &refusal.endpoint_tag, &refusal.field);
        let (from, to) = (refusal.from.as_deref().unwrap_or(""), refusal.to.as_deref().unwrap_or(""));
        tracing::warn!(model, endpoint, price, from, to, reason = %refusal.reason, "imported price refused");
    }
    if !outcome.diff.documents.is_empty() {
        shelf.rebuild().await?;
    }
    Ok(outcome)
}

/// Deletes old changes, ended sessions and lapsed tokens.
pub async fn prune(store: store::Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
        if let Err(error) = store.prune(clock.now(), store::durable::Kept::default()).await {
            tracing::warn!(%error, "old rows could not be deleted");
        }
    }
}
