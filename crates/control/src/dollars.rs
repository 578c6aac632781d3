//! Money in JSON: exact decimals, written as numbers without ever being floats.

use domain::money::{Amount, format_scaled};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number of US dollars, exact.
#[derive(Debug, Clone)]
pub(crate) struct Dollars(String);

impl Dollars {
    /// No money.
    pub(crate) fn zero() -> Self {
        Self("0".to_owned())
    }

    /// From femto-dollars, e.g. the difference that a cache price made.
    pub(crate) fn from_femtos(femtos: i128) -> Self {
        Self(format_scaled(femtos, 15))
    }
}

impl From<Amount> for Dollars {
    fn from(amount: Amount) -> Self {
        Self(amount.to_usd())
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// A JSON number's text as plain decimal: `1e-3` becomes `0.001`. `None` for what is no number or absurdly scaled.
pub(crate) fn plain_decimal(number: &str) -> Option<String> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Some(number.to_owned()) };
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= 30)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let all = format!("{whole}{fraction}");
    let length = i32::try_from(all.len()).ok()?;
    if point <= 0 {
        let zeros = usize::try_from(-point).ok()?;
        return Some(format!("{sign}0.{}{all}", "0".repeat(zeros)));
    }
    if point >= length {
        let zeros = usize::try_from(point - length).ok()?;
        return Some(format!("{sign}{all}{}", "0".repeat(zeros)));
    }
    let (whole, fraction) = all.split_at_checked(usize::try_from(point).ok()?)?;
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::{Dollars, plain_decimal};
    use domain::money::Amount;

    #[test]
    fn amounts_are_written_as_exact_numbers() {
        for (nanos, text) in
            [(0, "0"), (1, "0.000000001"), (-3_250_000_000, "-3.25"), (i64::MAX, "9223372036.854775807")]
        {
            let written = serde_json::to_string(&Dollars::from(Amount::from_nanos(nanos))).expect("writes");
            assert_eq!(written, text);
        }
        assert_eq!(serde_json::to_string(&Dollars::from_femtos(-1)).expect("writes"), "-0.000000000000001");
    }

    #[test]
    fn exponents_are_unfolded_exactly() {
        for (number, plain) in [
            ("10", Some("10")),
            ("1e-5", Some("0.00001")),
            ("-2.5E+2", Some("-250")),
            ("1.25e1", Some("12.5")),
            ("1e31", None),
            ("1e", None),
        ] {
            assert_eq!(plain_decimal(number).as_deref(), plain, "{number}");
        }
    }
}
