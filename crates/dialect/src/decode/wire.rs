//! Field types that forgive what providers get wrong.

use crate::chat::reply::write;
use crate::json::{Raw, unescaped};
use crate::outgoing::LARGE_BYTES;
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

/// The text unless it is missing or empty; what had to be unescaped is not copied again.
pub(super) fn taken(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.0).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    /// Reads the text as it stands: the parser's own unescaping goes through a buffer that grows by doubling and is copied
    /// from, which for a large text is three of them at once.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?.get();
        Self::read(raw).ok_or_else(|| de::Error::custom("no text"))
    }
}

impl<'a> Text<'a> {
    /// The text that a JSON value is; `None` when it is none.
    pub(super) fn read(raw: &'a str) -> Option<Self> {
        let text = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if memchr::memchr(b'\\', inner.as_bytes()).is_none() => Some(Cow::Borrowed(inner)),
            Some(inner) => unescaped(inner).map(Cow::Owned),
            None => is_whole_number(raw).then_some(Cow::Borrowed(raw)),
        };
        text.map(Self)
    }
}

fn is_whole_number(raw: &str) -> bool {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
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

/// Cuts a text into pieces of at most 64 KiB; all but the largest come as one.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(LARGE_BYTES));
        rest = more;
        (!piece.is_empty()).then_some(piece)
    })
}

/// An image at the address that the pieces make, in the shape of chat completions. Large ones are written once.
pub(super) fn image_at(address: &[&str]) -> Option<Box<RawValue>> {
    const HEAD: &[u8] = b"{\"type\":\"image_url\",\"image_url\":{\"url\":\"";
    const TAIL: &[u8] = b"\"}}";
    let bytes: usize = address.iter().map(|piece| piece.len()).sum();
    // Exact, unless the address needs escapes: room that is left over would have to be given back by another copy.
    let mut json = Vec::with_capacity(HEAD.len() + bytes + TAIL.len());
    json.extend_from_slice(HEAD);
    address.iter().for_each(|piece| write::escaped(&mut json, piece.as_bytes()));
    json.extend_from_slice(TAIL);
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
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
    use super::{Count, Text, minified};

    #[test]
    fn reads_texts_as_the_parser_does_and_whole_numbers_as_their_digits() {
        for json in [
            r#""plain""#,
            r#""""#,
            r#""a\"b\\c\/d\b\f\n\r\t""#,
            r#""\u0041\u00e9\u20ac\uD83D\ude00 end""#,
            r#""\ud83d""#,
            r#""\ud83d\n""#,
            r#""\ud83dx""#,
            r#""\ud83d\u0041""#,
            r#""\udc00""#,
            r#""\u12""#,
            r#""\u+041""#,
            r#""\x""#,
            r#""\""#,
            "\"a\nb\"",
            "\"é😀\"",
            " \"spaced\" ",
        ] {
            let expected = serde_json::from_str::<String>(json).ok();
            let read = serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0.into_owned());
            assert_eq!(read, expected, "{json}");
        }
        for (json, expected) in [
            ("12", Some("12")),
            ("-3", Some("-3")),
            ("1.5", None),
            ("1e3", None),
            ("true", None),
            ("{}", None),
            ("[]", None),
        ] {
            let read = serde_json::from_str::<Text<'_>>(json).ok();
            assert_eq!(read.as_ref().map(Text::as_str), expected, "{json}");
        }
    }

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
