//! Streams that have begun and hardly say anything: what each keeps resident.

use super::figures;
use super::load::{self, Target};
use super::process::Server;
use super::scenario::{IDLE, Request, Side};
use anyhow::{Context as _, ensure};
use http_body_util::BodyExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Requests that are being opened at one time.
const OPENING_MAX: usize = 64;

/// Time over which the CPU of idle streams is measured.
const WINDOW: Duration = Duration::from_secs(6);

/// What idle streams cost.
#[derive(Debug)]
pub struct Idle {
    /// Growth of the resident set over that without streams, by stream.
    pub kib_per_stream: f64,
    /// CPU time in percent of one core.
    pub cpu_percent: f64,
    /// Resident set with all streams open.
    pub rss_kib: f64,
}

/// Opens all streams, waits until each has had its first chunk, and looks at the process.
///
/// # Errors
/// A stream that does not begin, or that ends while it is looked at.
pub async fn measure(server: &Server, target: &Target, side: Side) -> anyhow::Result<Idle> {
    let request = IDLE.request(side);
    warm(target, &request).await?;
    server.cpu_at_rest().await?;
    let before = server.rss_kib()?;
    let gate = Arc::new(Semaphore::new(OPENING_MAX));
    let (begun, mut begins) = mpsc::channel(IDLE.workers);
    let mut streams = JoinSet::new();
    for _ in 0..IDLE.workers {
        streams.spawn(stream(target.clone(), request.clone(), Arc::clone(&gate), begun.clone()));
    }
    drop(begun);
    let mut open = 0;
    while open < IDLE.workers {
        tokio::select! {
            Some(()) = begins.recv() => open += 1,
            Some(ended) = streams.join_next() => ended.context("a stream broke")??,
        }
    }
    let cpu = server.cpu()?;
    tokio::time::sleep(WINDOW).await;
    let cpu = server.cpu()?.saturating_sub(cpu);
    let rss = server.rss_kib()?;
    ensure!(streams.try_join_next().is_none(), "a stream ended while it was looked at");
    Ok(Idle {
        kib_per_stream: (figures::float(rss) - figures::float(before)) / figures::float(u64::try_from(IDLE.workers)?),
        cpu_percent: 100.0 * figures::micros(cpu) / figures::micros(WINDOW),
        rss_kib: figures::float(rss),
    })
}

/// One stream, opened and dropped, so that nothing is counted that happens once in a process.
async fn warm(target: &Target, request: &Request) -> anyhow::Result<()> {
    let mut sender = load::connect(target.address).await?;
    let mut body = load::ask(&mut sender, target, request).await?;
    load::read_first(&mut body).await?;
    Ok(())
}

async fn stream(target: Target, request: Request, gate: Arc<Semaphore>, begun: mpsc::Sender<()>) -> anyhow::Result<()> {
    let permit = gate.acquire().await?;
    let mut sender = load::connect(target.address).await?;
    // The head of a stream may come with its first chunk; waiting for it here would open streams one by one.
    drop(permit);
    let mut body = load::ask(&mut sender, &target, &request).await?;
    load::read_first(&mut body).await?;
    begun.send(()).await?;
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}
