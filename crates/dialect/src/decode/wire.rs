//! Field types that forgive what providers get wrong.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Text that borrows from the event when it holds no escapes; numbers become their digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text unless it is missing or empty.
pub(super) fn filled<'t>(text: Option<&'t Text<'_>>) -> Option<&'t str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
}

/// The text unless it is missing or blank, owned.
pub(super) fn owned(text: Option<&Text<'_>>) -> Option<String> {
    filled(text).map(str::to_owned)
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A token count as a provider wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// A whole number, zero or above.
    Plain(u64),
    /// Negative, fractional, text, or too large: the nearest sensible number.
    Odd(u64),
}

/// Above this no count is believed: four billion tokens.
const COUNT_MAX: u64 = u32::MAX as u64;

impl Count {
    const fn from_unsigned(number: u64) -> Self {
        if number > COUNT_MAX { Self::Odd(COUNT_MAX) } else { Self::Plain(number) }
    }

    fn from_float(number: f64) -> Self {
        if !(0.0..=COUNT_MAX as f64).contains(&number) {
            return Self::Odd(if number > 0.0 { COUNT_MAX } else { 0 });
        }
        let whole = number as u64;
        if number.fract() == 0.0 { Self::Plain(whole) } else { Self::Odd(whole.saturating_add(1)) }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Count;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a count")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Count, E> {
                Ok(Count::from_unsigned(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Count, E> {
                Ok(u64::try_from(number).map_or(Count::Odd(0), Count::from_unsigned))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Count, E> {
                Ok(Count::from_float(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Count, E> {
                Ok(Count::Odd(text.trim().parse::<u64>().unwrap_or(0).min(COUNT_MAX)))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
                Ok(Count::Odd(0))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Count, A::Error> {
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Count::Odd(0))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
                while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
                Ok(Count::Odd(0))
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

/// Raw JSON that is not `null`.
pub(super) fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

/// An owned copy.
pub(super) fn boxed(raw: &RawValue) -> Box<RawValue> {
    raw.to_owned()
}

/// Any serialisable value as raw JSON; `None` when it cannot be written, which plain strings and numbers always can.
pub(super) fn raw_json(value: &impl serde::Serialize) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

/// JSON text without the white space between its tokens. Numbers and strings stay as they are written.
pub(crate) fn minified(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut is_string = false;
    let mut is_escaped = false;
    for character in json.chars() {
        if is_string {
            is_string = is_escaped || character != '"';
            is_escaped = character == '\\' && !is_escaped;
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            is_string = character == '"';
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Count, minified};

    #[test]
    fn keeps_strings_and_numbers_when_it_removes_white_space() {
        for (text, expected) in [
            ("{ \"a\" : \"x  y\" ,\n \"b\": [ 1.50, 2e3 ] }", r#"{"a":"x  y","b":[1.50,2e3]}"#),
            (r#"{"q": "say \" no \\" , "z": 1}"#, r#"{"q":"say \" no \\","z":1}"#),
            ("{}", "{}"),
        ] {
            assert_eq!(minified(text), expected);
        }
    }

    #[test]
    fn reads_odd_counts_without_failing() {
        for (text, expected) in [
            ("7", Count::Plain(7)),
            ("0", Count::Plain(0)),
            ("7.0", Count::Plain(7)),
            ("7.2", Count::Odd(8)),
            ("-5", Count::Odd(0)),
            ("-5.5", Count::Odd(0)),
            ("9007199254740992", Count::Odd(u64::from(u32::MAX))),
            ("1e30", Count::Odd(u64::from(u32::MAX))),
            ("\"12\"", Count::Odd(12)),
            ("\"many\"", Count::Odd(0)),
            ("true", Count::Odd(0)),
            ("[1,2]", Count::Odd(0)),
            ("{\"a\":1}", Count::Odd(0)),
        ] {
            assert_eq!(serde_json::from_str::<Count>(text).unwrap(), expected, "{text}");
        }
    }
}
