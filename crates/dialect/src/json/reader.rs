//! [`Reader`]: from checked JSON to Rust types.

use super::check::{Checked, End};
use super::raw;
use super::string::{unescaped, walk};
use super::text::{self, visit_written};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Error;
use std::ops::Range;

/// Reads one value of a text that [`super::check()`] found to be JSON.
///
/// # Errors
/// Those of `serde_json` for the same value, without their position.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    T::deserialize(&mut Reader::new(text, 0, &[]))
}

/// A deserializer for a value somewhere in a text that [`super::check()`] found to be JSON; its errors are those of
/// `serde_json`, without their position. Of any other text it reads something or gives an error.
#[derive(Debug)]
pub(crate) struct Reader<'de, 'l> {
    text: &'de str,
    at: usize,
    /// What is known of ends from here on.
    ends: &'l [End],
}

/// A string as it stands: without its quotation marks, and how much shorter its text is.
struct Written<'de> {
    json: &'de str,
    saved: usize,
}

impl Checked {
    /// Reads a value that is a part of the text that was checked.
    pub(crate) fn reader<'de>(&self, text: &'de str, part: &'de str) -> Reader<'de, '_> {
        Reader::new(text, range_in(text, part).start, &self.ends)
    }
}

/// Where `part` lies inside `whole`, of which it is a slice.
pub(crate) fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

impl<'de, 'l> Reader<'de, 'l> {
    /// Reads the value at `at`; `ends` are those of the whole text, as far as they are known.
    pub(crate) fn new(text: &'de str, at: usize, ends: &'l [End]) -> Self {
        let passed = ends.partition_point(|known| known.start < at);
        Self { text, at, ends: ends.get(passed..).unwrap_or_default() }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => return Some(byte),
            }
        }
        None
    }

    /// Passes over the string whose quotation mark is next.
    fn string(&mut self) -> Written<'de> {
        let start = self.at + 1;
        let (end, saved) = match self.known_end() {
            Some(known) => (known.end, known.saved),
            None => {
                let walk = walk(self.text.as_bytes(), start);
                (walk.end + 1, walk.saved)
            }
        };
        self.at = end;
        Written { json: self.text.get(start..end - 1).unwrap_or_default(), saved }
    }

    /// The end of the string, object or list that begins here, if it is known.
    fn known_end(&mut self) -> Option<End> {
        while let Some((first, rest)) = self.ends.split_first() {
            if first.start >= self.at {
                return (first.start == self.at).then_some(*first);
            }
            self.ends = rest;
        }
        None
    }

    /// Passes over the value that is next.
    fn skip(&mut self) -> &'de str {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => {
                self.string();
            }
            Some(b'{' | b'[') => self.skip_nested(),
            _ => self.skip_scalar(),
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn skip_nested(&mut self) {
        if let Some(known) = self.known_end() {
            self.at = known.end;
            return;
        }
        let mut depth = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_scalar(&mut self) {
        while let Some(byte) = self.byte()
            && !matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
        {
            self.at += 1;
        }
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let json = self.skip();
        let is_small = (1..=18).contains(&json.len()) && json.bytes().all(|byte| byte.is_ascii_digit());
        if is_small {
            return visitor.visit_u64(json.bytes().fold(0, |number, digit| 10 * number + u64::from(digit - b'0')));
        }
        serde_json::Deserializer::from_str(json).deserialize_any(visitor)
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.at += 1;
        let value = visitor.visit_seq(Items { reader: self, is_first: true })?;
        self.close(b']')?;
        Ok(value)
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.at += 1;
        let value = visitor.visit_map(Items { reader: self, is_first: true })?;
        self.close(b'}')?;
        Ok(value)
    }

    /// Passes over the end of a list or an object of which everything must have been read.
    fn close(&mut self, bracket: u8) -> Result<(), Error> {
        if self.peek() != Some(bracket) {
            return Err(Error::custom("trailing characters"));
        }
        self.at += 1;
        Ok(())
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'"') => match self.string() {
                Written { json, saved: 0 } => visitor.visit_borrowed_str(json),
                written => visitor.visit_string(unescaped(written.json).ok_or_else(|| Error::custom("no text"))?),
            },
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.list(visitor),
            _ => match self.byte() {
                Some(b'n') => {
                    self.skip();
                    visitor.visit_unit()
                }
                Some(b't' | b'f') => visitor.visit_bool(self.skip() == "true"),
                _ => self.number(visitor),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.peek() == Some(b'n') {
            self.skip();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match name {
            text::NAME if self.peek() == Some(b'"') => match self.string() {
                Written { json, saved: 0 } => visitor.visit_borrowed_str(json),
                Written { json, saved } => visit_written(visitor, json, saved),
            },
            text::NAME => self.deserialize_any(visitor),
            raw::NAME => visitor.visit_borrowed_str(self.skip()),
            _ => serde_json::Deserializer::from_str(self.skip()).deserialize_newtype_struct(name, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.skip()).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip();
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The items of a list, or the fields of an object.
struct Items<'r, 'de, 'l> {
    reader: &'r mut Reader<'de, 'l>,
    is_first: bool,
}

impl Items<'_, '_, '_> {
    /// Goes to the next item; false when there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        match self.reader.peek() {
            Some(b']' | b'}') => return Ok(false),
            Some(b',') if !self.is_first => {
                self.reader.at += 1;
                self.reader.peek();
            }
            Some(_) if self.is_first => {}
            _ => return Err(Error::custom("expected `,` or the end")),
        }
        self.is_first = false;
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.advance()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.advance()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        if self.reader.peek() != Some(b':') {
            return Err(Error::custom("expected `:`"));
        }
        self.reader.at += 1;
        seed.deserialize(&mut *self.reader)
    }
}
