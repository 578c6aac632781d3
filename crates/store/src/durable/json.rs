//! The JSON columns of generation rows, at a third of the instructions of the library that reads them back.
//!
//! Every call writes four such texts, mostly field names; here these are copied with their length known at compile time, and
//! text is looked through for escapes many bytes at a time. A test holds the texts to those of `serde_json`.

use super::StoreError;
use serde::ser::{Error as _, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};

/// Bytes of all but unusual texts.
const USUAL: usize = 512;

/// The JSON text of a part of a settlement.
///
/// # Errors
/// [`StoreError::Corrupt`] for what no settlement has: fractions, maps, tuples, bytes.
pub(super) fn text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    let mut text = Vec::with_capacity(USUAL);
    let written = value.serialize(Writer(&mut text)).ok();
    written
        .and_then(|()| String::from_utf8(text).ok())
        .ok_or(StoreError::Corrupt { statement: "serialise", column: "json" })
}

struct Writer<'t>(&'t mut Vec<u8>);

impl<'t> Writer<'t> {
    fn number(self, number: impl itoa::Integer) {
        self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn text(self, text: &str) -> Result<(), serde_json::Error> {
        // Without a way out of the loop, so that the compiler takes many bytes at a time.
        let is_odd = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
        if text.bytes().fold(false, |found, byte| found | is_odd(byte)) {
            return serde_json::to_writer(self.0, text);
        }
        self.0.reserve(text.len() + 2);
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn within(self, open: u8, close: u8) -> Parts<'t> {
        self.0.push(open);
        Parts { text: self.0, is_first: true, close }
    }
}

/// A list or an object that is being written.
struct Parts<'t> {
    text: &'t mut Vec<u8>,
    is_first: bool,
    close: u8,
}

impl Parts<'_> {
    #[inline(always)]
    fn next(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(b',');
        }
    }
}

type Never = Impossible<(), serde_json::Error>;

macro_rules! numbers {
    ($($name:ident($type:ty);)*) => {$(
        fn $name(self, value: $type) -> Result<(), serde_json::Error> {
            self.number(value);
            Ok(())
        }
    )*};
}

/// What no settlement has.
macro_rules! unsupported {
    ($($name:ident($($type:ty),*) -> $result:ty;)*) => {$(
        fn $name(self, $(_: $type),*) -> Result<$result, serde_json::Error> {
            Err(serde_json::Error::custom("no part of a settlement"))
        }
    )*};
}

impl<'t> Serializer for Writer<'t> {
    type Ok = ();
    type Error = serde_json::Error;
    type SerializeSeq = Parts<'t>;
    type SerializeStruct = Parts<'t>;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStructVariant = Never;

    numbers! {
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
    }

    unsupported! {
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_bool(self, value: bool) -> Result<(), serde_json::Error> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), serde_json::Error> {
        self.text(text)
    }

    fn serialize_none(self) -> Result<(), serde_json::Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), serde_json::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), serde_json::Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), serde_json::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), serde_json::Error> {
        Err(serde_json::Error::custom("no part of a settlement"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'t>, serde_json::Error> {
        Ok(self.within(b'[', b']'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'t>, serde_json::Error> {
        Ok(self.within(b'{', b'}'))
    }
}

impl SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), serde_json::Error> {
        self.next();
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), serde_json::Error> {
        self.text.push(self.close);
        Ok(())
    }
}

impl SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = serde_json::Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), serde_json::Error> {
        self.next();
        // Names of fields have nothing to escape.
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), serde_json::Error> {
        self.text.push(self.close);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::contract::fixture::{account_id, key_id, noon, settlement};
    use domain::generation::{Rejection, Verdict};
    use domain::money::Amount;

    fn assert_same<T: serde::Serialize>(value: &T, what: &str) {
        assert_eq!(text(value).expect("writes"), serde_json::to_string(value).expect("writes"), "{what}");
    }

    #[test]
    fn texts_are_what_the_library_writes() {
        for number in 0..12 {
            let mut finished = settlement(number, account_id(1), key_id(1), noon());
            let verdicts = vec![Verdict { rule: "a \"rule\"".to_owned(), problem: "x\u{1f600}".repeat(99) }];
            let rejection = Rejection { verdicts, usage: finished.usage, cost: Amount::from_nanos(-1) };
            let mut rejected = finished.attempts[0].clone();
            rejected.rejection = Some(Box::new(rejection));
            finished.attempts.push(rejected);
            assert_same(&finished, "a whole settlement");
            assert_same(&finished.usage, "usage");
            assert_same(&finished.lines, "lines");
            assert_same(&finished.attempts, "attempts");
            finished.excluded.clear();
            assert_same(&finished.excluded, "an empty list");
        }
    }

    #[test]
    fn every_character_is_escaped_as_the_library_does() {
        for code in (0..0x300).chain([0x2028, 0xfeff, 0xfffd, 0x1f600]).filter_map(char::from_u32) {
            assert_same(&format!("before{code}after"), "text");
        }
        for number in [i64::MIN, -1, 0, i64::MAX] {
            assert_same(&number, "a signed number");
            assert_same(&number.cast_unsigned(), "a number");
        }
        assert_same(&[Some(true), None, Some(false)].as_slice(), "options");
    }

    #[test]
    fn what_no_settlement_has_is_refused() {
        assert!(text(&0.1_f64).is_err());
        assert!(text(&std::collections::BTreeMap::from([("a", 1)])).is_err());
    }
}
