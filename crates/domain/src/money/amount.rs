//! [`Amount`]: what is charged, held or granted.

use super::Overflow;
use super::decimal::{DecimalError, format_scaled, parse_scaled};
use std::fmt;

/// An amount of US dollars in nano-dollars (10⁻⁹ USD), range ± 9.2 billion USD.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount that can be expressed.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes an amount from nano-dollars.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Makes an amount from whole dollars; saturates at the ends of the range.
    #[must_use]
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(1_000_000_000))
    }

    /// Nano-dollars.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Parses a decimal dollar text such as `10`, `0.5` or `-3.25`, at most nine decimals.
    ///
    /// # Errors
    /// [`DecimalError`] for anything but a plain decimal in range.
    pub fn parse_usd(text: &str) -> Result<Self, DecimalError> {
        parse_scaled(text, 9).map(Self)
    }

    /// Exact decimal dollars, shortest form (`0.003612`).
    #[must_use]
    pub fn to_usd(self) -> String {
        format_scaled(i128::from(self.0), 9)
    }

    /// Sum.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn checked_add(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// Difference.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// Sum, clamped to the range. For figures that are shown or compared, never for postings.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, clamped to the range. For figures that are shown or compared, never for postings.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The same amount with the opposite sign.
    ///
    /// # Errors
    /// [`Overflow`] for the smallest amount.
    pub fn negated(self) -> Result<Self, Overflow> {
        self.0.checked_neg().map(Self).ok_or(Overflow)
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether the amount is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_usd())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}", self.to_usd())
    }
}
