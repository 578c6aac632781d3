//! [`Capacity`]: how much an endpoint takes, learned from how it refuses.
//!
//! Two limits, both absent until an endpoint gives reason for them. Overload cuts the number of concurrent calls to seven
//! tenths of what was running and lets it grow by one per round of successes. A spike of rate limits teaches a traffic cap
//! of nine tenths of what got through; a few rate limits hold it, ten quiet seconds let it grow by a tenth.
//! (Source of the second: the documented newer balancing, 2026-08-22.)

use super::settings::HealthSettings;
use super::window::Counts;
use std::time::Duration;

/// What a cap is counted over.
const PERIOD: Duration = Duration::from_secs(10);
/// Fewest rate limits in a period that make a spike.
const SPIKE_MIN: u32 = 3;

/// What one endpoint takes.
#[derive(Debug, Default)]
pub struct Capacity {
    in_flight: u32,
    concurrent: Option<Concurrent>,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Concurrent {
    limit: u32,
    successes: u32,
    cut_at: Duration,
}

#[derive(Debug)]
struct Pace {
    per_period: u32,
    /// The moment at which everything that was let through would have been due at an even pace.
    due: Duration,
    changed_at: Duration,
}

impl Pace {
    fn interval(&self) -> Duration {
        PERIOD / self.per_period.max(1)
    }

    /// A second's worth may go ahead of its time.
    fn has_room(&self, now: Duration) -> bool {
        self.due <= now + Duration::from_secs(1).max(self.interval()) - self.interval()
    }
}

impl Capacity {
    /// Whether another call may start.
    pub fn has_room(&self, now: Duration) -> bool {
        self.concurrent.as_ref().is_none_or(|concurrent| self.in_flight < concurrent.limit)
            && self.pace.as_ref().is_none_or(|pace| pace.has_room(now))
    }

    /// A call starts.
    pub fn start(&mut self, now: Duration) {
        self.in_flight = self.in_flight.saturating_add(1);
        if let Some(pace) = &mut self.pace {
            pace.due = pace.due.max(now) + pace.interval();
        }
    }

    /// A call has ended, however it went.
    pub fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Calls that are running.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// The learned limit of concurrent calls.
    pub fn concurrent(&self) -> Option<u32> {
        self.concurrent.as_ref().map(|concurrent| concurrent.limit)
    }

    /// The learned cap of calls per ten seconds.
    pub fn per_period(&self) -> Option<u32> {
        self.pace.as_ref().map(|pace| pace.per_period)
    }

    /// The endpoint says that it is overloaded.
    pub fn overloaded(&mut self, settings: &HealthSettings, now: Duration) {
        let was = self.concurrent.as_ref();
        // One burst of refusals is one piece of news.
        if was.is_some_and(|was| now < was.cut_at + Duration::from_secs(1)) {
            return;
        }
        let running = was.map_or(self.in_flight, |was| was.limit.min(self.in_flight));
        let limit = (running.saturating_mul(7) / 10).max(settings.concurrency_min.max(1));
        self.concurrent = Some(Concurrent { limit, successes: 0, cut_at: now });
    }

    /// The endpoint answered; `recent` are the outcomes of the last ten seconds.
    pub fn succeeded(&mut self, recent: Counts, now: Duration) {
        if let Some(concurrent) = &mut self.concurrent {
            concurrent.successes += 1;
            if concurrent.successes >= concurrent.limit {
                concurrent.limit = concurrent.limit.saturating_add(1);
                concurrent.successes = 0;
            }
            if concurrent.limit > self.in_flight.saturating_mul(2) && now >= concurrent.cut_at + PERIOD {
                self.concurrent = None;
            }
        }
        if let Some(pace) = &mut self.pace
            && recent.limited == 0
            && now >= pace.changed_at + PERIOD
        {
            pace.per_period = pace.per_period.saturating_add((pace.per_period / 10).max(1));
            pace.changed_at = now;
            if pace.per_period > recent.good.saturating_mul(2).max(2) {
                self.pace = None;
            }
        }
    }

    /// The endpoint rate-limited a call; `recent` are the outcomes of the last ten seconds with this one.
    pub fn rate_limited(&mut self, recent: Counts, settings: &HealthSettings, now: Duration) {
        let share = u64::from(recent.limited) * 100;
        let is_spike =
            recent.limited >= SPIKE_MIN && share >= u64::from(recent.all()) * u64::from(settings.rate_limited_percent);
        match &mut self.pace {
            Some(pace) if !is_spike || now < pace.changed_at + PERIOD => {
                pace.changed_at = if is_spike { pace.changed_at } else { now };
            }
            _ if is_spike => {
                let got_through = self.pace.as_ref().map_or(recent.good, |pace| pace.per_period.min(recent.good));
                let per_period = (got_through.saturating_mul(9) / 10).max(1);
                self.pace = Some(Pace { per_period, due: now, changed_at: now });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Capacity;
    use crate::call::health::HealthSettings;
    use crate::call::health::window::Counts;
    use std::time::Duration;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn overload_cuts_concurrency_once_per_burst_and_successes_give_it_back() {
        let (mut capacity, settings) = (Capacity::default(), HealthSettings::default());
        (0..100).for_each(|_| capacity.start(at(1)));
        assert!(capacity.has_room(at(1)));
        capacity.overloaded(&settings, at(1));
        capacity.overloaded(&settings, at(1));
        assert_eq!(capacity.concurrent(), Some(70));
        assert!(!capacity.has_room(at(1)));
        (0..31).for_each(|_| capacity.end());
        assert!(capacity.has_room(at(2)));
        (0..70).for_each(|_| capacity.succeeded(Counts::default(), at(2)));
        assert_eq!(capacity.concurrent(), Some(71));
        (0..60).for_each(|_| capacity.end());
        capacity.succeeded(Counts::default(), at(12));
        assert_eq!(capacity.concurrent(), None, "a limit far above what runs is of no use");
    }

    #[test]
    fn the_smallest_limit_leaves_room() {
        let (mut capacity, settings) = (Capacity::default(), HealthSettings::default());
        capacity.start(at(1));
        capacity.overloaded(&settings, at(1));
        assert_eq!(capacity.concurrent(), Some(4));
    }

    #[test]
    fn a_spike_of_rate_limits_teaches_a_cap_that_grows_back_when_they_stop() {
        let (mut capacity, settings) = (Capacity::default(), HealthSettings::default());
        capacity.rate_limited(Counts { good: 100, limited: 2, ..Counts::default() }, &settings, at(10));
        assert_eq!(capacity.per_period(), None, "two of a hundred are no spike");
        let spike = Counts { good: 50, limited: 20, ..Counts::default() };
        capacity.rate_limited(spike, &settings, at(10));
        assert_eq!(capacity.per_period(), Some(45));
        capacity.rate_limited(spike, &settings, at(11));
        assert_eq!(capacity.per_period(), Some(45), "one spike is one lesson");
        let mut sent = 0;
        for tenth in 0..100 {
            let now = at(20) + Duration::from_millis(tenth * 100);
            while capacity.has_room(now) {
                capacity.start(now);
                sent += 1;
            }
        }
        assert!((44..=51).contains(&sent), "{sent} sent in ten seconds under a cap of 45");
        let quiet = Counts { good: 45, ..Counts::default() };
        capacity.succeeded(Counts { limited: 1, ..quiet }, at(30));
        assert_eq!(capacity.per_period(), Some(45), "a few rate limits hold it");
        for (seconds, expected) in [(30, 49), (35, 49), (40, 53), (50, 58)] {
            capacity.succeeded(quiet, at(seconds));
            assert_eq!(capacity.per_period(), Some(expected), "at {seconds} s");
        }
        capacity.succeeded(Counts { good: 5, ..Counts::default() }, at(60));
        assert_eq!(capacity.per_period(), None, "a cap far above the traffic is of no use");
    }
}
