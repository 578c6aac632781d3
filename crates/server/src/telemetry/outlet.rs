//! [`Outlet`]: log lines on their way to standard output, many to a write.
//!
//! Whoever logs copies a line into memory and goes on; one thread writes what has gathered. The first line after a pause is
//! written at once. A reader that does not keep up makes lines be dropped, which is counted and said: an answer must not
//! wait for a log.

use parking_lot::{Condvar, Mutex};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Where lines go; dropping it writes what it holds.
#[derive(Debug)]
pub struct Outlet {
    gathered: Arc<Gathered>,
    writer: Option<JoinHandle<()>>,
}

/// Counts lines that were dropped.
#[derive(Debug, Clone)]
pub struct Losses(Arc<Gathered>);

impl Losses {
    /// Lines dropped since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Gathered {
    state: Mutex<State>,
    wake: Condvar,
    bytes_max: usize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// Somebody may have to act: not to be held back.
    is_urgent: bool,
    is_ending: bool,
}

impl Outlet {
    /// Starts the thread that writes to `sink`, at most once in `interval`, holding at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(sink: impl Write + Send + 'static, bytes_max: usize, interval: Duration) -> io::Result<Self> {
        let gathered =
            Arc::new(Gathered { state: Mutex::default(), wake: Condvar::new(), bytes_max, dropped: AtomicU64::new(0) });
        let shared = Arc::clone(&gathered);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let writer = thread.spawn(move || shared.write_all(sink, interval))?;
        Ok(Self { gathered, writer: Some(writer) })
    }

    /// Where the subscriber puts its lines.
    pub(super) fn inlet(&self) -> Inlet {
        Inlet(Arc::clone(&self.gathered))
    }

    /// The count of dropped lines.
    #[must_use]
    pub fn losses(&self) -> Losses {
        Losses(Arc::clone(&self.gathered))
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.gathered.state.lock().is_ending = true;
        self.gathered.wake.notify_one();
        if let Some(writer) = self.writer.take() {
            // A thread that broke has nothing left to write.
            let _broken = writer.join();
        }
    }
}

impl Gathered {
    fn put(&self, line: &[u8], is_urgent: bool) {
        let mut state = self.state.lock();
        if state.lines.len() + line.len() > self.bytes_max {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let must_wake = state.lines.is_empty() || (is_urgent && !state.is_urgent);
        state.lines.extend_from_slice(line);
        state.is_urgent |= is_urgent;
        drop(state);
        if must_wake {
            self.wake.notify_one();
        }
    }

    /// Writes until the end; a sink that fails loses what it was given.
    fn write_all(&self, mut sink: impl Write, interval: Duration) {
        let mut taken = Vec::new();
        let mut reported = 0;
        let mut not_before = Instant::now();
        loop {
            let is_ending = self.take(&mut taken, not_before);
            let dropped = self.dropped.load(Ordering::Relaxed);
            if dropped > reported {
                let line =
                    format!("{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"dropped\":{dropped}}}\n");
                taken.extend_from_slice(line.as_bytes());
                reported = dropped;
            }
            // There is nowhere to say that the log cannot be written.
            let _unwritable = sink.write_all(&taken).and_then(|()| sink.flush());
            taken.clear();
            if is_ending {
                return;
            }
            not_before = Instant::now() + interval;
        }
    }

    /// Waits for lines and takes them; whether they are the last.
    fn take(&self, taken: &mut Vec<u8>, not_before: Instant) -> bool {
        let mut state = self.state.lock();
        while state.lines.is_empty() && !state.is_ending {
            self.wake.wait(&mut state);
        }
        while !state.is_urgent && !state.is_ending && !self.wake.wait_until(&mut state, not_before).timed_out() {}
        state.is_urgent = false;
        std::mem::swap(&mut state.lines, taken);
        state.is_ending
    }
}

/// The subscriber's side of an outlet.
pub(super) struct Inlet(Arc<Gathered>);

/// One line on its way into an outlet.
pub(super) struct Line<'a> {
    gathered: &'a Gathered,
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Inlet {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { gathered: &self.0, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line { gathered: &self.0, is_urgent: *metadata.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    /// The subscriber hands over whole lines.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.gathered.put(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Outlet;
    use std::io::{self, Write};
    use std::sync::mpsc;
    use std::time::Duration;

    /// A sink that passes each write on, and takes the next only when the test has taken the last.
    struct Slow(mpsc::SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_closed| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_line_leaves_at_once_and_an_urgent_one_takes_the_others_along() {
        let (sender, writes) = mpsc::sync_channel(16);
        let outlet = Outlet::start(Slow(sender), 1 << 20, Duration::from_secs(3600)).expect("thread");
        outlet.gathered.put(b"first\n", false);
        assert_eq!(writes.recv().expect("a write"), b"first\n");
        outlet.gathered.put(b"second\n", false);
        outlet.gathered.put(b"third\n", true);
        let mut seen = Vec::new();
        while seen.len() < b"second\nthird\n".len() {
            seen.extend(writes.recv().expect("a write"));
        }
        assert_eq!(seen, b"second\nthird\n");
        outlet.gathered.put(b"last\n", false);
        drop(outlet);
        assert_eq!(writes.recv().expect("a write"), b"last\n", "what is held is written at the end");
    }

    #[test]
    fn lines_beyond_the_bound_are_dropped_counted_and_said() {
        let (sender, writes) = mpsc::sync_channel(0);
        let outlet = Outlet::start(Slow(sender), 64, Duration::ZERO).expect("thread");
        let losses = outlet.losses();
        // The sink blocks on the first line, at the latest.
        for number in 0..100 {
            outlet.gathered.put(format!("line {number:03}\n").as_bytes(), true);
        }
        let dropped = losses.count();
        assert!((100 - 2 * 64 / 9..100).contains(&dropped), "{dropped}");
        let reader = std::thread::spawn(move || writes.into_iter().flatten().collect::<Vec<u8>>());
        drop(outlet);
        let text = String::from_utf8(reader.join().expect("reader")).expect("text");
        assert_eq!(text.matches("line ").count() as u64, 100 - dropped);
        assert!(text.contains(&format!("\"dropped\":{dropped}")), "{text}");
    }
}
