//! [`Pressure`]: refusing early when the node itself is at its limit.
//!
//! Two signs: as many running answers as the node may have, and a runtime that is late. What runs is never cut; what cannot
//! be served is told so at once, with a moment to come back that differs from caller to caller.

use crate::reply::Refusal;
use domain::error_kind::ErrorKind;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How far the node is from its limits.
#[derive(Debug, Default)]
pub struct Pressure {
    /// Microseconds that the runtime was late, smoothed.
    lag: AtomicU64,
    shed: Counter,
    lag_micros: Gauge,
}

impl Pressure {
    /// Registers its metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("shed_requests", "Requests refused because this node is at its limit", self.shed.clone());
        registry.register("runtime_lag_micros", "How late the runtime is, smoothed", self.lag_micros.clone());
    }

    /// Takes note of how late a timer was.
    pub fn note_lag(&self, late: Duration) {
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let before = self.lag.load(Ordering::Relaxed);
        let smooth = before.saturating_sub(before / 8).saturating_add(late / 8);
        self.lag.store(smooth, Ordering::Relaxed);
        self.lag_micros.set(i64::try_from(smooth).unwrap_or(i64::MAX));
    }

    /// Refuses a request if the node is at its limit; `seed` spreads the moments at which callers come back.
    ///
    /// # Errors
    /// [`Refusal`] with status 503 and `Retry-After`.
    pub fn check(&self, running: i64, running_max: usize, lag_max: Duration, seed: u64) -> Result<(), Refusal> {
        let is_full = usize::try_from(running).is_ok_and(|running| running >= running_max);
        let is_late = Duration::from_micros(self.lag.load(Ordering::Relaxed)) > lag_max;
        if !is_full && !is_late {
            return Ok(());
        }
        self.shed.inc();
        Err(Refusal::new(ErrorKind::ProviderOverloaded, "This server is at its limit; try again shortly")
            .meta("reason", "server_overloaded")
            .retry_in(1 + seed % 3))
    }
}

#[cfg(test)]
mod tests {
    use super::Pressure;
    use std::time::Duration;

    const MAX: Duration = Duration::from_millis(500);

    #[test]
    fn a_full_or_late_node_refuses_and_recovers() {
        let pressure = Pressure::default();
        assert!(pressure.check(9, 10, MAX, 0).is_ok());
        assert_eq!(pressure.check(10, 10, MAX, 0).unwrap_err().kind.status(), 503);
        (0..3).for_each(|_| pressure.note_lag(Duration::from_secs(1)));
        assert!(pressure.check(0, 10, MAX, 0).is_ok(), "a hiccup is no overload");
        (0..20).for_each(|_| pressure.note_lag(Duration::from_secs(1)));
        assert!(pressure.check(0, 10, MAX, 0).is_err());
        (0..20).for_each(|_| pressure.note_lag(Duration::ZERO));
        assert!(pressure.check(0, 10, MAX, 0).is_ok());
    }
}
