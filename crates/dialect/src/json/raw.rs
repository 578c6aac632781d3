//! A JSON value that is passed on as it was written.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value as its author wrote it, without white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

/// The name under which a [`super::Reader`] knows this type.
pub(super) const NAME: &str = "dialect::Raw";

impl<'a> Raw<'a> {
    /// Wraps what is known to be one JSON value.
    pub(crate) const fn of_checked(json: &'a str) -> Self {
        Self(json)
    }

    /// The JSON text.
    #[must_use]
    pub const fn get(self) -> &'a str {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    /// From [`super::Reader`]: the value's text.
    fn visit_borrowed_str<E: Error>(self, json: &'de str) -> Result<Self::Value, E> {
        Ok(Raw(json))
    }

    /// From the parser, which has a type of its own for it.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|value| Raw(value.get()))
    }
}
