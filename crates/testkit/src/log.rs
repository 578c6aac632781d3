//! What the server wrote, line by line.

use parking_lot::Mutex;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read};
use std::sync::Arc;

/// Lines of both output streams, as they come.
#[derive(Debug, Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Collects a stream until it ends.
    pub fn collect(&self, stream: impl Read + Send + 'static) -> std::thread::JoinHandle<()> {
        let lines = Arc::clone(&self.lines);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                lines.lock().push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        })
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().clone()
    }

    /// Number of lines so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.lock().len()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first line from number `from` on whose message is `message`, as JSON.
    #[must_use]
    pub fn find(&self, message: &str, from: usize) -> Option<Value> {
        self.all(message, from).into_iter().next()
    }

    /// Every line from number `from` on whose message is `message`, as JSON.
    #[must_use]
    pub fn all(&self, message: &str, from: usize) -> Vec<Value> {
        let lines = self.lines.lock();
        let parsed = lines.iter().skip(from).filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.filter(|line| line.get("message").and_then(Value::as_str) == Some(message)).collect()
    }
}
