//! The load tool: connections that each ask, read to the end, and ask again.

use super::figures;
use super::scenario::Request;
use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Bytes at the end of a stream that are looked at.
const TAIL_BYTES: usize = 32;

/// Whom to ask.
#[derive(Debug, Clone)]
pub struct Target {
    /// Address and port.
    pub address: SocketAddr,
    /// The key, where one is needed.
    pub key: Option<String>,
}

/// What a load run gave: for each answer, the wait for its first chunk (streams) or its end (plain answers).
#[derive(Debug, Default)]
pub struct Outcome {
    waits: Vec<Duration>,
}

impl Outcome {
    /// Answers received.
    pub fn requests(&self) -> u64 {
        u64::try_from(self.waits.len()).unwrap_or(u64::MAX)
    }

    /// A percentile of the waits, in microseconds.
    pub fn percentile_us(&self, percent: usize) -> f64 {
        let micros: Vec<f64> = self.waits.iter().map(|wait| figures::micros(*wait)).collect();
        figures::percentile(micros, percent)
    }
}

/// Asks `target` over so many connections until `time` has passed; answers under way are read to their end.
///
/// # Errors
/// Any answer that is not a whole 200.
pub async fn drive(target: &Target, request: Request, workers: usize, time: Duration) -> anyhow::Result<Outcome> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(work(target.clone(), request.clone(), until));
    }
    let mut outcome = Outcome::default();
    while let Some(waits) = tasks.join_next().await {
        outcome.waits.extend(waits.context("a worker broke")??);
    }
    Ok(outcome)
}

async fn work(target: Target, request: Request, until: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut sender = connect(target.address).await?;
    let mut waits = Vec::new();
    loop {
        let started = Instant::now();
        let mut body = ask(&mut sender, &target, &request).await?;
        let first = read_first(&mut body).await?;
        let at_first = started.elapsed();
        let tail = read_rest(body, first).await?;
        ensure!(!request.is_stream || tail.ends_with(b"[DONE]\n\n"), "a stream ended without its end mark");
        waits.push(if request.is_stream { at_first } else { started.elapsed() });
        if Instant::now() >= until {
            return Ok(waits);
        }
    }
}

/// A connection of its own.
///
/// # Errors
/// When it cannot be made.
pub async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Its end shows as an error of the request that waits on it.
    tokio::spawn(connection);
    Ok(sender)
}

/// Sends a request and returns the body of its answer, which must be a 200.
///
/// # Errors
/// Any other status, with the beginning of its body.
pub async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    target: &Target,
    request: &Request,
) -> anyhow::Result<Incoming> {
    let mut head = http::Request::post("/v1/chat/completions")
        .header(HOST, target.address.to_string())
        .header(CONTENT_TYPE, "application/json");
    if let Some(key) = &target.key {
        head = head.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    sender.ready().await?;
    let response = sender.send_request(head.body(Full::new(request.body.clone()))?).await?;
    let status = response.status();
    if status != 200 {
        let text = response.into_body().collect().await?.to_bytes();
        bail!("answered {status}: {}", String::from_utf8_lossy(text.get(..500).unwrap_or(&text)));
    }
    Ok(response.into_body())
}

/// The first bytes of a body that are more than a comment.
///
/// # Errors
/// A body that ends before.
pub async fn read_first(body: &mut Incoming) -> anyhow::Result<Bytes> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && !data.is_empty()
            && !data.starts_with(b":")
        {
            return Ok(data);
        }
    }
    bail!("an empty answer")
}

async fn read_rest(mut body: Incoming, first: Bytes) -> anyhow::Result<Vec<u8>> {
    let mut tail = Vec::with_capacity(2 * TAIL_BYTES);
    keep_tail(&mut tail, &first);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            keep_tail(&mut tail, &data);
        }
    }
    Ok(tail)
}

fn keep_tail(tail: &mut Vec<u8>, data: &[u8]) {
    tail.extend_from_slice(data.get(data.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default());
    tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
}

#[cfg(test)]
mod tests {
    use super::keep_tail;

    #[test]
    fn the_tail_survives_any_cut() {
        let whole = b"data: {\"a\": 1}\n\ndata: {\"bbbbbbbbbbbbbbbbbbbbbbbb\": 2}\n\ndata: [DONE]\n\n";
        for cut in 0..whole.len() {
            let mut tail = Vec::new();
            keep_tail(&mut tail, &whole[..cut]);
            keep_tail(&mut tail, &whole[cut..]);
            assert!(tail.ends_with(b"[DONE]\n\n") && tail.len() <= super::TAIL_BYTES, "cut at {cut}");
        }
    }
}
