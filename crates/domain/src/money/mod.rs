//! Money as integers: [`Amount`] for what is charged, [`UnitPrice`] for what one unit costs.
//!
//! Amounts are nano-dollars (10⁻⁹ USD), prices femto-dollars per unit (10⁻¹⁵ USD, which is the same number as
//! nano-dollars per million units). A request's cost is summed in `i128` femto-dollars and rounded up exactly once, in
//! [`cost::round_up_to_nano`].

mod amount;
pub mod cost;
mod decimal;
mod price;
mod unit_price;

pub use amount::Amount;
pub use cost::{Cost, CostKind, CostLine, Unit};
pub use decimal::{DecimalError, format_scaled, parse_scaled};
pub use price::{PriceError, PriceOverride, PriceOverrideText, PriceSheet, PriceSheetText, TOKEN_PRICE_MAX};
pub use unit_price::UnitPrice;

/// Arithmetic left the range of the integer that holds the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("money arithmetic overflowed")]
pub struct Overflow;
