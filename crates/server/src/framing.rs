//! Watching for requests whose end can be read in two ways.
//!
//! A head with both `content-length` and `transfer-encoding`, or with two lengths, is how requests are smuggled past a proxy
//! that believes the other one. The HTTP library settles for one and hides the other, so the raw lines are looked at before it
//! sees them.

use std::sync::atomic::{AtomicBool, Ordering};

/// Longest part of a line that is looked at; both names are shorter.
const LOOKED_AT: usize = 18;

/// Reads along with a connection, line by line.
#[derive(Debug, Default)]
pub struct FramingWatch {
    line: Vec<u8>,
    has_length: bool,
    has_coding: bool,
}

/// Whether a connection has carried an ambiguous head; once it has, nothing on it can be trusted.
#[derive(Debug, Default)]
pub struct Ambiguous(AtomicBool);

impl Ambiguous {
    /// Whether it has.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl FramingWatch {
    /// Takes the next bytes of the connection.
    ///
    /// Bodies are read along too: a JSON text cannot hold a raw line break inside a string, so no body of ours looks like
    /// a head with both names.
    pub fn read(&mut self, mut bytes: &[u8], found: &Ambiguous) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.keep(line);
            self.line_ended(found);
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LOOKED_AT - self.line.len();
        self.line.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn line_ended(&mut self, found: &Ambiguous) {
        let line = self.line.trim_ascii_end();
        let names = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if line.is_empty() {
            self.has_length = false;
            self.has_coding = false;
        }
        let has_another = self.has_length && names(b"content-length:");
        self.has_length |= names(b"content-length:");
        self.has_coding |= names(b"transfer-encoding:");
        if has_another || (self.has_length && self.has_coding) {
            found.0.store(true, Ordering::Release);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Ambiguous, FramingWatch};

    fn is_ambiguous(text: &str, piece: usize) -> bool {
        let (mut watch, found) = (FramingWatch::default(), Ambiguous::default());
        for bytes in text.as_bytes().chunks(piece) {
            watch.read(bytes, &found);
        }
        found.is_set()
    }

    #[test]
    fn both_names_in_one_head_are_noticed_however_they_arrive() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        for piece in 1..head.len() {
            assert!(is_ambiguous(head, piece), "{piece}");
        }
    }

    #[test]
    fn two_lengths_are_noticed_even_when_they_agree() {
        assert!(is_ambiguous("POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", 9));
        let one_each = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}".repeat(2);
        assert!(!is_ambiguous(&one_each, 9));
    }

    #[test]
    fn one_name_a_head_is_fine_and_so_is_a_body_that_talks_about_both() {
        let first = "POST / HTTP/1.1\r\nContent-Length: 62\r\n\r\n{\"content\":\"content-length: 1\\r\\ntransfer-encoding: chunked\"}\n";
        let second = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(!is_ambiguous(&format!("{first}{second}"), 7));
    }
}
