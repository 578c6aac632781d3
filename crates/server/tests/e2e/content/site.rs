//! A host that hands out files and counts who asks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers `GET /name` with its file, and `/hangs` never.
pub struct Site {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Site {
    /// Starts a host with these files: name, media type, bytes.
    pub async fn start(files: &[(&str, &str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(name, kind, bytes)| {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", bytes.len());
                ((*name).to_owned(), [head.as_bytes(), bytes].concat())
            })
            .collect();
        let (asked, files) = (Arc::clone(&site.asked), Arc::new(files));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let files = Arc::clone(&files);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        head.push(byte);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let name = head.split(' ').nth(1).unwrap_or_default();
                    if name == "/hangs" {
                        std::future::pending::<()>().await;
                    }
                    let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
                    let _gone = stream.write_all(files.get(name).unwrap_or(&missing)).await;
                });
            }
        });
        site
    }

    /// Connections so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
