//! From events to bytes: server-sent events with every liberty a provider takes, or one JSON array.

use bytes::Bytes;
use serde_json::Value;

use crate::event::Event;
use crate::scenario::{Framing, LineEnd};

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Server-sent events with these line ends unless the scenario has others.
    Events(LineEnd),
    /// A JSON array, one entry per event (Gemini without `alt=sse`).
    Array,
}

/// Renders the events of one stream in order.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    style: Style,
    framing: &'a Framing,
    written: u32,
    contents: u64,
}

impl<'a> Renderer<'a> {
    /// A renderer for one stream.
    pub(crate) fn new(style: Style, framing: &'a Framing) -> Self {
        Self { style, framing, written: 0, contents: 0 }
    }

    /// Events rendered so far.
    pub(crate) fn written(&self) -> u32 {
        self.written
    }

    /// The bytes of the next event.
    pub(crate) fn event(&mut self, event: &Event) -> Bytes {
        self.written += 1;
        self.contents += u64::from(event.is_content());
        let mut bytes = match self.style {
            Style::Array => self.entry(event),
            Style::Events(usual) => self.lines(event, self.framing.line_end.unwrap_or(usual)).into_bytes(),
        };
        if event.is_content() && self.framing.invalid_utf8_at == Some(self.contents) {
            bytes = with_invalid_utf8(bytes, event.piece.as_deref().unwrap_or_default());
        }
        if self.written == 1 && self.framing.bom {
            bytes.splice(0..0, *b"\xEF\xBB\xBF");
        }
        bytes.into()
    }

    /// A comment that keeps the connection alive, if the style has such a thing.
    pub(crate) fn comment(&self) -> Option<Bytes> {
        match self.style {
            Style::Array => None,
            Style::Events(usual) => {
                let end = text(self.framing.line_end.unwrap_or(usual));
                Some(format!(": keep-alive{end}{end}").into())
            }
        }
    }

    /// What closes the stream after its last event.
    pub(crate) fn end(&self) -> Option<Bytes> {
        (self.style == Style::Array).then(|| Bytes::from_static(if self.written == 0 { b"[]" } else { b"\r\n]" }))
    }

    fn entry(&self, event: &Event) -> Vec<u8> {
        let start = if self.written == 1 { "[" } else { "\r\n," };
        format!("{start}{}", event.data).into_bytes()
    }

    fn lines(&self, event: &Event, end: LineEnd) -> String {
        let end = text(end);
        let space = if self.framing.tight { "" } else { " " };
        let mut lines = String::new();
        let every = self.framing.comment_every;
        if every > 0 && self.written.is_multiple_of(every) {
            lines.push_str(&format!(": a comment{end}"));
        }
        if self.framing.nul {
            lines.push_str(&format!(":\0{end}"));
        }
        if let Some(name) = event.name {
            lines.push_str(&format!("event:{space}{name}{end}"));
        }
        if self.framing.extra_lines {
            lines.push_str(&format!("id:{space}{}{end}retry:{space}3000{end}", self.written));
        }
        for line in self.data(event).lines() {
            lines.push_str(&format!("data:{space}{line}{end}"));
        }
        lines.push_str(end);
        lines
    }

    /// The data, spread over several lines where JSON allows a break.
    fn data(&self, event: &Event) -> String {
        if !self.framing.multi_line {
            return event.data.clone();
        }
        let value: Result<Value, _> = serde_json::from_str(&event.data);
        value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| event.data.clone())
    }
}

/// Puts two bytes that are never UTF-8 at the end of the JSON string that holds `piece`.
pub(crate) fn with_invalid_utf8(mut bytes: Vec<u8>, piece: &str) -> Vec<u8> {
    let quoted = Value::from(piece).to_string();
    if let Some(at) = memchr::memmem::rfind(&bytes, quoted.as_bytes()) {
        let end = at + quoted.len() - 1;
        bytes.splice(end..end, *b"\xFF\xFE");
    }
    bytes
}

fn text(end: LineEnd) -> &'static str {
    match end {
        LineEnd::Lf => "\n",
        LineEnd::Crlf => "\r\n",
        LineEnd::Cr => "\r",
    }
}
