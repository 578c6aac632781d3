//! Numbers of price documents, exact: JSON numbers and decimal texts, exponents included, never through a float.

use crate::money::UnitPrice;
use serde_json::value::RawValue;

/// A decimal number as digits and a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    digits: i128,
    exponent: i32,
}

/// Longer texts are no prices.
const LENGTH_MAX: usize = 64;
/// Exponents beyond are no prices either, and bound the arithmetic.
const EXPONENT_MAX: i32 = 400;

impl Number {
    /// Reads `-1.25`, `7`, `1.5e-07`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LENGTH_MAX {
            return None;
        }
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, plain) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa),
        };
        let (whole, fraction) = match plain.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (plain, ""),
        };
        if whole.is_empty() || power.checked_abs()? > EXPONENT_MAX {
            return None;
        }
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            digits = digits.checked_mul(10)?.checked_add(digit)?;
        }
        let places = i32::try_from(fraction.len()).ok()?;
        Some(Self { digits: digits * sign, exponent: power.checked_sub(places)? })
    }

    /// Reads a JSON number, or a JSON string that holds one.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let text = raw.get().trim();
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Self::parse(inner.unwrap_or(text))
    }

    /// As a price in USD per unit.
    pub(super) fn per_unit(self) -> Option<UnitPrice> {
        self.scaled(15).map(UnitPrice::from_femtos)
    }

    /// As a price in USD per million units.
    pub(super) fn per_million(self) -> Option<UnitPrice> {
        self.scaled(9).map(UnitPrice::from_femtos)
    }

    /// As a count, when it is a whole number that is not negative.
    pub(super) fn count(self) -> Option<u64> {
        let whole = self.scaled(0)?;
        let exact = self.exponent >= 0 || self.scaled(9)? == whole.checked_mul(1_000_000_000)?;
        u64::try_from(whole).ok().filter(|_| exact)
    }

    /// The number times 10^`places`, halves rounded away from zero; `None` out of range or when something becomes nothing.
    fn scaled(self, places: i32) -> Option<i64> {
        let shift = self.exponent.checked_add(places)?;
        let power = 10i128.checked_pow(shift.unsigned_abs());
        let value = if self.digits == 0 {
            0
        } else if shift >= 0 {
            self.digits.checked_mul(power?)?
        } else {
            let power = power?;
            let magnitude = self.digits.checked_abs()?;
            let up = i128::from(magnitude % power >= power - magnitude % power);
            (magnitude / power + up) * self.digits.signum()
        };
        i64::try_from(value).ok().filter(|value| *value != 0 || self.digits == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;
    use crate::money::{UnitPrice, format_scaled};
    use proptest::prelude::*;

    fn per_unit(text: &str) -> Option<i64> {
        Number::parse(text)?.per_unit().map(UnitPrice::femtos)
    }

    #[test]
    fn exponents_and_plain_decimals_are_read_exactly() {
        for (text, femtos) in [
            ("1.5e-07", 150_000_000),
            ("1.5E-7", 150_000_000),
            ("0.00000015", 150_000_000),
            ("15e-8", 150_000_000),
            ("0.0", 0),
            ("0", 0),
            ("0e-300", 0),
            ("1e0", 1_000_000_000_000_000),
            ("2e+0", 2_000_000_000_000_000),
            ("-1", -1_000_000_000_000_000),
            ("2.0345052083E-9", 2_034_505),
            ("1.5e-15", 2),
            ("-1.5e-15", -2),
            ("1.49e-15", 1),
        ] {
            assert_eq!(per_unit(text), Some(femtos), "{text}");
        }
    }

    #[test]
    fn what_is_no_usable_number_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e",
            "e5",
            "1e5.0",
            "+1",
            "0x1",
            "NaN",
            "Infinity",
            "null",
            "1 ",
            "1,5",
            "1e99999999999",
            "1e401",
        ] {
            assert_eq!(per_unit(text), None, "{text}");
        }
        for text in ["1e-30", "1e4", "99999999999999999999", &"9".repeat(65)] {
            assert_eq!(per_unit(text), None, "{text} does not fit");
        }
    }

    #[test]
    fn counts_are_whole() {
        for (text, count) in
            [("128000", Some(128_000)), ("1.28e5", Some(128_000)), ("8192.0", Some(8192)), ("0.5", None), ("-1", None)]
        {
            assert_eq!(Number::parse(text).and_then(Number::count), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_price_survives_both_spellings(femtos in any::<i64>()) {
            let plain = format_scaled(i128::from(femtos), 15);
            prop_assert_eq!(per_unit(&plain), Some(femtos));
            prop_assert_eq!(per_unit(&format!("{femtos}e-15")), Some(femtos));
        }

        #[test]
        fn no_text_makes_it_fail(text in "\\PC{0,40}") {
            let _price = per_unit(&text);
        }
    }
}
