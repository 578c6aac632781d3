//! Text that stays in the body it came with, and whose escapes are read when somebody looks at it.

use super::string::unescaped;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// The text of a JSON string, borrowed from the body.
#[derive(Clone)]
pub struct Text<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    Plain(Cow<'a, str>),
    /// With escapes, of which each is known to mean something.
    Written {
        json: &'a str,
        bytes: usize,
        read: OnceLock<String>,
    },
}

/// The name under which a [`super::Reader`] knows types that are this one, or this one among others. Their visitors get texts
/// without escapes as borrowed ones, and what [`Text::written`] reads as `some`.
pub(crate) const NAME: &str = "dialect::Text";

impl<'a> Text<'a> {
    /// Bytes of the text; its escapes need not be read for it.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Plain(text) => text.len(),
            Form::Written { bytes, .. } => *bytes,
        }
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over a string with escapes from [`visit_written`].
    pub(crate) fn written<'de: 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WrittenVisitor)
    }

    /// The text itself, borrowed where it has no escapes.
    #[must_use]
    pub fn into_cow(self) -> Cow<'a, str> {
        match self.0 {
            Form::Plain(text) => text,
            Form::Written { json, read, .. } => {
                Cow::Owned(read.into_inner().unwrap_or_else(|| unescaped(json).unwrap_or_default()))
            }
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Written { json, read, .. } => read.get_or_init(|| unescaped(json).unwrap_or_default()),
        }
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::from("")
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Form::Plain(Cow::Borrowed(text)))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Form::Plain(Cow::Owned(text)))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&&**self).finish()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, TextVisitor)
    }
}

/// Hands a string with escapes, all of which mean something, to a visitor that knows [`Text::written`].
pub(super) fn visit_written<'de, V: Visitor<'de>>(
    visitor: V,
    json: &'de str,
    saved: usize,
) -> Result<V::Value, serde_json::Error> {
    let entry = (json.len().saturating_sub(saved), BorrowedStrDeserializer::new(json));
    visitor.visit_some(MapDeserializer::new(std::iter::once(entry)))
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Text::written(deserializer)
    }

    /// From the parser.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string as it is written")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_entry::<usize, &'de str>()? {
            Some((bytes, json)) => Ok(Text(Form::Written { json, bytes, read: OnceLock::new() })),
            None => Err(A::Error::custom("no text")),
        }
    }
}
