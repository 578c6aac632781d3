//! Reads a JSON list item by item, so that an error can name the item.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
#[error("item {index}: {source}")]
pub struct ListError {
    /// The item that failed, from 0.
    pub index: usize,
    /// What was wrong with it.
    pub source: serde_json::Error,
}

/// Reads a JSON list of at most `most` items; the item after that is reported as an error.
///
/// # Errors
/// When the text is no list, an item does not have the expected shape, or there are too many.
pub fn parse_list<'a, T: Deserialize<'a>>(json: &'a str, most: usize) -> Result<Vec<T>, ListError> {
    read_list(&mut serde_json::Deserializer::from_str(json), most)
}

/// Like [`parse_list`], from any reader.
pub(crate) fn read_list<'a, T, D>(reader: D, most: usize) -> Result<Vec<T>, ListError>
where
    T: Deserialize<'a>,
    D: Deserializer<'a, Error = serde_json::Error>,
{
    let mut index = 0;
    let seed = ListSeed { index: &mut index, most, item: PhantomData };
    seed.deserialize(reader).map_err(|source| ListError { index, source })
}

struct ListSeed<'i, T> {
    index: &'i mut usize,
    most: usize,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == self.most {
                return Err(serde::de::Error::custom(format_args!("more than {} items", self.most)));
            }
            items.push(item);
            *self.index = items.len();
        }
        Ok(items)
    }
}
