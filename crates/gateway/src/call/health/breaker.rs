//! [`Breaker`]: takes a failing endpoint out and brings it back by single probes.
//!
//! Two rules open it: so many failures in a row, or too small a share of successes over a window. While it is open one
//! request at a time may probe, no sooner than an interval after the last failed probe. Only a probe's success closes it:
//! answers to requests that were sent before prove nothing, and a rate limit is no recovery.

use super::settings::HealthSettings;
use super::window::Counts;
use std::time::Duration;

/// The breaker of one endpoint.
#[derive(Debug, Default)]
pub struct Breaker {
    open: Option<Open>,
    in_row: u32,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    probe_at: Duration,
    interval: Duration,
    is_probing: bool,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Traffic flows.
    Closed,
    /// Out; the next probe is that far away, or under way.
    Open(Duration),
    /// Out, and a probe may be sent.
    Due,
}

impl Breaker {
    /// Where it stands at `now`.
    pub fn gate(&self, now: Duration) -> Gate {
        match self.open {
            None => Gate::Closed,
            Some(open) if open.is_probing => Gate::Open(open.interval),
            Some(open) if now < open.probe_at => Gate::Open(open.probe_at - now),
            Some(_) => Gate::Due,
        }
    }

    /// Marks the one probe as under way.
    pub fn probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.is_probing = true;
        }
    }

    /// An answer began. Whether this closed the breaker.
    pub fn succeeded(&mut self, is_probe: bool) -> bool {
        if self.open.is_none() {
            self.in_row = 0;
            return false;
        }
        if is_probe {
            *self = Self::default();
        }
        is_probe
    }

    /// An attempt failed by the endpoint's fault; `recent` are the outcomes of the window with this one. Whether this
    /// opened the breaker.
    pub fn failed(&mut self, is_probe: bool, recent: Counts, settings: &HealthSettings, now: Duration) -> bool {
        if let Some(open) = &mut self.open {
            if is_probe {
                *open = Open { probe_at: now + open.interval, is_probing: false, ..*open };
            }
            return false;
        }
        self.in_row = self.in_row.saturating_add(1);
        let share_is_low = recent.judged() >= settings.outcomes
            && u64::from(recent.good) * 100 < u64::from(recent.judged()) * u64::from(settings.success_percent);
        if self.in_row < settings.failures && !share_is_low {
            return false;
        }
        self.open_for(settings.probe_interval, now);
        true
    }

    /// Opens it without waiting for a rule, or keeps it open: what failed does not heal by itself soon.
    pub fn open_for(&mut self, interval: Duration, now: Duration) {
        self.open = Some(Open { probe_at: now + interval, interval, is_probing: false });
    }

    /// A probe ended without telling anything: its client left, the request itself was wrong, or a rate limit answered.
    /// The next one waits for an interval if `again_at_once` is false.
    pub fn inconclusive(&mut self, again_at_once: bool, now: Duration) {
        if let Some(open) = &mut self.open {
            open.is_probing = false;
            if !again_at_once {
                open.probe_at = now + open.interval;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, Gate};
    use crate::call::health::HealthSettings;
    use crate::call::health::window::Counts;
    use std::time::Duration;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn bad(count: u32) -> Counts {
        Counts { bad: count, ..Counts::default() }
    }

    fn opened() -> (Breaker, HealthSettings) {
        let (mut breaker, settings) = (Breaker::default(), HealthSettings::default());
        for count in 1..=5 {
            breaker.failed(false, bad(count), &settings, at(0));
        }
        (breaker, settings)
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_does_not() {
        let (mut breaker, settings) = (Breaker::default(), HealthSettings::default());
        for count in 1..=4 {
            assert!(!breaker.failed(false, bad(count), &settings, at(0)));
        }
        assert!(!breaker.succeeded(false));
        for count in 5..=8 {
            assert!(!breaker.failed(false, bad(count), &settings, at(0)), "{count}");
        }
        assert!(breaker.failed(false, bad(9), &settings, at(0)));
        assert_eq!(breaker.gate(at(0)), Gate::Open(at(5)));
    }

    #[test]
    fn less_than_half_of_twenty_outcomes_open_it() {
        let settings = HealthSettings::default();
        for (good, bad, opens) in [(10, 10, false), (9, 11, true), (9, 10, false), (0, 19, false)] {
            let mut breaker = Breaker::default();
            let counts = Counts { good, bad, ..Counts::default() };
            assert_eq!(breaker.failed(false, counts, &settings, at(0)), opens, "{good} good, {bad} bad");
        }
    }

    #[test]
    fn one_probe_at_a_time_and_only_its_success_closes() {
        let (mut breaker, settings) = opened();
        assert_eq!(breaker.gate(at(4)), Gate::Open(at(1)));
        assert_eq!(breaker.gate(at(5)), Gate::Due);
        breaker.probe();
        assert_eq!(breaker.gate(at(5)), Gate::Open(at(5)), "a second probe waits");
        assert!(!breaker.succeeded(false), "an old request's answer proves nothing");
        assert!(!breaker.failed(false, bad(9), &settings, at(6)));
        assert!(!breaker.failed(true, bad(9), &settings, at(6)));
        assert_eq!(breaker.gate(at(10)), Gate::Open(at(1)));
        assert_eq!(breaker.gate(at(11)), Gate::Due);
        breaker.probe();
        assert!(breaker.succeeded(true));
        assert_eq!(breaker.gate(at(11)), Gate::Closed);
        assert!(!breaker.failed(false, bad(1), &settings, at(12)), "it starts anew");
    }

    #[test]
    fn a_rate_limited_probe_is_no_recovery_and_a_left_one_is_repeated_at_once() {
        let (mut breaker, _) = opened();
        breaker.probe();
        breaker.inconclusive(false, at(6));
        assert_eq!(breaker.gate(at(6)), Gate::Open(at(5)));
        assert_eq!(breaker.gate(at(11)), Gate::Due);
        breaker.probe();
        breaker.inconclusive(true, at(12));
        assert_eq!(breaker.gate(at(12)), Gate::Due);
    }
}
