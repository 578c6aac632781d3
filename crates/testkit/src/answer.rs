//! An answer as far as it came, and how its connection ended.

use serde_json::Value;
use std::time::Duration;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With a whole answer.
    Complete,
    /// With an end of file before the answer was whole.
    Closed,
    /// With a reset.
    Reset,
    /// Not at all within the patience.
    Silent,
}

/// An answer as far as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status; 0 when no head came.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// Body without transfer coding.
    pub body: Vec<u8>,
    /// How the connection ended.
    pub ended: Ended,
    /// From sending to the end.
    pub elapsed: Duration,
}

impl Answer {
    /// Reads what came over the wire.
    #[must_use]
    pub fn parse(raw: &[u8], ended: Ended, elapsed: Duration) -> Self {
        let (mut head, mut rest) = split(raw);
        while head.starts_with("HTTP/1.1 1") {
            (head, rest) = split(rest);
        }
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut answer = Self { status, head, body: rest.to_vec(), ended, elapsed };
        let is_whole = if answer.header("transfer-encoding").as_deref() == Some("chunked") {
            let (body, is_whole) = unchunk(rest);
            answer.body = body;
            is_whole
        } else if let Some(length) = answer.header("content-length") {
            length.parse() == Ok(rest.len())
        } else {
            status != 0
        };
        if is_whole && matches!(ended, Ended::Closed | Ended::Reset) {
            answer.ended = Ended::Complete;
        }
        answer
    }

    /// Whether all of the body is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.ended == Ended::Complete
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// `error.metadata.error_type`, or an empty text.
    #[must_use]
    pub fn error_type(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body.pointer("/error/metadata/error_type").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The `data:` of every event of a stream.
    #[must_use]
    pub fn data(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|line| line.trim_start().to_owned()).collect()
    }

    /// The comment lines of a stream.
    #[must_use]
    pub fn comments(&self) -> Vec<String> {
        self.text().lines().filter(|line| line.starts_with(':')).map(str::to_owned).collect()
    }

    /// The events of a stream that are JSON.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.data().iter().filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// The text of the answer, plain or streamed.
    #[must_use]
    pub fn content(&self) -> String {
        if let Ok(body) = serde_json::from_slice::<Value>(&self.body) {
            let at = body.pointer("/choices/0/message/content");
            return at.and_then(Value::as_str).unwrap_or_default().to_owned();
        }
        let events = self.events();
        events.iter().filter_map(|event| event.pointer("/choices/0/delta/content")?.as_str()).collect()
    }

    /// The last usage object, plain or streamed.
    #[must_use]
    pub fn usage(&self) -> Option<Value> {
        if let Ok(body) = serde_json::from_slice::<Value>(&self.body) {
            return body.get("usage").cloned();
        }
        self.events().iter().rev().find_map(|event| event.get("usage").filter(|usage| !usage.is_null()).cloned())
    }

    /// The in-band error of a stream.
    #[must_use]
    pub fn stream_error(&self) -> Option<Value> {
        self.events().iter().find_map(|event| event.get("error").cloned())
    }

    /// Whether the stream said that it is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.data().iter().any(|data| data == "[DONE]")
    }

    /// The generation's id: of the body, the stream or the header.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        let of = |value: &Value| value.get("id").and_then(Value::as_str).map(str::to_owned);
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let found = body.as_ref().and_then(of).or_else(|| self.events().iter().find_map(of));
        found.or_else(|| self.header("x-generation-id"))
    }
}

fn split(raw: &[u8]) -> (String, &[u8]) {
    match raw.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => (String::from_utf8_lossy(&raw[..at]).into_owned(), &raw[at + 4..]),
        None => (String::new(), raw),
    }
}

/// Takes the chunks apart; whether the last one was there.
fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..at]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let Some(size) = size else { return (body, false) };
        let data = &rest[at + 2..];
        if size == 0 {
            return (body, data.starts_with(b"\r\n"));
        }
        body.extend_from_slice(&data[..data.len().min(size)]);
        if data.len() < size + 2 {
            return (body, false);
        }
        rest = &data[size + 2..];
    }
    (body, false)
}
