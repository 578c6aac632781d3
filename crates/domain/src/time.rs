//! Moments, clocks and the calendar periods of limits and rollups. UTC only.

use std::fmt;
use std::time::Duration;

/// A moment in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Tells the time. The only implementation that asks the operating system lives in `edge`; tests use a frozen one.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Wall time, for records and calendar periods.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment of this process; never goes back. For durations.
    fn elapsed(&self) -> Duration;
}

const MICROS_PER_MINUTE: i64 = 60_000_000;
const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment plus a duration, clamped to the range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Start of the minute.
    #[must_use]
    pub const fn minute_start(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MICROS_PER_MINUTE))
    }

    /// Start of the hour.
    #[must_use]
    pub const fn hour_start(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MICROS_PER_HOUR))
    }

    /// Start of the UTC day.
    #[must_use]
    pub const fn day_start(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MICROS_PER_DAY))
    }

    /// Start of the week: Monday 00:00 UTC. (The epoch was a Thursday.)
    #[must_use]
    pub const fn week_start(self) -> Self {
        let days = self.0.div_euclid(MICROS_PER_DAY);
        Self((days - (days + 3).rem_euclid(7)) * MICROS_PER_DAY)
    }

    /// Start of the calendar month, UTC.
    #[must_use]
    pub fn month_start(self) -> Self {
        self.civil_date().and_then(|date| Self::from_civil(date.first_of_month())).unwrap_or(self.day_start())
    }

    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, fraction only when there is one.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or_else(|_| self.0.to_string(), |moment| moment.to_string())
    }

    /// `YYYY-MM-DD` of the UTC day.
    #[must_use]
    pub fn to_date(self) -> String {
        self.civil_date().map_or_else(|| self.0.to_string(), |date| date.to_string())
    }

    /// Reads an RFC 3339 moment. Seconds are required by the public contract; minute precision is refused.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let colons = text.split_once(['T', 't', ' '])?.1.get(..8)?.matches(':').count();
        let moment: jiff::Timestamp = text.parse().ok().filter(|_| colons == 2)?;
        Some(Self(moment.as_microsecond()))
    }

    /// Reads a `YYYY-MM-DD` day as its first moment, UTC.
    #[must_use]
    pub fn parse_date(text: &str) -> Option<Self> {
        if text.len() != 10 {
            return None;
        }
        Self::from_civil(text.parse().ok()?)
    }

    fn civil_date(self) -> Option<jiff::civil::Date> {
        let moment = jiff::Timestamp::from_microsecond(self.0).ok()?;
        Some(jiff::tz::Offset::UTC.to_datetime(moment).date())
    }

    fn from_civil(date: jiff::civil::Date) -> Option<Self> {
        let moment = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Self(moment.as_microsecond()))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_rfc3339())
    }
}

/// How often a credit limit starts again, at UTC midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResetPeriod {
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
    /// On the first of every month.
    Monthly,
}

impl ResetPeriod {
    /// First moment of the period that contains `at`.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Daily => at.day_start(),
            Self::Weekly => at.week_start(),
            Self::Monthly => at.month_start(),
        }
    }

    /// First moment of the next period.
    #[must_use]
    pub fn next(self, at: Timestamp) -> Timestamp {
        let start = self.start(at);
        match self {
            Self::Daily => Timestamp(start.0 + MICROS_PER_DAY),
            Self::Weekly => Timestamp(start.0 + 7 * MICROS_PER_DAY),
            // 32 days after the first of a month lies in the next month, whatever its length.
            Self::Monthly => Timestamp(start.0 + 32 * MICROS_PER_DAY).month_start(),
        }
    }

    /// The spelling of the public API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// Reads the spelling of the public API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "daily" => Some(Self::Daily),
            "weekly" => Some(Self::Weekly),
            "monthly" => Some(Self::Monthly),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ResetPeriod, Timestamp};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("moment")
    }

    #[test]
    fn periods_start_at_utc_midnight() {
        let now = at("2026-11-21T13:14:15.5Z");
        for (period, start, next) in [
            (ResetPeriod::Daily, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
            (ResetPeriod::Weekly, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            (ResetPeriod::Monthly, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ] {
            assert_eq!(period.start(now), at(start));
            assert_eq!(period.next(now), at(next));
        }
        assert_eq!(ResetPeriod::Monthly.next(at("2027-01-31T00:00:00Z")), at("2027-02-01T00:00:00Z"));
        assert_eq!(at("2026-11-16T00:00:00Z").week_start(), at("2026-11-16T00:00:00Z"));
    }

    #[test]
    fn text_needs_seconds_and_a_real_date() {
        for text in ["2026-11-21T13:14Z", "2026-02-30T00:00:00Z", "yesterday", "", "2026-11-21", "2026-11-21T13:14:15"]
        {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(Timestamp::parse_date("2026-02-30"), None);
        assert_eq!(Timestamp::parse_date("2026-11-21"), Some(at("2026-11-21T00:00:00Z")));
        assert_eq!(at("2026-11-21T00:00:00Z").to_rfc3339(), "2026-11-21T00:00:00Z");
        assert_eq!(at("2026-11-21T23:59:59.9Z").to_date(), "2026-11-21");
    }
}
