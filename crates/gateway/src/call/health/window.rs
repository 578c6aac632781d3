//! Sliding windows over the injected clock: outcomes by the second and by the minute, sketches by a hundred seconds.

use super::sketch::Sketch;
use std::collections::VecDeque;
use std::time::Duration;

/// Seconds of outcomes that are kept.
const SECONDS: u64 = 30;
/// Minutes of outcomes that are kept: one day.
const MINUTES: u64 = 1440;
/// Length of a slot of sketches.
const SLOT_SECONDS: u64 = 100;
/// Slots of sketches: together 30 minutes.
pub const HALF_HOUR: u64 = 18;
/// Slots of sketches that make up about five minutes.
pub const FIVE_MINUTES: u64 = 3;

/// Outcomes of a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers that began, and did not break later.
    pub good: u32,
    /// Failures that are the endpoint's fault.
    pub bad: u32,
    /// Rate limits.
    pub limited: u32,
}

impl Counts {
    /// Good and bad ones.
    pub const fn judged(self) -> u32 {
        self.good.saturating_add(self.bad)
    }

    /// Good, bad and rate-limited ones.
    pub const fn all(self) -> u32 {
        self.judged().saturating_add(self.limited)
    }

    fn add(&mut self, other: Self) {
        self.good = self.good.saturating_add(other.good);
        self.bad = self.bad.saturating_add(other.bad);
        self.limited = self.limited.saturating_add(other.limited);
    }
}

/// Counts per slot of time, the newest last; slots without events take no room.
#[derive(Debug, Default)]
struct Slots<T> {
    slots: VecDeque<(u64, T)>,
}

impl<T: Default> Slots<T> {
    /// The slot numbered `number`, after dropping those that are `keep` or more behind it.
    fn current(&mut self, number: u64, keep: u64) -> Option<&mut T> {
        while self.slots.front().is_some_and(|(old, _)| old + keep <= number) {
            self.slots.pop_front();
        }
        if self.slots.back().is_none_or(|(newest, _)| *newest < number) {
            self.slots.push_back((number, T::default()));
        }
        self.slots.back_mut().map(|(_, slot)| slot)
    }

    /// The slots from `first` on.
    fn since(&self, first: u64) -> impl Iterator<Item = &T> {
        self.slots.iter().rev().take_while(move |(number, _)| *number >= first).map(|(_, slot)| slot)
    }
}

/// Outcomes of one endpoint.
#[derive(Debug, Default)]
pub struct Outcomes {
    seconds: Slots<Counts>,
    minutes: Slots<Counts>,
}

impl Outcomes {
    /// Counts outcomes at `now`.
    pub fn add(&mut self, counts: Counts, now: Duration) {
        let seconds = now.as_secs();
        for (slots, number, keep) in [(&mut self.seconds, seconds, SECONDS), (&mut self.minutes, seconds / 60, MINUTES)]
        {
            if let Some(slot) = slots.current(number, keep) {
                slot.add(counts);
            }
        }
    }

    /// Turns a success that was counted into a failure: the answer broke after it had begun.
    pub fn broke(&mut self, now: Duration) {
        let seconds = now.as_secs();
        for (slots, number, keep) in [(&mut self.seconds, seconds, SECONDS), (&mut self.minutes, seconds / 60, MINUTES)]
        {
            if let Some(slot) = slots.current(number, keep) {
                slot.bad = slot.bad.saturating_add(1);
            }
            if let Some((_, slot)) = slots.slots.iter_mut().rev().find(|(_, slot)| slot.good > 0) {
                slot.good -= 1;
            }
        }
    }

    /// What happened within the last `span`, at most 30 s.
    pub fn recent(&self, span: Duration, now: Duration) -> Counts {
        let mut sum = Counts::default();
        let first = now.as_secs().saturating_sub(span.as_secs().saturating_sub(1));
        for counts in self.seconds.since(first) {
            sum.add(*counts);
        }
        sum
    }

    /// What happened within the last `minutes`, at most a day.
    pub fn minutes(&self, minutes: u64, now: Duration) -> Counts {
        let mut sum = Counts::default();
        let first = (now.as_secs() / 60).saturating_sub(minutes.saturating_sub(1));
        for counts in self.minutes.since(first) {
            sum.add(*counts);
        }
        sum
    }

    /// Forgets the last seconds, not the minutes: after a recovery old failures must not count again.
    pub fn forget_recent(&mut self) {
        self.seconds.slots.clear();
    }

    /// Share of minutes with at least 80 % success among those with at least ten outcomes, in basis points, over the last
    /// `minutes`; `None` without such minutes. Source: the documented definition of uptime in listings (2026-08-22).
    pub fn uptime(&self, minutes: u64, now: Duration) -> Option<u32> {
        let first = (now.as_secs() / 60).saturating_sub(minutes.saturating_sub(1));
        let (mut judged, mut up) = (0_u64, 0_u64);
        for counts in self.minutes.since(first).filter(|counts| counts.judged() >= 10) {
            judged += 1;
            up += u64::from(u64::from(counts.good) * 100 >= u64::from(counts.judged()) * 80);
        }
        (judged > 0).then(|| u32::try_from(up * 10_000 / judged).unwrap_or(10_000))
    }
}

/// A sketch over the last half hour.
#[derive(Debug, Default)]
pub struct Spread {
    slots: Slots<Sketch>,
}

impl Spread {
    /// Counts a value at `now`.
    pub fn add(&mut self, value: u64, now: Duration) {
        if let Some(slot) = self.slots.current(now.as_secs() / SLOT_SECONDS, HALF_HOUR) {
            slot.add(value);
        }
    }

    /// Everything of the last `slots` slots in one sketch.
    pub fn merged(&self, slots: u64, now: Duration) -> Sketch {
        let mut sum = Sketch::default();
        let first = (now.as_secs() / SLOT_SECONDS).saturating_sub(slots.saturating_sub(1));
        for sketch in self.slots.since(first) {
            sum.merge(sketch);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, HALF_HOUR, Outcomes, Spread};
    use std::time::Duration;

    const GOOD: Counts = Counts { good: 1, bad: 0, limited: 0 };
    const BAD: Counts = Counts { good: 0, bad: 1, limited: 0 };

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut outcomes = Outcomes::default();
        outcomes.add(BAD, at(100));
        outcomes.add(GOOD, at(105));
        assert_eq!(outcomes.recent(at(10), at(109)), Counts { good: 1, bad: 1, limited: 0 });
        assert_eq!(outcomes.recent(at(10), at(110)), GOOD);
        assert_eq!(outcomes.recent(at(10), at(115)), Counts::default());
        assert_eq!(outcomes.recent(at(30), at(115)), Counts { good: 1, bad: 1, limited: 0 });
    }

    #[test]
    fn uptime_is_the_share_of_minutes_with_four_fifths_success_and_ten_outcomes() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.uptime(5, at(0)), None);
        for (minute, good, bad) in [(0, 10, 0), (1, 8, 2), (2, 7, 3), (3, 0, 9)] {
            for _ in 0..good {
                outcomes.add(GOOD, at(minute * 60));
            }
            for _ in 0..bad {
                outcomes.add(BAD, at(minute * 60));
            }
        }
        // The fourth minute has too few outcomes to count.
        assert_eq!(outcomes.uptime(5, at(3 * 60)), Some(6666));
        assert_eq!(outcomes.uptime(2, at(3 * 60)), Some(0));
        assert_eq!(outcomes.uptime(1440, at(1440 * 60)), Some(5000), "the first minute is more than a day old");
    }

    #[test]
    fn an_answer_that_breaks_later_is_no_success() {
        let mut outcomes = Outcomes::default();
        outcomes.add(GOOD, at(1));
        outcomes.broke(at(3));
        assert_eq!(outcomes.recent(at(10), at(3)), BAD);
    }

    #[test]
    fn spreads_forget_after_half_an_hour() {
        let mut spread = Spread::default();
        spread.add(100, at(0));
        spread.add(200, at(1700));
        assert_eq!(spread.merged(HALF_HOUR, at(1799)).total(), 2);
        assert_eq!(spread.merged(HALF_HOUR, at(1800)).total(), 1);
    }
}
