//! A client that sees bytes: one request per connection, and how that connection ended.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Options, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a connection may be silent when it should not be.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long a silent connection is listened to when silence is what is expected.
const SILENCE: Duration = Duration::from_millis(300);

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With a whole response.
    Complete,
    /// With an end of file too early.
    Closed,
    /// With a reset.
    Reset,
    /// Not at all: silence.
    Stalled,
}

impl Ended {
    /// How long to listen when this end is expected.
    pub fn patience(self) -> Duration {
        if self == Self::Stalled { SILENCE } else { PATIENCE }
    }
}

/// A response as far as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// Writes of a chunked body.
    pub chunks: Vec<Vec<u8>>,
    pub ended: Ended,
    pub raw: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Value of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The `data:` of each event, line ends forgiven.
    pub fn data(&self) -> Vec<String> {
        let text = self.text().replace("\r\n", "\n").replace('\r', "\n");
        text.trim_start_matches('\u{feff}')
            .split("\n\n")
            .map(|event| {
                let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
                lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
            })
            .filter(|data| !data.is_empty())
            .collect()
    }

    /// The events that are JSON.
    pub fn events(&self) -> Vec<Value> {
        self.data().iter().filter_map(|data| serde_json::from_str(data).ok()).collect()
    }
}

pub async fn start() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

/// One request; silence for longer than `patience` counts as a stall.
pub async fn send(at: SocketAddr, request: &str, headers: &[(&str, &str)], body: &str, patience: Duration) -> Reply {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut raw = Vec::new();
    let ended = loop {
        match tokio::time::timeout(patience, stream.read_buf(&mut raw)).await {
            Err(_) => break Ended::Stalled,
            Ok(Ok(0)) => break Ended::Closed,
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => break Ended::Reset,
            Ok(Err(error)) => panic!("{error}"),
        }
    };
    parse(&raw, ended)
}

fn parse(raw: &[u8], ended: Ended) -> Reply {
    let (mut head, mut rest) = split(raw);
    while head.starts_with("HTTP/1.1 1") {
        (head, rest) = split(rest);
    }
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let mut reply = Reply { status, head, body: rest.to_vec(), chunks: Vec::new(), ended, raw: raw.to_vec() };
    let mut complete = false;
    if reply.header("transfer-encoding").as_deref() == Some("chunked") {
        (reply.chunks, complete) = chunks(rest);
        reply.body = reply.chunks.concat();
    } else if let Some(length) = reply.header("content-length") {
        complete = rest.len() == length.parse::<usize>().unwrap();
    }
    if complete && ended == Ended::Closed {
        reply.ended = Ended::Complete;
    }
    reply
}

fn split(raw: &[u8]) -> (String, &[u8]) {
    match raw.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => (String::from_utf8_lossy(&raw[..at]).into_owned(), &raw[at + 4..]),
        None => (String::new(), raw),
    }
}

fn chunks(mut rest: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut chunks = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
        let data = &rest[at + 2..];
        if size == 0 {
            return (chunks, true);
        }
        if data.len() < size + 2 {
            chunks.push(data[..data.len().min(size)].to_vec());
            break;
        }
        chunks.push(data[..size].to_vec());
        rest = &data[size + 2..];
    }
    (chunks, false)
}

/// The three families as tests need them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    OpenAi,
    Anthropic,
    Gemini,
}

pub const KINDS: [Kind; 3] = [Kind::OpenAi, Kind::Anthropic, Kind::Gemini];

impl Kind {
    /// Asks `text` of `model`, patiently.
    pub async fn ask(self, at: SocketAddr, model: &str, text: &str, stream: bool) -> Reply {
        self.ask_for(at, model, text, stream, PATIENCE).await
    }

    pub async fn ask_for(self, at: SocketAddr, model: &str, text: &str, stream: bool, patience: Duration) -> Reply {
        let (request, body) = self.request(model, text, stream);
        send(at, &request, &[("anthropic-version", "2023-06-01")], &body.to_string(), patience).await
    }

    pub fn request(self, model: &str, text: &str, stream: bool) -> (String, Value) {
        let messages = json!([{"role": "user", "content": text}]);
        match self {
            Self::OpenAi => {
                let mut body = json!({"model": model, "messages": messages});
                if stream {
                    body["stream"] = json!(true);
                    body["stream_options"] = json!({"include_usage": true});
                }
                ("POST /v1/chat/completions".to_owned(), body)
            }
            Self::Anthropic => (
                "POST /v1/messages".to_owned(),
                json!({"model": model, "max_tokens": 100_000, "messages": messages, "stream": stream}),
            ),
            Self::Gemini => {
                let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                (
                    format!("POST /v1beta/models/{model}:{verb}"),
                    json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
                )
            }
        }
    }

    /// The text of a plain answer.
    pub fn plain_text(self, answer: &Value) -> String {
        let at = match self {
            Self::OpenAi => "/choices/0/message/content",
            Self::Anthropic => "/content/0/text",
            Self::Gemini => "/candidates/0/content/parts/0/text",
        };
        answer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The text of a stream.
    pub fn stream_text(self, reply: &Reply) -> String {
        let at = match self {
            Self::OpenAi => "/choices/0/delta/content",
            Self::Anthropic => "/delta/text",
            Self::Gemini => "/candidates/0/content/parts/0/text",
        };
        let events = reply.events();
        events.iter().filter_map(|event| event.pointer(at)?.as_str()).collect()
    }

    /// The finish reasons of a stream.
    pub fn finishes(self, reply: &Reply) -> Vec<String> {
        let at = match self {
            Self::OpenAi => "/choices/0/finish_reason",
            Self::Anthropic => "/delta/stop_reason",
            Self::Gemini => "/candidates/0/finishReason",
        };
        let events = reply.events();
        events.iter().filter_map(|event| Some(event.pointer(at)?.as_str()?.to_owned())).collect()
    }

    /// The usage of a plain answer.
    pub fn usage(self, answer: &Value) -> Option<Value> {
        answer.get(if self == Self::Gemini { "usageMetadata" } else { "usage" }).cloned()
    }

    /// The kind of an error body.
    pub fn error_kind(self, answer: &Value) -> String {
        let at = if self == Self::Gemini { "/error/status" } else { "/error/type" };
        answer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}
