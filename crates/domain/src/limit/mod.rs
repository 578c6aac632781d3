//! Request limits: fixed calendar windows for free models.
//!
//! Paid models have no platform limit. Free ones allow a number of requests per minute and per UTC day and account;
//! failed attempts count. A window is keyed by its period, never reset in place, so midnight needs no job.

use crate::money::Amount;
use crate::time::Timestamp;

/// The limits on free models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeLimits {
    /// Requests per minute and account.
    pub per_minute: u32,
    /// Requests per UTC day for accounts below [`FreeLimits::threshold`].
    pub per_day: u32,
    /// Requests per UTC day for accounts that have ever bought at least the threshold.
    pub per_day_high: u32,
    /// Credits ever bought from which the higher daily number holds.
    pub threshold: Amount,
}

impl Default for FreeLimits {
    fn default() -> Self {
        Self { per_minute: 20, per_day: 50, per_day_high: 1000, threshold: Amount::from_dollars(10) }
    }
}

/// Which window refused, and what the answer's rate-limit headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeRefusal {
    /// The bucket's public name, e.g. `free-models-per-day`.
    pub bucket: &'static str,
    /// The `limit_source` of the error's metadata.
    pub limit_source: &'static str,
    /// Requests that the window allows.
    pub limit: u32,
    /// When the window ends.
    pub resets_at: Timestamp,
}

/// Counts of one account's free requests. Lives in memory; the day's count is restored from the store at start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreeWindow {
    minute: Timestamp,
    in_minute: u32,
    day: Timestamp,
    in_day: u32,
}

impl FreeWindow {
    /// A window in which `in_day` requests were already made on the day of `at`.
    #[must_use]
    pub fn restored(at: Timestamp, in_day: u32) -> Self {
        Self { minute: at.minute_start(), in_minute: 0, day: at.day_start(), in_day }
    }

    /// Counts one request, or refuses it without counting.
    ///
    /// # Errors
    /// [`FreeRefusal`] naming the window that is full.
    pub fn admit(&mut self, at: Timestamp, bought: Amount, limits: &FreeLimits) -> Result<(), FreeRefusal> {
        if self.minute != at.minute_start() {
            self.minute = at.minute_start();
            self.in_minute = 0;
        }
        if self.day != at.day_start() {
            self.day = at.day_start();
            self.in_day = 0;
        }
        let per_day = limits.per_day_for(bought);
        if self.in_day >= per_day {
            let high = bought >= limits.threshold;
            return Err(FreeRefusal {
                bucket: if high { "free-models-per-day-high-balance" } else { "free-models-per-day" },
                limit_source: "openrouter_free_tier_daily",
                limit: per_day,
                resets_at: crate::time::ResetPeriod::Daily.next(at),
            });
        }
        if self.in_minute >= limits.per_minute {
            return Err(FreeRefusal {
                bucket: "free-models-per-min",
                limit_source: "openrouter_free_tier_minute",
                limit: limits.per_minute,
                resets_at: self.minute.plus(std::time::Duration::from_secs(60)),
            });
        }
        self.in_minute += 1;
        self.in_day += 1;
        Ok(())
    }

    /// Requests made on the UTC day of `at`.
    #[must_use]
    pub fn used_today(&self, at: Timestamp) -> u32 {
        if self.day == at.day_start() { self.in_day } else { 0 }
    }
}

impl FreeLimits {
    /// The daily number for an account that has ever bought `bought`.
    #[must_use]
    pub fn per_day_for(&self, bought: Amount) -> u32 {
        if bought >= self.threshold { self.per_day_high } else { self.per_day }
    }
}

#[cfg(test)]
mod tests {
    use super::{FreeLimits, FreeWindow};
    use crate::money::Amount;
    use crate::time::Timestamp;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn twenty_per_minute_then_fifty_per_day_then_midnight() {
        let limits = FreeLimits::default();
        let mut window = FreeWindow::default();
        let mut now = Timestamp::parse_date("2026-11-21").expect("date").micros();
        let mut accepted = 0;
        for _ in 0..5 {
            for _ in 0..30 {
                accepted += u32::from(window.admit(Timestamp::from_micros(now), Amount::ZERO, &limits).is_ok());
            }
            now += MINUTE;
        }
        assert_eq!(accepted, 50);
        let refusal = window.admit(Timestamp::from_micros(now), Amount::ZERO, &limits).expect_err("day is full");
        assert_eq!((refusal.bucket, refusal.limit), ("free-models-per-day", 50));
        assert_eq!(refusal.resets_at, Timestamp::parse_date("2026-11-22").expect("date"));
        assert!(window.admit(refusal.resets_at, Amount::ZERO, &limits).is_ok());
    }

    #[test]
    fn ten_credits_ever_bought_raise_the_day_to_a_thousand() {
        let limits = FreeLimits::default();
        assert_eq!(limits.per_day_for(Amount::from_nanos(9_999_999_999)), 50);
        assert_eq!(limits.per_day_for(Amount::from_dollars(10)), 1000);
    }
}
