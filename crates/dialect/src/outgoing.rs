//! [`Outgoing`]: events on their way to a client.
//!
//! What is small is written at once. A large text or JSON value is kept as it is and becomes bytes piece by piece, while the
//! client takes them: the event that holds it never exists in whole, and a text that several events repeat exists once.

use crate::chat::reply::write;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Values above this size are written piece by piece, in bytes.
pub(crate) const LARGE_BYTES: usize = 64 * 1024;
/// How much of a large value becomes one piece, in bytes before escaping.
const PIECE_BYTES: usize = 16 * 1024;

/// Bytes for a client, of which some are not written yet.
///
/// It dereferences to the buffer in which the bytes behind the last large value are written.
#[derive(Debug, Default)]
pub struct Outgoing {
    parts: VecDeque<Part>,
    open: Vec<u8>,
}

#[derive(Debug)]
enum Part {
    /// Bytes as they are.
    Bytes(Bytes),
    /// Text of a JSON string, and how much of it is written.
    Text(Arc<String>, usize),
}

impl Outgoing {
    /// Takes the next bytes; `None` when there are none left. While there is something large, they come in pieces: of 64 KiB
    /// of what is written already, of 16 KiB of text that is not, and of more where characters need escapes.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let (piece, is_over) = match self.parts.front_mut() {
            None if self.open.is_empty() => return None,
            None => return Some(std::mem::take(&mut self.open).into()),
            Some(Part::Bytes(bytes)) => (bytes.split_to(bytes.len().min(LARGE_BYTES)), bytes.is_empty()),
            Some(Part::Text(text, at)) => {
                let rest = text.as_bytes().get(*at..).unwrap_or_default();
                let plain = rest.get(..PIECE_BYTES).unwrap_or(rest);
                *at += plain.len();
                let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 8);
                write::escaped(&mut piece, plain);
                (piece.into(), plain.len() == rest.len())
            }
        };
        if is_over {
            self.parts.pop_front();
        }
        Some(piece)
    }

    /// Whether nothing is left to be taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.open.is_empty()
    }

    /// Sets aside what has been written when it is much: a buffer that grows by doubling would hold it three times.
    pub(crate) fn set_aside(&mut self) {
        if self.open.len() > LARGE_BYTES {
            self.parts.push_back(Part::Bytes(std::mem::take(&mut self.open).into()));
        }
    }

    /// All that is left, in one.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        if self.parts.is_empty() {
            return self.open;
        }
        let mut whole = Vec::new();
        while let Some(piece) = self.next_piece() {
            whole.extend_from_slice(&piece);
        }
        whole
    }

    /// Appends a JSON string.
    pub(crate) fn string(&mut self, text: String) {
        if text.len() <= LARGE_BYTES {
            write::string(&mut self.open, &text);
        } else {
            self.park_string(Arc::new(text), 0);
        }
    }

    /// Appends a JSON string of a text that is kept elsewhere too.
    pub(crate) fn shared_string(&mut self, text: &Arc<String>) {
        self.shared_end(text, 0);
    }

    /// Appends a JSON string of the end of a text that is kept elsewhere too, from a byte where a character begins.
    pub(crate) fn shared_end(&mut self, text: &Arc<String>, start: usize) {
        let end = text.get(start..).unwrap_or_default();
        if end.len() <= LARGE_BYTES {
            write::string(&mut self.open, end);
        } else {
            self.park_string(Arc::clone(text), start);
        }
    }

    /// Appends a value that is JSON already, on one line.
    pub(crate) fn json(&mut self, value: Box<RawValue>) {
        if value.get().len() <= LARGE_BYTES {
            write::raw(&mut self.open, &value);
        } else {
            self.owned(one_line(value));
        }
    }

    /// Appends what follows the opening brace of an object, so that it continues one whose first field is written.
    pub(crate) fn rest_of_object(&mut self, object: Box<RawValue>) {
        if object.get().len() <= LARGE_BYTES {
            write::rest_of_object(&mut self.open, &object);
            return;
        }
        let mut rest = one_line(object);
        // Whatever is large has fields.
        let fields = rest.iter().skip(1).position(|byte| !byte.is_ascii_whitespace()).unwrap_or_default();
        rest.drain(..=fields);
        self.open.push(b',');
        self.owned(rest);
    }

    /// Appends bytes that are written already. The last one stays in the buffer, where a writer looks for what it follows.
    pub(crate) fn owned(&mut self, mut bytes: Vec<u8>) {
        if bytes.len() <= LARGE_BYTES {
            self.open.extend_from_slice(&bytes);
        } else if let Some(last) = bytes.pop() {
            self.park(Part::Bytes(bytes.into()));
            self.open.push(last);
        }
    }

    fn park_string(&mut self, text: Arc<String>, start: usize) {
        self.open.push(b'"');
        self.park(Part::Text(text, start));
        self.open.push(b'"');
    }

    fn park(&mut self, part: Part) {
        if !self.open.is_empty() {
            self.parts.push_back(Part::Bytes(std::mem::take(&mut self.open).into()));
        }
        self.parts.push_back(part);
    }
}

impl Deref for Outgoing {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.open
    }
}

impl DerefMut for Outgoing {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }
}

impl From<Vec<u8>> for Outgoing {
    fn from(open: Vec<u8>) -> Self {
        Self { parts: VecDeque::new(), open }
    }
}

/// The bytes of a value without line ends, which stand between tokens only: within strings they are escaped.
fn one_line(value: Box<RawValue>) -> Vec<u8> {
    let mut bytes = Box::<str>::from(value).into_string().into_bytes();
    if memchr::memchr2(b'\n', b'\r', &bytes).is_some() {
        bytes.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{LARGE_BYTES, Outgoing};
    use serde_json::value::RawValue;
    use std::sync::Arc;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    /// What one way of writing gives for a value of some size, and how many pieces it takes.
    fn written(write: impl FnOnce(&mut Outgoing)) -> (String, usize) {
        let mut out = Outgoing::from(b"<".to_vec());
        write(&mut out);
        out.push(b'>');
        let mut text = Vec::new();
        let mut pieces = 0;
        while let Some(piece) = out.next_piece() {
            // A small text of nothing but control characters grows sixfold.
            assert!(piece.len() <= 6 * LARGE_BYTES, "a piece of {} bytes", piece.len());
            text.extend_from_slice(&piece);
            pieces += 1;
        }
        assert!(out.is_empty());
        (String::from_utf8(text).expect("text"), pieces)
    }

    #[test]
    fn large_values_come_in_pieces_and_say_the_same_as_small_ones() {
        for (unit, escaped) in [("x", "x"), ("é€😀", "é€😀"), ("\"\\\n\u{1}", "\\\"\\\\\\n\\u0001")] {
            for bytes in [1, LARGE_BYTES - 8, 3 * LARGE_BYTES] {
                let text = unit.repeat(bytes.div_ceil(unit.len()));
                let expected = escaped.repeat(bytes.div_ceil(unit.len()));
                let is_large = text.len() > LARGE_BYTES;
                let object = format!("{{ \"a\":\n\"{expected}\" }}");
                let on_line = object.replace('\n', "");
                for (found, wanted) in [
                    (written(|out| out.string(text.clone())), format!("<\"{expected}\">")),
                    (written(|out| out.shared_string(&Arc::new(text.clone()))), format!("<\"{expected}\">")),
                    (written(|out| out.owned(text.clone().into_bytes())), format!("<{text}>")),
                    (written(|out| out.json(raw(&object))), format!("<{on_line}>")),
                    (written(|out| out.rest_of_object(raw(&object))), format!("<,{}>", &on_line[2..])),
                ] {
                    assert!(found.0 == wanted, "{} of {bytes} bytes: {:.60}", unit.escape_debug(), found.0);
                    assert!(if is_large { found.1 >= 3 } else { found.1 <= 8 });
                }
            }
        }
    }

    #[test]
    fn what_is_left_can_be_taken_in_one() {
        let text = "ab\n".repeat(LARGE_BYTES);
        let mut out = Outgoing::default();
        out.string(text.clone());
        out.string("end".to_owned());
        assert_eq!(out.into_vec(), format!("\"{}\"\"end\"", text.replace('\n', "\\n")).into_bytes());
    }
}
