//! When to kill: waiting for the moment that a phase asks for, and saying afterwards what the kill met.

use super::node::House;
use super::sight::{Board, Scene};
use parking_lot::Mutex;
use rand::Rng as _;
use rand::rngs::SmallRng;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;

/// Longest wait for a moment; the kill then takes what there is.
const WAIT: Duration = Duration::from_secs(3);
/// How often the database file is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// A write to the database so recent means that a posting is under way.
const POSTING: Duration = Duration::from_millis(6);

/// A part of a request's life, or of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Money is held, no content is out.
    Hold,
    /// An answer is streaming.
    Open,
    /// An answer is about to end or has just ended.
    Close,
    /// Settlements wait for the database or are being posted.
    Drain,
    /// The server is starting and recovers what an earlier kill left.
    Replay,
}

impl Phase {
    /// In the order of a request's life.
    pub const ALL: [Self; 5] = [Self::Hold, Self::Open, Self::Close, Self::Drain, Self::Replay];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Open => "open",
            Self::Close => "close",
            Self::Drain => "drain",
            Self::Replay => "replay",
        }
    }
}

/// A kill and what it met.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// What was aimed at.
    pub aim: Phase,
    /// Whether that was met.
    pub has_hit: bool,
    /// What was under way.
    pub scene: Scene,
    /// For a kill at the start: whether recovery had already written.
    pub has_written: bool,
}

impl Kill {
    /// Judges a kill of a listening server.
    pub fn of(aim: Phase, scene: Scene, is_posting: bool) -> Self {
        let has_hit = match aim {
            Phase::Hold => scene.hold > 0,
            Phase::Open => scene.open > 0,
            Phase::Close => scene.close > 0,
            Phase::Drain => is_posting || scene.unposted > 0,
            Phase::Replay => false,
        };
        Self { aim, has_hit, scene, has_written: false }
    }
}

/// Watches when the server writes to its database.
#[derive(Debug, Default)]
pub struct Postings {
    last: Mutex<Option<Instant>>,
    wrote: Notify,
}

impl Postings {
    /// Starts watching; ends with the runtime.
    pub fn watch(house: &House) -> Arc<Self> {
        let postings = Arc::new(Self::default());
        let (path, shared) = (house.write_ahead_log(), Arc::clone(&postings));
        tokio::spawn(async move {
            let mut before = stamp(&path);
            let mut ticks = tokio::time::interval(LOOK);
            loop {
                ticks.tick().await;
                let now = stamp(&path);
                if now != before {
                    before = now;
                    *shared.last.lock() = Some(Instant::now());
                    shared.wrote.notify_waiters();
                }
            }
        });
        postings
    }

    /// When it last wrote.
    pub fn last(&self) -> Option<Instant> {
        *self.last.lock()
    }

    /// Whether it wrote within the last few milliseconds.
    pub fn is_posting(&self) -> bool {
        self.last().is_some_and(|last| last.elapsed() <= POSTING)
    }
}

fn stamp(path: &PathBuf) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// Bytes of the journal's files together; grows with every record.
pub fn journal_bytes(house: &House) -> u64 {
    let Ok(entries) = std::fs::read_dir(house.journal()) else { return 0 };
    entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|about| about.len()).sum()
}

/// Waits for the moment to kill a listening server.
pub async fn wait_for(phase: Phase, board: &Board, postings: &Postings, random: &mut SmallRng) {
    let pause = |random: &mut SmallRng, most: u64| Duration::from_micros(random.random_range(0..most));
    // First let the load come into swing.
    tokio::time::sleep(Duration::from_millis(80) + pause(random, 220_000)).await;
    let (late, is_before) = (pause(random, 3_000), random.random_bool(0.5));
    let moment = async {
        match phase {
            Phase::Hold => {
                until(|| board.scene(None).hold > 0).await;
                tokio::time::sleep(late).await;
            }
            Phase::Open if is_before => until(|| board.scene(None).stalled > 0).await,
            Phase::Open | Phase::Replay => {
                until(|| board.scene(None).open > 0).await;
                tokio::time::sleep(late).await;
            }
            Phase::Close => {
                board.closing.notified().await;
                if !is_before {
                    tokio::time::sleep(late).await;
                }
            }
            Phase::Drain if is_before => {
                until(|| board.scene(postings.last()).unposted > 0).await;
                tokio::time::sleep(late * 20).await;
            }
            Phase::Drain => {
                postings.wrote.notified().await;
                tokio::time::sleep(late).await;
            }
        }
    };
    // What the kill met is judged by what was under way, not by what was waited for.
    let _late = tokio::time::timeout(WAIT, moment).await;
}

async fn until(is_true: impl Fn() -> bool) {
    while !is_true() {
        tokio::time::sleep(LOOK).await;
    }
}
