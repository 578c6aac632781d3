//! A connection whose every byte the test decides.

use crate::PATIENCE;
use crate::answer::{Answer, Ended};
use crate::ask::Ask;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection; dropping it closes it in order.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    raw: Vec<u8>,
    started: Instant,
    ended: Option<Ended>,
}

impl Wire {
    /// Connects, and sends `bytes` as they are.
    ///
    /// # Panics
    /// When there is no connection.
    pub async fn open(address: SocketAddr, bytes: &[u8]) -> Self {
        let stream = TcpStream::connect(address).await.expect("connection");
        stream.set_nodelay(true).expect("nodelay");
        let mut wire = Self { stream, raw: Vec::new(), started: Instant::now(), ended: None };
        wire.write(bytes).await;
        wire
    }

    /// Sends more bytes; a peer that has already closed is no failure of the test.
    pub async fn write(&mut self, bytes: &[u8]) {
        if self.stream.write_all(bytes).await.is_err() {
            self.ended.get_or_insert(Ended::Closed);
        }
    }

    /// Closes the sending half only.
    pub async fn half_close(&mut self) {
        let _already_closed = self.stream.shutdown().await;
    }

    /// Closes with a reset instead of in order.
    ///
    /// # Panics
    /// When the socket refuses.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("linger");
    }

    /// What came so far.
    #[must_use]
    pub fn so_far(&self) -> Answer {
        Answer::parse(&self.raw, self.ended.unwrap_or(Ended::Silent), self.started.elapsed())
    }

    /// Reads until `is_enough` or the end of the connection.
    pub async fn read_until(&mut self, patience: Duration, is_enough: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let answer = self.so_far();
            if is_enough(&answer) || !self.read(deadline).await {
                return self.so_far();
            }
        }
    }

    /// Reads to the end of the connection.
    pub async fn rest(mut self, patience: Duration) -> Answer {
        let deadline = tokio::time::Instant::now() + patience;
        while self.read(deadline).await {}
        self.so_far()
    }

    /// Reads to the end of the connection; also the moments at which something came.
    pub async fn moments(mut self, patience: Duration) -> (Answer, Vec<Instant>) {
        let deadline = tokio::time::Instant::now() + patience;
        let mut moments = Vec::new();
        while self.read(deadline).await {
            moments.push(Instant::now());
        }
        (self.so_far(), moments)
    }

    async fn read(&mut self, deadline: tokio::time::Instant) -> bool {
        if self.ended == Some(Ended::Reset) {
            return false;
        }
        let end = match tokio::time::timeout_at(deadline, self.stream.read_buf(&mut self.raw)).await {
            Err(_elapsed) => Ended::Silent,
            Ok(Ok(0)) => Ended::Closed,
            Ok(Ok(_)) => return true,
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => Ended::Reset,
            Ok(Err(_)) => Ended::Closed,
        };
        self.ended = Some(end);
        false
    }
}

/// Sends bytes and reads to the end.
pub async fn exchange(address: SocketAddr, bytes: &[u8], patience: Duration) -> Answer {
    Wire::open(address, bytes).await.rest(patience).await
}

/// Sends a request and reads its answer.
pub async fn send(address: SocketAddr, ask: &Ask) -> Answer {
    exchange(address, &ask.bytes(), PATIENCE).await
}
