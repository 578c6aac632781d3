//! MessagePack for the journal's records, at a quarter of the instructions of the library that reads them back.
//!
//! Every call writes a record before its last bytes leave, some seventy named fields; here names are copied with their length
//! known at compile time into room that is there already. A test holds the bytes to those of `rmp-serde`.

use serde::ser::{Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};

/// Room that is added when a record needs more than was expected.
const ROOM_MORE: usize = 4096;

/// Why a value cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Settlements consist of fields, lists, words, numbers and bytes.
    #[error("{0} is no part of a record")]
    Unsupported(&'static str),
    /// Longer than any record.
    #[error("a part of the record is too long")]
    TooLong,
    /// A value's own refusal.
    #[error("{0}")]
    Refused(String),
}

impl serde::ser::Error for PackError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }
}

/// Appends the MessagePack form of a value.
///
/// # Errors
/// [`PackError`] for what is no part of a record.
pub(super) fn append<T: Serialize>(bytes: Vec<u8>, value: &T) -> Result<Vec<u8>, PackError> {
    let at = bytes.len();
    let mut packer = Packer { room: bytes, at };
    packer.room.resize(packer.room.capacity(), 0);
    value.serialize(&mut packer)?;
    packer.room.truncate(packer.at);
    Ok(packer.room)
}

struct Packer {
    /// Bytes up to `at`, zeros behind.
    room: Vec<u8>,
    at: usize,
}

impl Packer {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        if self.room.len() < end {
            self.grow(end);
        }
        if let Some(place) = self.room.get_mut(self.at..end) {
            place.copy_from_slice(bytes);
            self.at = end;
        }
    }

    #[cold]
    fn grow(&mut self, least: usize) {
        self.room.resize(least + ROOM_MORE, 0);
    }

    #[inline]
    fn uint(&mut self, value: u64) {
        if let Ok(byte) = u8::try_from(value) {
            if byte < 0x80 { self.put(&[byte]) } else { self.put(&[0xcc, byte]) }
        } else if let Ok(value) = u16::try_from(value) {
            let [a, b] = value.to_be_bytes();
            self.put(&[0xcd, a, b]);
        } else if let Ok(value) = u32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.put(&[0xce, a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            self.put(&[0xcf, a, b, c, d, e, f, g, h]);
        }
    }

    /// Negative numbers are rare and take nine bytes at most.
    fn int(&mut self, value: i64) {
        if let Ok(value) = u64::try_from(value) {
            self.uint(value);
        } else if let Ok(value) = i8::try_from(value) {
            let [byte] = value.to_be_bytes();
            if value >= -32 { self.put(&[byte]) } else { self.put(&[0xd0, byte]) }
        } else if let Ok(value) = i16::try_from(value) {
            let [a, b] = value.to_be_bytes();
            self.put(&[0xd1, a, b]);
        } else if let Ok(value) = i32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.put(&[0xd2, a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            self.put(&[0xd3, a, b, c, d, e, f, g, h]);
        }
    }

    /// The marker of something with a length: inside `short` below its limit, else before one, two or four bytes.
    #[inline(always)]
    fn length(&mut self, length: usize, short: Option<(u8, u8)>, long: [Option<u8>; 3]) -> Result<(), PackError> {
        let [one, two, four] = long;
        let byte = u8::try_from(length).ok();
        if let (Some((marker, _)), Some(byte)) = (short.filter(|(_, limit)| length < usize::from(*limit)), byte) {
            self.put(&[marker | byte]);
        } else if let (Some(marker), Some(byte)) = (one, byte) {
            self.put(&[marker, byte]);
        } else if let (Some(marker), Ok(length)) = (two, u16::try_from(length)) {
            let [a, b] = length.to_be_bytes();
            self.put(&[marker, a, b]);
        } else if let (Some(marker), Ok(length)) = (four, u32::try_from(length)) {
            let [a, b, c, d] = length.to_be_bytes();
            self.put(&[marker, a, b, c, d]);
        } else {
            return Err(PackError::TooLong);
        }
        Ok(())
    }

    #[inline(always)]
    fn text(&mut self, text: &str) -> Result<(), PackError> {
        self.length(text.len(), Some((0xa0, 32)), [Some(0xd9), Some(0xda), Some(0xdb)])?;
        self.put(text.as_bytes());
        Ok(())
    }
}

type Never = Impossible<(), PackError>;

/// The numbers, each as the widest of its kind.
macro_rules! numbers {
    ($($name:ident($type:ty) => $put:ident;)*) => {$(
        #[inline]
        fn $name(self, value: $type) -> Result<(), PackError> {
            self.$put(value.into());
            Ok(())
        }
    )*};
}

/// What no record has.
macro_rules! unsupported {
    ($($name:ident($($type:ty),*) -> $result:ty = $what:literal;)*) => {$(
        fn $name(self, $(_: $type),*) -> Result<$result, PackError> {
            Err(PackError::Unsupported($what))
        }
    )*};
}

impl<'p> Serializer for &'p mut Packer {
    type Ok = ();
    type Error = PackError;
    type SerializeSeq = &'p mut Packer;
    type SerializeStruct = &'p mut Packer;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStructVariant = Never;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_u8(u8) => uint;
        serialize_u16(u16) => uint;
        serialize_u32(u32) => uint;
        serialize_u64(u64) => uint;
        serialize_i8(i8) => int;
        serialize_i16(i16) => int;
        serialize_i32(i32) => int;
        serialize_i64(i64) => int;
    }

    unsupported! {
        serialize_f32(f32) -> () = "a fraction";
        serialize_f64(f64) -> () = "a fraction";
        serialize_char(char) -> () = "a character";
        serialize_unit() -> () = "nothing";
        serialize_unit_struct(&'static str) -> () = "nothing";
        serialize_tuple(usize) -> Never = "a tuple";
        serialize_tuple_struct(&'static str, usize) -> Never = "a tuple";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never = "a tuple";
        serialize_map(Option<usize>) -> Never = "a map";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never = "a variant with fields";
    }

    fn serialize_bool(self, value: bool) -> Result<(), PackError> {
        self.put(&[if value { 0xc3 } else { 0xc2 }]);
        Ok(())
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), PackError> {
        self.text(text)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), PackError> {
        self.length(bytes.len(), None, [Some(0xc4), Some(0xc5), Some(0xc6)])?;
        self.put(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), PackError> {
        self.put(&[0xc0]);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), PackError> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), PackError> {
        self.text(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), PackError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), PackError> {
        Err(PackError::Unsupported("a variant with fields"))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<&'p mut Packer, PackError> {
        let length = length.ok_or(PackError::Unsupported("a list of unknown length"))?;
        self.length(length, Some((0x90, 16)), [None, Some(0xdc), Some(0xdd)])?;
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, fields: usize) -> Result<&'p mut Packer, PackError> {
        self.length(fields, Some((0x80, 16)), [None, Some(0xde), Some(0xdf)])?;
        Ok(self)
    }
}

impl SerializeSeq for &mut Packer {
    type Ok = ();
    type Error = PackError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), PackError> {
        Ok(())
    }
}

impl SerializeStruct for &mut Packer {
    type Ok = ();
    type Error = PackError;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), PackError> {
        self.text(name)?;
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), PackError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::append;
    use crate::contract::fixture::{account_id, key_id, noon, opening, settlement};
    use domain::generation::{Rejection, Settlement, Verdict};
    use domain::money::Amount;

    fn assert_same<T: serde::Serialize>(value: &T, what: &str) {
        let packed = append(b"before".to_vec(), value).expect("packs");
        let expected = [b"before".to_vec(), rmp_serde::to_vec_named(value).expect("encodes")].concat();
        assert_eq!(packed, expected, "{what}");
    }

    #[test]
    fn records_are_what_the_library_writes() {
        for number in 0..12 {
            let mut finished = settlement(number, account_id(1), key_id(1), noon());
            assert_same(&finished.opening, "an opening");
            assert_same(&finished, "a settlement");
            finished.opening.user = Some("\u{e4}".repeat(10_usize.pow(u32::try_from(number % 6).unwrap_or(0))));
            finished.excluded = vec![finished.excluded[0].clone(); usize::try_from(number).expect("small") * 2];
            let verdicts = vec![Verdict { rule: "fields".to_owned(), problem: "x".repeat(255) }];
            let rejection = Rejection { verdicts, usage: finished.usage, cost: Amount::from_nanos(-1) };
            finished.attempts[0].rejection = Some(Box::new(rejection));
            assert_same(&finished, "a long settlement");
            let bare = Settlement::interrupted(opening(number, account_id(1), key_id(1), noon()), Some(3), noon());
            assert_same(&bare, "an interrupted settlement");
        }
    }

    #[test]
    fn numbers_are_what_the_library_writes() {
        for shift in 0..64 {
            for around in -2..=2 {
                let value = (1_i64 << shift).wrapping_add(around);
                assert_same(&value, "a signed number");
                assert_same(&value.wrapping_neg(), "a negative number");
                assert_same(&value.cast_unsigned(), "a number");
            }
        }
    }

    #[test]
    fn what_no_record_has_is_refused() {
        assert!(append(Vec::new(), &1.5_f64).is_err());
        assert!(append(Vec::new(), &std::collections::BTreeMap::from([("a", 1)])).is_err());
    }
}
