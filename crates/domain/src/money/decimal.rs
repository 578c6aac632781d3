//! Exact conversion between decimal text and scaled integers; never through a float.

/// Why a decimal text is no valid amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is empty or holds something other than digits, one sign and one point.
    #[error("not a plain decimal number")]
    Syntax,
    /// More decimals than the scale can hold, and they are not zero.
    #[error("more than {0} decimal places")]
    TooPrecise(u32),
    /// The number does not fit 64 bits at this scale.
    #[error("number out of range")]
    Range,
}

/// Parses plain decimal text (`-1.25`, `0.0000001`, no exponent) into an integer scaled by 10^`scale`.
///
/// ```
/// use domain::money::{format_scaled, parse_scaled};
///
/// // 2.50 USD per million tokens, in nano-dollars per million.
/// assert_eq!(parse_scaled("2.50", 9), Ok(2_500_000_000));
/// assert_eq!(format_scaled(2_500_000_000, 9), "2.5");
/// assert!(parse_scaled("2.5e-6", 9).is_err());
/// ```
///
/// # Errors
/// [`DecimalError`] when the text is malformed, too precise for the scale or out of the `i64` range.
pub fn parse_scaled(text: &str, scale: u32) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || text.len() > 64 || text.ends_with('.') {
        return Err(DecimalError::Syntax);
    }
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    if places > scale {
        return Err(DecimalError::TooPrecise(scale));
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value =
            value.checked_mul(10).and_then(|v| v.checked_add(i128::from(byte - b'0'))).ok_or(DecimalError::Range)?;
    }
    let factor = 10i128.checked_pow(scale - places).ok_or(DecimalError::Range)?;
    let value = value.checked_mul(factor).ok_or(DecimalError::Range)?;
    i64::try_from(if negative { -value } else { value }).ok().ok_or(DecimalError::Range)
}

/// Prints an integer scaled by 10^`scale` as the shortest exact decimal text.
#[must_use]
pub fn format_scaled(value: i128, scale: u32) -> String {
    let places = usize::try_from(scale).unwrap_or(0);
    let digits = match u64::try_from(value.unsigned_abs()) {
        Ok(small) => small.to_string(),
        Err(_large) => value.unsigned_abs().to_string(),
    };
    let (whole, fraction) = match digits.len().checked_sub(places) {
        Some(whole) if whole > 0 => digits.split_at(whole),
        _ => ("0", digits.as_str()),
    };
    let zeros = places.saturating_sub(fraction.len());
    let fraction = fraction.trim_end_matches('0');
    let mut text = String::with_capacity(whole.len() + zeros + fraction.len() + 2);
    if value < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if !fraction.is_empty() {
        text.push('.');
        text.extend(std::iter::repeat_n('0', zeros));
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{DecimalError, format_scaled, parse_scaled};
    use proptest::prelude::*;

    #[test]
    fn reads_plain_decimals_exactly() {
        for (text, scale, value) in [
            ("0", 9, 0),
            ("2.50", 9, 2_500_000_000),
            ("0.0000000125", 15, 12_500_000),
            ("-1.5", 2, -150),
            ("7", 0, 7),
            ("1.10", 1, 11),
        ] {
            assert_eq!(parse_scaled(text, scale), Ok(value), "{text}");
        }
    }

    #[test]
    fn prints_the_shortest_exact_text() {
        for (value, scale, text) in [
            (0, 0, "0"),
            (0, 9, "0"),
            (7, 0, "7"),
            (-150, 2, "-1.5"),
            (1_000, 3, "1"),
            (5, 9, "0.000000005"),
            (-50, 9, "-0.00000005"),
            (i128::from(i64::MIN), 9, "-9223372036.854775808"),
        ] {
            assert_eq!(format_scaled(value, scale), text);
        }
    }

    #[test]
    fn refuses_what_is_no_plain_decimal() {
        for text in ["", "-", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "1 ", "--1", "0x1", "NaN", "1.2.3", "１"] {
            assert_eq!(parse_scaled(text, 9), Err(DecimalError::Syntax), "{text}");
        }
        assert_eq!(parse_scaled("0.0000000001", 9), Err(DecimalError::TooPrecise(9)));
        assert_eq!(parse_scaled("9223372037", 9), Err(DecimalError::Range));
    }

    proptest! {
        #[test]
        fn text_round_trips(value in any::<i64>(), scale in 0u32..16) {
            prop_assert_eq!(parse_scaled(&format_scaled(i128::from(value), scale), scale), Ok(value));
        }
    }
}
