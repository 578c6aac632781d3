//! A small JSON writer: appends to one buffer and knows when a comma is due.

use crate::chat::reply::write;
use crate::outgoing::Outgoing;
use std::sync::Arc;

/// Appends JSON to a buffer. Every `begin_…` needs its `end_…`; commas are placed by the writer.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Outgoing,
}

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes).into() }
    }

    /// Goes on behind what is in `out` already.
    pub(crate) fn behind(out: impl Into<Outgoing>) -> Self {
        Self { out: out.into() }
    }

    /// Bytes as they are, without a comma.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A field whose value is JSON already, on one line: line ends between tokens would break an event.
    pub(crate) fn field_line(&mut self, name: &str, json: &str) {
        self.key(name);
        self.line(json);
    }

    /// A value that is JSON already, on one line.
    pub(crate) fn line(&mut self, json: &str) {
        self.comma();
        // Inside strings line ends are escaped, so every bare one stands between tokens.
        for piece in json.split(['\n', '\r']) {
            self.out.extend_from_slice(piece.as_bytes());
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_vec()
    }

    /// What was written, with large values not written out yet.
    pub(crate) fn into_outgoing(self) -> Outgoing {
        self.out
    }

    /// A string value that may be large.
    pub(crate) fn string(&mut self, text: String) {
        self.comma();
        self.out.string(text);
    }

    /// A string value that may be large and is kept elsewhere too.
    pub(crate) fn shared(&mut self, text: &Arc<String>) {
        self.comma();
        self.out.shared_string(text);
    }

    /// The end of a text, from a byte where a character begins.
    pub(crate) fn field_shared_end(&mut self, name: &str, text: &Arc<String>, start: usize) {
        self.key(name);
        self.comma();
        self.out.shared_end(text, start);
    }

    pub(crate) fn field_shared(&mut self, name: &str, text: &Arc<String>) {
        self.key(name);
        self.shared(text);
    }

    /// Bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes back everything after the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    pub(crate) fn begin_object(&mut self) {
        self.comma();
        self.out.push(b'{');
    }

    pub(crate) fn end_object(&mut self) {
        self.out.push(b'}');
    }

    pub(crate) fn begin_list(&mut self) {
        self.comma();
        self.out.push(b'[');
    }

    pub(crate) fn end_list(&mut self) {
        self.out.push(b']');
    }

    /// A field name; its value must follow.
    pub(crate) fn key(&mut self, name: &str) {
        self.text(name);
        self.out.push(b':');
    }

    /// A string value.
    pub(crate) fn text(&mut self, text: &str) {
        self.comma();
        self.out.push(b'"');
        write::escaped(&mut self.out, text.as_bytes());
        self.out.push(b'"');
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.comma();
        self.out.extend_from_slice(json.as_bytes());
    }

    /// A number or a boolean.
    pub(crate) fn plain(&mut self, value: impl std::fmt::Display) {
        self.raw(&value.to_string());
    }

    pub(crate) fn field_text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }

    pub(crate) fn field_raw(&mut self, name: &str, json: &str) {
        self.key(name);
        self.raw(json);
    }

    pub(crate) fn field_plain(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        self.plain(value);
    }

    pub(crate) fn field_object(&mut self, name: &str) {
        self.key(name);
        self.begin_object();
    }

    pub(crate) fn field_list(&mut self, name: &str) {
        self.key(name);
        self.begin_list();
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.out.push(b',');
        }
    }
}
