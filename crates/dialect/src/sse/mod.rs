//! Server-sent events, byte by byte.
//!
//! [`Decoder`] turns whatever pieces the network delivers into whole events. It promises that the events do not depend
//! on where the pieces were cut, and that it never holds more than one event of the allowed size twice. It knows CR, LF
//! and CRLF line ends, a byte order mark, comments, data over several lines, a missing space after the colon and a
//! missing last line end. It does not look into the data.
//!
//! Source: HTML Living Standard, section "Server-sent events" (read 2026-11-21). One deliberate deviation: an event
//! that the end of the stream leaves open is delivered, because several providers forget the last blank line.

use memchr::memchr2;

/// The largest event that is accepted by default, in bytes.
pub const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One whole event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The `event:` field, if there was one.
    pub name: Option<String>,
    /// The `data:` lines, joined by line feeds.
    pub data: Vec<u8>,
}

/// One whole event that still lies in the decoder's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// The `event:` field, if there was one.
    pub name: Option<&'a str>,
    /// The `data:` lines, joined by line feeds.
    pub data: &'a [u8],
}

/// Why a byte stream is no acceptable event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// One event, or one line, exceeds the limit.
    #[error("an event exceeds {limit} bytes")]
    EventTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Incremental decoder of one event stream.
#[derive(Debug, Clone)]
pub struct Decoder {
    event_bytes_max: usize,
    /// Bytes that have arrived; those before `line` are spent.
    buffer: Vec<u8>,
    /// Where the line that is being read begins.
    line: usize,
    /// Up to where the buffer has been searched for a line end.
    searched: usize,
    is_start: bool,
    /// The last line ended with CR, so a LF that follows belongs to it.
    skips_line_feed: bool,
    name: Option<String>,
    data: Vec<u8>,
    has_data: bool,
    /// `name` and `data` were handed out and are cleared before the next line.
    is_spent: bool,
    has_seen_comment: bool,
}

impl Decoder {
    /// Makes a decoder that refuses events of more than `event_bytes_max` bytes.
    #[must_use]
    pub const fn new(event_bytes_max: usize) -> Self {
        Self {
            event_bytes_max,
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            is_start: true,
            skips_line_feed: false,
            name: None,
            data: Vec::new(),
            has_data: false,
            is_spent: false,
            has_seen_comment: false,
        }
    }

    /// Takes the next piece of the stream; call [`Decoder::next`] until it gives `None` before the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.line > 0 {
            self.buffer.drain(..self.line);
            self.searched -= self.line;
            self.line = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives the next whole event, `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`SseError`] when an event exceeds the limit; the stream cannot be read any further.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not be fed between two calls")]
    pub fn next(&mut self) -> Result<Option<Event>, SseError> {
        Ok(self.next_ref()?.map(|event| Event { name: event.name.map(str::to_owned), data: event.data.to_vec() }))
    }

    /// Whether bytes are waiting for the end of their line, or lines for the end of their event.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        self.line < self.buffer.len() || (self.has_data && !self.is_spent)
    }

    /// Like [`Decoder::next`], without copying the event out of the buffer.
    ///
    /// # Errors
    /// As [`Decoder::next`].
    pub fn next_ref(&mut self) -> Result<Option<EventRef<'_>>, SseError> {
        self.clear_spent();
        if !self.pass_start() {
            return Ok(None);
        }
        while let Some(end) = self.line_end() {
            let (start, is_cr) = (self.line, self.buffer.get(end) == Some(&b'\r'));
            self.line = end + 1;
            self.searched = end + 1;
            self.skips_line_feed = is_cr;
            if self.take_line(start, end)? {
                self.is_spent = true;
                return Ok(Some(EventRef { name: self.name.as_deref(), data: &self.data }));
            }
        }
        self.check_size(self.buffer.len() - self.line)?;
        Ok(None)
    }

    /// Ends the stream and gives the event that the missing last line end kept open, if any.
    ///
    /// # Errors
    /// As [`Decoder::next`].
    pub fn finish(&mut self) -> Result<Option<Event>, SseError> {
        self.clear_spent();
        let (start, end) = (self.line, self.buffer.len());
        if start < end {
            self.line = end;
            self.searched = end;
            self.take_line(start, end)?;
        }
        if !self.has_data {
            return Ok(None);
        }
        self.has_data = false;
        Ok(Some(Event { name: self.name.take(), data: std::mem::take(&mut self.data) }))
    }

    /// Whether a comment line (a keep-alive) has arrived since the last call of this function.
    pub const fn take_comment_seen(&mut self) -> bool {
        let seen = self.has_seen_comment;
        self.has_seen_comment = false;
        seen
    }

    fn clear_spent(&mut self) {
        if self.is_spent {
            self.is_spent = false;
            self.has_data = false;
            self.name = None;
            self.data.clear();
        }
    }

    /// Removes the byte order mark; `false` while too few bytes have arrived to tell.
    fn pass_start(&mut self) -> bool {
        if !self.is_start {
            return true;
        }
        let arrived = self.buffer.get(self.line..).unwrap_or_default();
        if arrived.starts_with(BYTE_ORDER_MARK) {
            self.line += BYTE_ORDER_MARK.len();
            self.searched = self.line;
        } else if BYTE_ORDER_MARK.starts_with(arrived) {
            return false;
        }
        self.is_start = false;
        true
    }

    fn line_end(&mut self) -> Option<usize> {
        if self.skips_line_feed {
            let next = *self.buffer.get(self.line)?;
            self.skips_line_feed = false;
            if next == b'\n' {
                self.line += 1;
                self.searched = self.searched.max(self.line);
            }
        }
        let rest = self.buffer.get(self.searched..).unwrap_or_default();
        match memchr2(b'\n', b'\r', rest) {
            Some(at) => Some(self.searched + at),
            None => {
                self.searched = self.buffer.len();
                None
            }
        }
    }

    /// Interprets one line; `true` when it completed an event.
    fn take_line(&mut self, start: usize, end: usize) -> Result<bool, SseError> {
        self.check_size(end - start)?;
        let line = self.buffer.get(start..end).unwrap_or_default();
        let (field, value) = match memchr::memchr(b':', line) {
            Some(0) => {
                self.has_seen_comment = true;
                return Ok(false);
            }
            Some(colon) => {
                let (field, rest) = line.split_at(colon);
                let value = rest.get(1..).unwrap_or_default();
                (field, value.strip_prefix(b" ").unwrap_or(value))
            }
            None if line.is_empty() => {
                let is_event = self.has_data;
                if !is_event {
                    self.name = None;
                }
                return Ok(is_event);
            }
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = Some(String::from_utf8_lossy(value).into_owned()),
            _ => {}
        }
        Ok(false)
    }

    fn check_size(&self, line_bytes: usize) -> Result<(), SseError> {
        if self.data.len().saturating_add(line_bytes) > self.event_bytes_max {
            return Err(SseError::EventTooLarge { limit: self.event_bytes_max });
        }
        Ok(())
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(EVENT_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
