//! The form of journal records on disk.
//!
//! A record is `[length u32][crc32c u32][sequence u64][kind u8][payload]`, little-endian; the length is the payload's, the
//! checksum covers payload, length, sequence and kind. Sequences rise by one from record to record, across segments too.
//!
//! Payloads are MessagePack with named fields, so that fields may come and go between versions. Journals of 2026-11-21 and
//! before hold JSON, which is told apart by its first byte: no map of MessagePack begins with `{`.

use super::pack::{self, PackError};
use domain::generation::{Opening, Settlement};
use domain::id::GenerationId;

/// Bytes before the payload.
pub(super) const HEADER: usize = 17;

/// Largest payload; a settlement with every field at its bound is far below.
pub(super) const PAYLOAD_MAX: usize = 4 << 20;

/// Bytes of all but unusual records.
const USUAL: usize = 2048;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// First content is about to leave: an [`Opening`].
    Open,
    /// Content was accepted by the socket: a [`Mark`].
    Mark,
    /// The generation is over: a [`Settlement`].
    Close,
    /// Everything up to a sequence is on the disk: a little-endian `u64`.
    Flushed,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Mark => 2,
            Self::Close => 3,
            Self::Flushed => 4,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Open),
            2 => Some(Self::Mark),
            3 => Some(Self::Close),
            4 => Some(Self::Flushed),
            _ => None,
        }
    }
}

/// Output that was delivered so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Mark {
    /// The generation.
    pub(super) id: GenerationId,
    /// Answer tokens that the client's socket accepted.
    pub(super) delivered_tokens: u64,
}

/// The payload of a record, understood.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Open(Box<Opening>),
    Mark(Mark),
    Close(Box<Settlement>),
    Flushed(u64),
}

/// A record whose sequence is not fixed yet: everything that can be done outside the lock.
pub(super) struct Draft {
    kind: Kind,
    bytes: Vec<u8>,
    payload_crc: u32,
}

impl Draft {
    /// Encodes a payload, once.
    ///
    /// # Errors
    /// The encoder's, for a value that has no such form.
    pub(super) fn of<T: serde::Serialize>(kind: Kind, value: &T) -> Result<Self, PackError> {
        let mut bytes = Vec::with_capacity(USUAL);
        bytes.resize(HEADER, 0);
        Ok(Self::around(kind, pack::append(bytes, value)?))
    }

    /// A record in the form that was written until 2026-11-21.
    #[cfg(test)]
    pub(super) fn of_json(kind: Kind, json: &str) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(json.as_bytes());
        Self::around(kind, bytes)
    }

    /// A marker that everything up to `seq` is on the disk.
    pub(super) fn flushed(seq: u64) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(&seq.to_le_bytes());
        Self::around(Kind::Flushed, bytes)
    }

    /// Takes bytes with room for a header before the payload.
    fn around(kind: Kind, bytes: Vec<u8>) -> Self {
        let payload_crc = crc32c::crc32c(bytes.get(HEADER..).unwrap_or_default());
        Self { kind, bytes, payload_crc }
    }

    /// Bytes of the whole record.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Fixes the sequence; the bytes to write.
    pub(super) fn seal(mut self, seq: u64) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len() - HEADER).unwrap_or(u32::MAX);
        let crc = checksum(self.payload_crc, length, seq, self.kind.byte());
        let mut header = [0; HEADER];
        let (head, rest) = header.split_at_mut(4);
        head.copy_from_slice(&length.to_le_bytes());
        let (head, rest) = rest.split_at_mut(4);
        head.copy_from_slice(&crc.to_le_bytes());
        let (head, rest) = rest.split_at_mut(8);
        head.copy_from_slice(&seq.to_le_bytes());
        rest.fill(self.kind.byte());
        if let Some(place) = self.bytes.get_mut(..HEADER) {
            place.copy_from_slice(&header);
        }
        self.bytes
    }
}

fn checksum(payload_crc: u32, length: u32, seq: u64, kind: u8) -> u32 {
    let crc = crc32c::crc32c_append(payload_crc, &length.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &seq.to_le_bytes());
    crc32c::crc32c_append(crc, &[kind])
}

/// A record found in bytes, its payload not yet understood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
}

/// Why no record starts at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// The bytes end before the record does; it needs this many.
    Short(usize),
    /// The bytes are no record.
    Invalid,
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Reads the record that starts at the beginning of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Found<'_>, Absent> {
    let short = Absent::Short(HEADER);
    let length = u32::from_le_bytes(word(bytes, 0).ok_or(short)?);
    let crc = u32::from_le_bytes(word(bytes, 4).ok_or(short)?);
    let seq = u64::from_le_bytes(word(bytes, 8).ok_or(short)?);
    let [kind] = word(bytes, 16).ok_or(short)?;
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    let known = Kind::of(kind).ok_or(Absent::Invalid)?;
    if size > PAYLOAD_MAX {
        return Err(Absent::Invalid);
    }
    let payload = bytes.get(HEADER..HEADER + size).ok_or(Absent::Short(HEADER + size))?;
    if checksum(crc32c::crc32c(payload), length, seq, kind) != crc {
        return Err(Absent::Invalid);
    }
    Ok(Found { seq, kind: known, payload })
}

impl Found<'_> {
    /// Bytes of the whole record.
    pub(super) const fn len(&self) -> usize {
        HEADER + self.payload.len()
    }

    /// Understands the payload; none when a valid checksum covers something that this program does not know.
    pub(super) fn content(&self) -> Option<Content> {
        match self.kind {
            Kind::Open => understood(self.payload).map(|open| Content::Open(Box::new(open))),
            Kind::Mark => understood(self.payload).map(Content::Mark),
            Kind::Close => understood(self.payload).map(|close| Content::Close(Box::new(close))),
            Kind::Flushed => word(self.payload, 0).map(|bytes| Content::Flushed(u64::from_le_bytes(bytes))),
        }
    }
}

fn understood<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Option<T> {
    match payload.first()? {
        b'{' => serde_json::from_slice(payload).ok(),
        _ => rmp_serde::from_slice(payload).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Absent, Draft, HEADER, Kind, Mark, read};
    use domain::id::GenerationId;
    use domain::time::Timestamp;

    #[test]
    fn any_changed_byte_is_noticed() {
        let mark = Mark { id: GenerationId::new(Timestamp::from_micros(1), [1; 10]), delivered_tokens: 7 };
        let bytes = Draft::of(Kind::Mark, &mark).expect("encodes").seal(42);
        assert_eq!(read(&bytes).map(|found| (found.seq, found.len())), Ok((42, bytes.len())));
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert!(read(&damaged).is_err(), "byte {place}");
        }
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]).err(), Some(Absent::Short(if end < HEADER { HEADER } else { bytes.len() })));
        }
    }
}
