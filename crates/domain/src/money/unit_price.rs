//! [`UnitPrice`]: what one token, image, second or request costs.

use super::decimal::{DecimalError, format_scaled, parse_scaled};
use std::fmt;

/// A price in femto-dollars (10⁻¹⁵ USD) per unit; equally nano-dollars per million units. At most 9 223 USD per unit.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UnitPrice(i64);

impl UnitPrice {
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// Makes a price from femto-dollars per unit.
    #[must_use]
    pub const fn from_femtos(femtos: i64) -> Self {
        Self(femtos)
    }

    /// Femto-dollars per unit.
    #[must_use]
    pub const fn femtos(self) -> i64 {
        self.0
    }

    /// Parses USD per million units (`"2.50"`), the unit of token prices in the catalogue and in TOML.
    ///
    /// # Errors
    /// [`DecimalError`] for anything but a plain decimal with at most nine places.
    pub fn parse_per_million(text: &str) -> Result<Self, DecimalError> {
        parse_scaled(text, 9).map(Self)
    }

    /// Parses USD per single unit (`"0.0000025"`), the unit of wire documents and of per-item prices.
    ///
    /// # Errors
    /// [`DecimalError`] for anything but a plain decimal with at most fifteen places.
    pub fn parse_per_unit(text: &str) -> Result<Self, DecimalError> {
        parse_scaled(text, 15).map(Self)
    }

    /// Exact decimal USD per unit (`0.0000025`).
    #[must_use]
    pub fn to_usd_per_unit(self) -> String {
        format_scaled(i128::from(self.0), 15)
    }

    /// Exact decimal USD per million units (`2.5`).
    #[must_use]
    pub fn to_usd_per_million(self) -> String {
        format_scaled(i128::from(self.0), 9)
    }

    /// Whether the unit costs nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}/M", self.to_usd_per_million())
    }
}
