//! [`Board`]: what every client saw, written down while it sees it. One half of the oracle; the other is the simulators'.

use super::wish::Wish;
use super::world::DRAIN_INTERVAL;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A request that was sent so long ago has reached the server.
const ON_ITS_WAY: Duration = Duration::from_millis(2);
/// An answer that ended so recently counts as ending.
const JUST_NOW: Duration = Duration::from_millis(5);
/// After so long without reading, the buffers between a client and the server are full.
const FULL: Duration = Duration::from_millis(250);

/// How an answer ended for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not.
    Running,
    /// The server could not be reached.
    Unsent,
    /// An error instead of an answer.
    Refused,
    /// Whole: the plain body, or everything up to the end mark.
    Complete,
    /// An error inside the stream.
    Failed,
    /// The connection ended early.
    Cut,
    /// The client left on purpose.
    Left,
}

/// What one client saw.
#[derive(Debug, Clone)]
pub struct Sight {
    /// What it had asked for.
    pub wish: Wish,
    /// Which life of the server it asked.
    pub epoch: u64,
    /// Bytes of its request body.
    pub request_bytes: u64,
    /// When the request was handed to the connection.
    pub sent: Option<Instant>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Id of the generation.
    pub id: Option<String>,
    /// Bytes of answer text in whole events.
    pub text_bytes: u64,
    /// Nano-dollars that the answer showed.
    pub cost: Option<i64>,
    /// When the client stopped reading.
    pub stalled: Option<Instant>,
    /// How it ended.
    pub end: End,
}

/// What was under way at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scene {
    /// Requests at the server without any content yet.
    pub hold: usize,
    /// Answers in the middle.
    pub open: usize,
    /// Answers whose text is complete and whose end is not, or which ended within the last 5 ms.
    pub close: usize,
    /// Streams whose client has stopped reading, so that the server holds text which the connection has not taken.
    pub stalled: usize,
    /// Answers that ended since the server last wrote to its database.
    pub unposted: usize,
}

#[derive(Debug, Default)]
struct Inner {
    sights: Vec<Sight>,
    running: BTreeSet<usize>,
    ended: Vec<Instant>,
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub struct Board {
    inner: Mutex<Inner>,
    /// An answer's text is complete, or an answer ended.
    pub closing: Notify,
}

impl Board {
    /// Starts the record of a request; its place.
    pub fn begin(&self, wish: Wish, epoch: u64, request_bytes: u64) -> usize {
        let mut inner = self.inner.lock();
        let at = inner.sights.len();
        inner.sights.push(Sight {
            wish,
            epoch,
            request_bytes,
            sent: None,
            status: None,
            id: None,
            text_bytes: 0,
            cost: None,
            stalled: None,
            end: End::Running,
        });
        inner.running.insert(at);
        at
    }

    /// Changes a record.
    pub fn note(&self, at: usize, change: impl FnOnce(&mut Sight)) {
        if let Some(sight) = self.inner.lock().sights.get_mut(at) {
            change(sight);
        }
    }

    /// Adds delivered text.
    pub fn text(&self, at: usize, bytes: u64) {
        let mut is_whole = false;
        self.note(at, |sight| {
            sight.text_bytes += bytes;
            is_whole = sight.text_bytes >= sight.wish.text_bytes;
        });
        if is_whole {
            self.closing.notify_waiters();
        }
    }

    /// Ends a record.
    pub fn end(&self, at: usize, end: End) {
        let mut inner = self.inner.lock();
        inner.running.remove(&at);
        if end == End::Complete {
            inner.ended.push(Instant::now());
        }
        if let Some(sight) = inner.sights.get_mut(at) {
            sight.end = end;
        }
        drop(inner);
        if end == End::Complete {
            self.closing.notify_waiters();
        }
    }

    /// What is under way now; `posted` is when the server last wrote to its database, if that can be seen.
    pub fn scene(&self, posted: Option<Instant>) -> Scene {
        let now = Instant::now();
        let inner = self.inner.lock();
        let mut scene = Scene::default();
        for sight in inner.running.iter().filter_map(|at| inner.sights.get(*at)) {
            let is_there = sight.sent.is_some_and(|sent| now.duration_since(sent) >= ON_ITS_WAY);
            let is_full = sight.stalled.is_some_and(|stalled| now.duration_since(stalled) >= FULL);
            scene.stalled += usize::from(is_full && sight.wish.stream);
            match sight.text_bytes {
                0 if is_there => scene.hold += 1,
                0 => {}
                bytes if bytes < sight.wish.text_bytes => scene.open += 1,
                _ => scene.close += 1,
            }
        }
        let since = |limit: Instant| inner.ended.iter().rev().take_while(|at| **at >= limit).count();
        scene.close += now.checked_sub(JUST_NOW).map_or(0, since);
        scene.unposted = posted.or_else(|| now.checked_sub(DRAIN_INTERVAL)).map_or(0, since);
        scene
    }

    /// How a request ended.
    pub fn ended_as(&self, at: usize) -> Option<End> {
        self.inner.lock().sights.get(at).map(|sight| sight.end)
    }

    /// Everything that was seen.
    pub fn sights(&self) -> Vec<Sight> {
        self.inner.lock().sights.clone()
    }
}
