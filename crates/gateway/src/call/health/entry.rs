//! [`Entry`]: everything that is known about one endpoint, behind a lock of its own.

use super::breaker::{Breaker, Gate};
use super::capacity::Capacity;
use super::settings::HealthSettings;
use super::sketch::Sketch;
use super::window::{Counts, FIVE_MINUTES, HALF_HOUR, Outcomes, Spread};
use crate::call::verdict::Mark;
use domain::catalog::Endpoint;
use domain::route::{Health, HealthState, Percentiles};
use parking_lot::{Mutex, MutexGuard};
use std::time::Duration;

/// Kinds of requests by prompt length, whose times to the first token are not comparable.
pub const WORKLOADS: usize = 4;

/// Which kind a prompt of so many tokens is: up to 1 000, up to 8 000, up to 64 000, longer.
pub const fn workload(prompt_tokens: u64) -> usize {
    match prompt_tokens {
        0..=1_000 => 0,
        1_001..=8_000 => 1,
        8_001..=64_000 => 2,
        _ => 3,
    }
}

/// One endpoint's book.
#[derive(Debug)]
pub struct Entry {
    /// Provider slug, for metrics and logs.
    pub provider: String,
    /// Model id, for logs.
    pub model: String,
    record: Mutex<Record>,
}

/// What the lock guards.
#[derive(Debug, Default)]
pub struct Record {
    pub(super) outcomes: Outcomes,
    pub(super) breaker: Breaker,
    pub(super) capacity: Capacity,
    /// Fingerprint of the credential that was told to wait, and until when.
    pub(super) told_to_wait: Option<(u64, Duration)>,
    latency: [Spread; WORKLOADS],
    speed: Spread,
    stalls: u32,
    stalled_until: Duration,
    /// When the next try of an endpoint that is out and the last one left is due.
    last_due: Duration,
    measured: Option<Measured>,
}

/// Numbers that are worked out at most once a second.
#[derive(Debug, Clone, Copy)]
struct Measured {
    second: u64,
    health: Health,
    /// Microseconds to the first token that 99 of 100 answers took at most, by workload; 0 while unknown.
    slow: [u64; WORKLOADS],
}

/// What an endpoint's breaker has just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It took the endpoint out.
    Opened,
    /// It brought the endpoint back.
    Closed,
}

impl Entry {
    /// The book of an endpoint that has not been called yet.
    pub fn new(endpoint: &Endpoint) -> Self {
        Self { provider: endpoint.provider.slug.clone(), model: endpoint.model_id.clone(), record: Mutex::default() }
    }

    /// The book, locked. Held for arithmetic only.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock()
    }
}

impl Record {
    /// Whether a call with this credential must wait because the provider said so, and how long.
    pub fn must_wait(&self, credential: u64, now: Duration) -> Option<Duration> {
        let (told, until) = self.told_to_wait?;
        (told == credential && now < until).then(|| until - now)
    }

    /// Whether the endpoint has had significant trouble lately.
    fn is_unstable(&self, settings: &HealthSettings, now: Duration) -> bool {
        let recent = self.outcomes.recent(settings.unstable_for, now);
        let is_twentieth = |count: u32, of: u32| count > 0 && count.saturating_mul(20) >= of;
        now < self.stalled_until
            || is_twentieth(recent.bad, recent.judged())
            || is_twentieth(recent.limited, recent.all())
    }

    /// How the plan should see it.
    pub fn state(&self, credential: u64, settings: &HealthSettings, now: Duration) -> HealthState {
        let is_out = settings.ejects
            && (self.must_wait(credential, now).is_some()
                || matches!(self.breaker.gate(now), Gate::Open(_))
                || !self.capacity.has_room(now));
        if is_out {
            HealthState::Open
        } else if self.breaker.gate(now) == Gate::Due || !self.is_unstable(settings, now) {
            // An endpoint whose probe is due takes its usual place: the request that would go there is the probe.
            HealthState::Stable
        } else {
            HealthState::Unstable
        }
    }

    /// The measurements in the plan's form, without the state.
    pub fn measurements(&mut self, settings: &HealthSettings, now: Duration) -> Health {
        self.measured(settings, now).health
    }

    /// How long the first token may take before somebody else is asked, from this endpoint's own history.
    pub fn deadline(&mut self, workload: usize, settings: &HealthSettings, now: Duration) -> Option<Duration> {
        let slow = self.measured(settings, now).slow.get(workload).copied().unwrap_or(0);
        (slow > 0).then(|| Duration::from_micros(slow).max(settings.deadline_min))
    }

    fn measured(&mut self, settings: &HealthSettings, now: Duration) -> Measured {
        if let Some(measured) = self.measured.filter(|measured| measured.second == now.as_secs()) {
            return measured;
        }
        let mut all = Sketch::default();
        let mut slow = [0; WORKLOADS];
        for (spread, slow) in self.latency.iter().zip(slow.iter_mut()) {
            let sketch = spread.merged(HALF_HOUR, now);
            if sketch.total() >= settings.deadline_answers.max(1) {
                *slow = sketch.quantile(99).unwrap_or(0);
            }
            all.merge(&spread.merged(FIVE_MINUTES, now));
        }
        let recent = self.outcomes.minutes(5, now);
        let share = |part: u32, of: u32| (of > 0).then(|| f64::from(part) / f64::from(of));
        let health = Health {
            latency: percentiles(&all, 1_000_000.0),
            throughput: percentiles_of_speed(&self.speed.merged(FIVE_MINUTES, now)),
            uptime: share(recent.good, recent.judged()),
            rate_limited: share(recent.limited, recent.all()),
            ..Health::default()
        };
        let measured = Measured { second: now.as_secs(), health, slow };
        self.measured = Some(measured);
        measured
    }

    /// Times to the first token over the last half hour, by workload, in seconds.
    pub fn latencies(&self, now: Duration) -> [Percentiles; WORKLOADS] {
        std::array::from_fn(|index| {
            self.latency
                .get(index)
                .map(|spread| percentiles(&spread.merged(HALF_HOUR, now), 1_000_000.0))
                .unwrap_or_default()
        })
    }

    /// Time to the first token over the last half hour, in seconds.
    pub fn latency(&self, now: Duration) -> Percentiles {
        let mut all = Sketch::default();
        self.latency.iter().for_each(|spread| all.merge(&spread.merged(HALF_HOUR, now)));
        percentiles(&all, 1_000_000.0)
    }

    /// Answer tokens per second over the last half hour.
    pub fn throughput(&self, now: Duration) -> Percentiles {
        percentiles_of_speed(&self.speed.merged(HALF_HOUR, now))
    }

    /// Takes a try of an endpoint that is out although nobody else is left, if its bounded rate allows one.
    pub fn last_try(&mut self, settings: &HealthSettings, now: Duration) -> bool {
        if settings.last_per_second == 0 || now < self.last_due {
            return false;
        }
        self.last_due = now + Duration::from_secs(1) / settings.last_per_second;
        true
    }

    /// The first content arrived after `took`.
    pub fn succeeded(
        &mut self,
        is_probe: bool,
        latency: Option<(usize, Duration)>,
        settings: &HealthSettings,
        now: Duration,
    ) -> Change {
        let is_closing = self.breaker.succeeded(is_probe);
        if is_closing {
            // What went before the recovery must not take it out again.
            self.outcomes.forget_recent();
        }
        self.outcomes.add(Counts { good: 1, ..Counts::default() }, now);
        self.stalls = 0;
        self.capacity.succeeded(self.outcomes.recent(settings.window, now), now);
        if let Some((workload, took)) = latency
            && let Some(spread) = self.latency.get_mut(workload)
        {
            spread.add(micros(took), now);
        }
        if is_closing { Change::Closed } else { Change::None }
    }

    /// An answer of `tokens` tokens took `took` from the sending of the request to its end.
    pub fn finished(&mut self, tokens: u64, took: Duration, now: Duration) {
        // A handful of tokens measures the first one's wait, not the speed.
        if tokens >= 8 && !took.is_zero() {
            self.speed.add(tokens.saturating_mul(1_000_000_000) / micros(took).max(1), now);
        }
    }

    /// An attempt failed; `has_begun` when content had come before.
    pub fn failed(
        &mut self,
        mark: Mark,
        is_probe: bool,
        has_begun: bool,
        settings: &HealthSettings,
        now: Duration,
    ) -> Change {
        match mark {
            Mark::Nothing if is_probe => self.breaker.inconclusive(true, now),
            Mark::Nothing => {}
            Mark::Limited => {
                self.outcomes.add(Counts { limited: 1, ..Counts::default() }, now);
                let recent = self.outcomes.recent(settings.window, now);
                self.capacity.rate_limited(recent, settings, now);
                if is_probe {
                    self.breaker.inconclusive(false, now);
                }
            }
            Mark::Bad | Mark::Overloaded | Mark::Refused | Mark::Gone => {
                if mark == Mark::Overloaded {
                    self.capacity.overloaded(settings, now);
                }
                if has_begun {
                    self.outcomes.broke(now);
                } else {
                    self.outcomes.add(Counts { bad: 1, ..Counts::default() }, now);
                }
                return self.count_failure(mark, is_probe, settings, now);
            }
        }
        Change::None
    }

    fn count_failure(&mut self, mark: Mark, is_probe: bool, settings: &HealthSettings, now: Duration) -> Change {
        if matches!(mark, Mark::Refused | Mark::Gone) {
            let was_closed = self.breaker.gate(now) == Gate::Closed;
            self.breaker.open_for(settings.refused_interval, now);
            return if was_closed { Change::Opened } else { Change::None };
        }
        let recent = self.outcomes.recent(settings.window, now);
        if self.breaker.failed(is_probe, recent, settings, now) { Change::Opened } else { Change::None }
    }

    /// The first token did not come within a deadline taken from the endpoint's own history. That says "slow", not "down":
    /// the breaker does not count it, and the wait enters the history at twice its length, so that an endpoint that has
    /// become slower for good is soon given more time.
    pub fn stalled(
        &mut self,
        workload: usize,
        waited: Duration,
        is_probe: bool,
        settings: &HealthSettings,
        now: Duration,
    ) {
        self.stalls = self.stalls.saturating_add(1);
        if self.stalls >= settings.stalls.max(1) {
            self.stalled_until = now + settings.unstable_for;
        }
        if let Some(spread) = self.latency.get_mut(workload) {
            spread.add(micros(waited.saturating_mul(2)), now);
        }
        if is_probe {
            self.breaker.inconclusive(false, now);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The percentiles of a sketch in units of `unit`.
fn percentiles(sketch: &Sketch, unit: f64) -> Percentiles {
    let at = |percent| sketch.quantile(percent).map(|value| f64::from(u32::try_from(value).unwrap_or(u32::MAX)) / unit);
    Percentiles { p50: at(50), p75: at(75), p90: at(90), p99: at(99) }
}

/// Percentiles of speeds, which were counted in thousandths of a token per second.
fn percentiles_of_speed(sketch: &Sketch) -> Percentiles {
    percentiles(sketch, 1000.0)
}
