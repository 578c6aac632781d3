//! [`NegativeCache`]: hashes that were looked up and not found, so that a guesser cannot query the database at will.

use domain::key::KeyHash;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;

/// Key hashes that were unknown a moment ago.
#[derive(Debug)]
pub struct NegativeCache {
    known: Mutex<HashMap<KeyHash, Duration>>,
    lifetime: Duration,
    entries_max: usize,
}

impl Default for NegativeCache {
    /// One second, 100 000 hashes.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), 100_000)
    }
}

impl NegativeCache {
    /// Remembers up to `entries_max` hashes for `lifetime`.
    #[must_use]
    pub fn new(lifetime: Duration, entries_max: usize) -> Self {
        Self { known: Mutex::default(), lifetime, entries_max }
    }

    /// Remembers that a hash is unknown. `elapsed` is the clock's time since its start.
    pub fn insert(&self, hash: KeyHash, elapsed: Duration) {
        let mut known = self.known.lock();
        if known.len() >= self.entries_max {
            known.retain(|_, since| elapsed.saturating_sub(*since) < self.lifetime);
        }
        // A flood of fresh guesses starts the table again rather than growing it.
        if known.len() >= self.entries_max {
            known.clear();
        }
        known.insert(hash, elapsed);
    }

    /// Whether a hash was unknown within the lifetime.
    #[must_use]
    pub fn contains(&self, hash: &KeyHash, elapsed: Duration) -> bool {
        self.known.lock().get(hash).is_some_and(|since| elapsed.saturating_sub(*since) < self.lifetime)
    }

    /// Forgets everything, e.g. because a key was made.
    pub fn clear(&self) {
        self.known.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::NegativeCache;
    use domain::key::KeyHash;
    use std::time::Duration;

    #[test]
    fn forgets_after_its_lifetime_and_stays_bounded() {
        let cache = NegativeCache::new(Duration::from_secs(1), 10);
        for number in 0..1000 {
            cache.insert(KeyHash::of(&number.to_string()), Duration::ZERO);
        }
        assert!(cache.known.lock().len() <= 10);
        let last = KeyHash::of("999");
        assert!(cache.contains(&last, Duration::from_millis(999)));
        assert!(!cache.contains(&last, Duration::from_millis(1000)));
        cache.clear();
        assert!(!cache.contains(&last, Duration::ZERO));
    }
}
