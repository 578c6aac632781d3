//! A client that writes down what it sees: one request per connection, bytes counted as they arrive.

use super::sight::{Board, End};
use super::wish::{Manner, Wish};
use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;

/// Longest life of a request.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest stall of a client that stops reading, when the server is not killed.
const STALL: Duration = Duration::from_millis(1500);
/// Receive buffer of a client that stops reading, in bytes: small, so that the server's side fills up.
const NARROW: u32 = 4096;

/// Sends a request with a small HTTP client of its own connection.
///
/// # Errors
/// When the server cannot be reached or the connection ends before the head of the answer.
pub async fn send(
    address: SocketAddr,
    narrow: bool,
    request: Request<Full<Bytes>>,
    sent: impl FnOnce(),
) -> anyhow::Result<Response<Incoming>> {
    let socket = TcpSocket::new_v4().context("no socket")?;
    if narrow {
        socket.set_recv_buffer_size(NARROW)?;
    }
    let stream = socket.connect(address).await.context(Unreachable)?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.context(Unreachable)?;
    // Its end is seen as the end of the answer.
    tokio::spawn(async move { drop(connection.await) });
    sent();
    Ok(sender.send_request(request).await?)
}

/// The server was not there.
#[derive(Debug, thiserror::Error)]
#[error("the server cannot be reached")]
pub struct Unreachable;

/// Asks for an answer and records at `at` what is seen of it; `gone` resolves when the server has been killed.
pub async fn ask(
    address: SocketAddr,
    key: &str,
    wish: &Wish,
    board: &Board,
    at: usize,
    gone: impl Future<Output = ()>,
) {
    let end = match tokio::time::timeout(PATIENCE, watch(address, key, wish, board, at, gone)).await {
        Ok(end) => end,
        Err(_elapsed) => End::Cut,
    };
    board.end(at, end);
}

async fn watch(
    address: SocketAddr,
    key: &str,
    wish: &Wish,
    board: &Board,
    at: usize,
    gone: impl Future<Output = ()>,
) -> End {
    let Ok(request) = request(key, wish) else { return End::Unsent };
    let narrow = matches!(wish.manner, Manner::Stalls(_));
    let asked = send(address, narrow, request, || board.note(at, |sight| sight.sent = Some(Instant::now())));
    let answer = if wish.manner == Manner::Leaves(0) {
        let leave = Duration::from_millis(u64::try_from(wish.tag.len() * 3).unwrap_or(30));
        match tokio::time::timeout(leave, asked).await {
            Ok(answer) => answer,
            Err(_elapsed) => return End::Left,
        }
    } else {
        asked.await
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.is::<Unreachable>() => return End::Unsent,
        Err(_cut) => return End::Cut,
    };
    let status = answer.status().as_u16();
    let id = answer.headers().get("x-generation-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    board.note(at, |sight| (sight.status, sight.id) = (Some(status), id));
    read(answer, status, wish, board, at, gone).await
}

fn request(key: &str, wish: &Wish) -> anyhow::Result<Request<Full<Bytes>>> {
    Ok(Request::builder()
        .method(Method::POST)
        .uri("/api/v1/chat/completions")
        .header("host", "chaos")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(wish.body())))?)
}

async fn read(
    answer: Response<Incoming>,
    status: u16,
    wish: &Wish,
    board: &Board,
    at: usize,
    gone: impl Future<Output = ()>,
) -> End {
    let mut body = answer.into_body();
    let mut reading = Reading { is_stream: wish.stream && status == 200, ..Reading::default() };
    let mut gone = std::pin::pin!(gone);
    let mut has_stalled = false;
    loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    reading.take(&data, board, at);
                }
            }
            Some(Err(_cut)) => return reading.end.unwrap_or(End::Cut),
            None => return reading.finish(status, board, at),
        }
        if let Some(end) = reading.end {
            return end;
        }
        match wish.manner {
            Manner::Leaves(bytes) if reading.bytes >= bytes => return End::Left,
            Manner::Stalls(bytes) if reading.bytes >= bytes && !has_stalled => {
                has_stalled = true;
                board.note(at, |sight| sight.stalled = Some(Instant::now()));
                // Past this time the stall has shown nothing and the client reads on.
                let _over = tokio::time::timeout(STALL, &mut gone).await;
                board.note(at, |sight| sight.stalled = None);
            }
            _ => {}
        }
    }
}

/// An answer while it is read.
#[derive(Default)]
struct Reading {
    is_stream: bool,
    bytes: usize,
    buffer: Vec<u8>,
    end: Option<End>,
}

impl Reading {
    fn take(&mut self, data: &[u8], board: &Board, at: usize) {
        self.bytes += data.len();
        self.buffer.extend_from_slice(data);
        if !self.is_stream {
            return;
        }
        let mut done = 0;
        while let Some(length) =
            self.buffer.get(done..).and_then(|rest| rest.windows(2).position(|pair| pair == b"\n\n"))
        {
            let event = self.buffer.get(done..done + length).unwrap_or_default();
            let end = take_event(event, board, at);
            done += length + 2;
            if end.is_some() {
                self.end = end;
                break;
            }
        }
        self.buffer.drain(..done);
    }

    /// The body ended in order.
    fn finish(self, status: u16, board: &Board, at: usize) -> End {
        if status != 200 {
            return End::Refused;
        }
        if self.is_stream {
            return End::Cut;
        }
        let Ok(whole) = serde_json::from_slice::<Chunk<'_>>(&self.buffer) else { return End::Cut };
        board.text(at, whole.text_bytes());
        note_cost(&whole, board, at);
        End::Complete
    }
}

/// The parts of an answer, or of one event of it, that are looked at.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow)]
    usage: Option<Usage<'a>>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, alias = "message")]
    delta: Option<Delta<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Usage<'a> {
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

impl Chunk<'_> {
    fn text_bytes(&self) -> u64 {
        let texts = self.choices.iter().filter_map(|choice| choice.delta.as_ref()?.content.as_ref());
        texts.map(|text| u64::try_from(text.len()).unwrap_or(0)).sum()
    }
}

fn take_event(event: &[u8], board: &Board, at: usize) -> Option<End> {
    let data = event.strip_prefix(b"data: ")?;
    if data == b"[DONE]" {
        return Some(End::Complete);
    }
    let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
    if chunk.error.is_some() {
        return Some(End::Failed);
    }
    let bytes = chunk.text_bytes();
    if bytes > 0 {
        board.text(at, bytes);
    }
    note_cost(&chunk, board, at);
    None
}

fn note_cost(chunk: &Chunk<'_>, board: &Board, at: usize) {
    let cost = chunk.usage.as_ref().and_then(|usage| usage.cost).and_then(|cost| nanos(cost.get()));
    if cost.is_some() {
        board.note(at, |sight| sight.cost = cost);
    }
}

/// Nano-dollars of a decimal number's text, without any float; none for more than nine decimals.
pub fn nanos(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain =
        !whole.is_empty() && fraction.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let whole: i64 = whole.parse().ok().filter(|_| is_plain)?;
    let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(sign * whole.checked_mul(1_000_000_000)?.checked_add(fraction)?)
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn decimals_are_read_to_the_last_nano_dollar() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.000000001", Some(1)),
            ("12.5", Some(12_500_000_000)),
            ("-3.25", Some(-3_250_000_000)),
            ("0.0000000001", None),
            ("1e-5", None),
            ("", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }
}
