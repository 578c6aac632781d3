//! Server-sent events, byte by byte.
//!
//! [`Decoder`] turns whatever pieces the network delivers into whole events. It promises that the events do not depend
//! on where the pieces were cut, and that it never holds more than one event of the allowed size twice: an event on one
//! line is shown where it arrived, a long line is kept in segments until its end has come, and the memory of a large event
//! is given back as soon as the event has been read. It knows CR, LF and CRLF line ends, a byte order mark, comments, data
//! over several lines, a missing space after the colon and a missing last line end. It does not look into the data.
//!
//! Source: HTML Living Standard, section "Server-sent events" (read 2026-11-21). One deliberate deviation: an event
//! that the end of the stream leaves open is delivered, because several providers forget the last blank line.

use memchr::memchr2;
use std::ops::Range;

/// The largest event that is accepted by default, in bytes.
pub const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A line that is longer is kept in segments of at least this size, and no buffer that is much larger outlives its event.
const SEGMENT_BYTES: usize = 64 * 1024;

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
    /// The beginning of the line that is being read, when it is long; the buffer goes on with it.
    segments: Vec<Vec<u8>>,
    segments_bytes: usize,
    /// Bytes that have arrived; those before `line` are spent, unless `data` lies in them.
    buffer: Vec<u8>,
    /// Where the line that is being read begins.
    line: usize,
    /// Up to where the buffer has been searched for a line end.
    searched: usize,
    is_start: bool,
    /// The last line ended with CR, so a LF that follows belongs to it.
    skips_line_feed: bool,
    name: Option<String>,
    data: Data,
    /// `name` and `data` were handed out and are cleared before the next line.
    is_spent: bool,
    has_seen_comment: bool,
}

/// The data of the event that is being read.
#[derive(Debug, Clone)]
enum Data {
    /// There was no data line yet.
    Missing,
    /// One line, still in the buffer.
    Line(Range<usize>),
    /// Several lines, or one that had to make room in the buffer.
    Own(Vec<u8>),
}

impl Data {
    const fn len(&self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Line(place) => place.end - place.start,
            Self::Own(data) => data.len(),
        }
    }

    const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    fn bytes<'b>(&'b self, buffer: &'b [u8]) -> &'b [u8] {
        match self {
            Self::Missing => &[],
            Self::Line(place) => buffer.get(place.clone()).unwrap_or_default(),
            Self::Own(data) => data,
        }
    }

    /// Adds the line at a place of the buffer.
    fn add(&mut self, place: Range<usize>, buffer: &[u8]) {
        if self.is_missing() {
            *self = Self::Line(place);
            return;
        }
        let value = buffer.get(place).unwrap_or_default();
        let mut data = match std::mem::replace(self, Self::Missing) {
            Self::Own(data) => data,
            first => first.bytes(buffer).to_vec(),
        };
        // Doubling what is large already would hold it three times.
        if data.len() > SEGMENT_BYTES && data.capacity() - data.len() <= value.len() {
            data.reserve_exact((value.len() + 1).max(data.len() / 8));
        }
        data.push(b'\n');
        data.extend_from_slice(value);
        *self = Self::Own(data);
    }
}

impl Decoder {
    /// Makes a decoder that refuses events of more than `event_bytes_max` bytes.
    #[must_use]
    pub const fn new(event_bytes_max: usize) -> Self {
        Self {
            event_bytes_max,
            segments: Vec::new(),
            segments_bytes: 0,
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            is_start: true,
            skips_line_feed: false,
            name: None,
            data: Data::Missing,
            is_spent: false,
            has_seen_comment: false,
        }
    }

    /// Takes the next piece of the stream; call [`Decoder::next`] until it gives `None` before the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        self.clear_spent();
        self.make_room();
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
    pub const fn has_rest(&self) -> bool {
        self.segments_bytes > 0 || self.line < self.buffer.len() || (!self.data.is_missing() && !self.is_spent)
    }

    /// Like [`Decoder::next`], without copying the event out of the buffer. The memory of a large event is given back with
    /// the next call.
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
                let data = self.data.bytes(&self.buffer);
                return Ok(Some(EventRef { name: self.name.as_deref(), data }));
            }
        }
        self.check_size((self.buffer.len() - self.line).saturating_add(self.segments_bytes))?;
        Ok(None)
    }

    /// Ends the stream and gives the event that the missing last line end kept open, if any.
    ///
    /// # Errors
    /// As [`Decoder::next`].
    pub fn finish(&mut self) -> Result<Option<Event>, SseError> {
        self.clear_spent();
        self.join_segments();
        let (start, end) = (self.line, self.buffer.len());
        if start < end {
            self.line = end;
            self.searched = end;
            self.take_line(start, end)?;
        }
        self.detach_line();
        match std::mem::replace(&mut self.data, Data::Missing) {
            Data::Own(data) => Ok(Some(Event { name: self.name.take(), data })),
            Data::Missing | Data::Line(_) => Ok(None),
        }
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
            self.name = None;
            self.data = Data::Missing;
            let capacity = self.buffer.capacity();
            if capacity > 2 * SEGMENT_BYTES && self.buffer.len() - self.line < capacity / 2 {
                self.buffer = self.buffer.get(self.line..).unwrap_or_default().to_vec();
                self.searched -= self.line;
                self.line = 0;
            }
        }
    }

    /// Drops what is spent, and sets a long line aside: a buffer that grows by doubling would hold it three times.
    fn make_room(&mut self) {
        if self.buffer.len() - self.line + self.data.len() >= SEGMENT_BYTES {
            self.detach_line();
        }
        let spent = if let Data::Line(place) = &self.data { place.start } else { self.line };
        if spent > 0 {
            self.buffer.drain(..spent);
            self.searched -= spent;
            self.line -= spent;
            if let Data::Line(place) = &mut self.data {
                *place = place.start - spent..place.end - spent;
            }
        }
        let is_one_line = self.line == 0 && self.searched == self.buffer.len();
        if is_one_line && self.buffer.len() >= SEGMENT_BYTES {
            let mut segment = std::mem::take(&mut self.buffer);
            segment.shrink_to_fit();
            self.segments_bytes += segment.len();
            self.segments.push(segment);
            self.searched = 0;
        }
    }

    /// Makes the open line whole again.
    fn join_segments(&mut self) {
        if self.segments.is_empty() {
            return;
        }
        let mut whole = Vec::with_capacity(self.segments_bytes + self.buffer.len());
        for segment in std::mem::take(&mut self.segments) {
            whole.extend_from_slice(&segment);
        }
        whole.extend_from_slice(&self.buffer);
        self.buffer = whole;
        self.searched += self.segments_bytes;
        self.segments_bytes = 0;
    }

    /// Takes the data line out of the buffer, without a copy of it: what follows in the buffer is the shorter part.
    fn detach_line(&mut self) {
        let Data::Line(place) = &self.data else { return };
        let place = place.clone();
        let rest = self.buffer.get(self.line..).unwrap_or_default().to_vec();
        let mut data = std::mem::replace(&mut self.buffer, rest);
        self.searched -= self.line;
        self.line = 0;
        data.truncate(place.end);
        data.drain(..place.start);
        self.data = Data::Own(data);
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
            Some(at) => {
                let end = self.searched + at;
                let before = self.segments_bytes;
                self.join_segments();
                Some(end + before)
            }
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
                let is_event = !self.data.is_missing();
                if !is_event {
                    self.name = None;
                }
                return Ok(is_event);
            }
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                let place = end - value.len()..end;
                self.data.add(place, &self.buffer);
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
