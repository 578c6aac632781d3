//! Connections that are cut between a COMMIT and its acknowledgement, on a real PostgreSQL behind a proxy.

use super::engine::{Database, postgres_or_skip};
use super::fixture::{NODE, account, account_id, key_id, noon, settlement};
use crate::durable::{Engine, Store, StoreOptions, Stretch};
use domain::money::Amount;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A TCP proxy that, when armed, lets the next COMMIT reach the server and swallows the answer.
struct Proxy {
    armed: AtomicBool,
    cuts: AtomicU32,
    server: String,
}

impl Proxy {
    async fn start(server: String) -> (Arc<Self>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let port = listener.local_addr().expect("address").port();
        let proxy = Arc::new(Self { armed: AtomicBool::new(false), cuts: AtomicU32::new(0), server });
        let accepting = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = Arc::clone(&accepting);
                tokio::spawn(async move { proxy.carry(client).await });
            }
        });
        (proxy, port)
    }

    async fn carry(&self, mut client: TcpStream) {
        let mut server = TcpStream::connect(&self.server).await.expect("server answers");
        let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let Ok(count @ 1..) = read else { return };
                    let is_commit = up[..count].windows(7).any(|bytes| bytes == b"COMMIT\0");
                    if server.write_all(&up[..count]).await.is_err() {
                        return;
                    }
                    if is_commit && self.armed.swap(false, Ordering::SeqCst) {
                        // The answer proves that the commit happened; the client never sees it.
                        assert!(server.read(&mut down).await.is_ok_and(|count| count > 0));
                        self.cuts.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                }
                read = server.read(&mut down) => {
                    let Ok(count @ 1..) = read else { return };
                    if client.write_all(&down[..count]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// How often the connection is cut; `PORTOLAN_TEST_CUTS` asks for more.
fn cuts() -> u32 {
    std::env::var("PORTOLAN_TEST_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

#[tokio::test]
async fn a_commit_without_acknowledgement_counts_once() {
    let Some(url) = postgres_or_skip("lost acknowledgements on PostgreSQL") else {
        return;
    };
    let database = Database::fresh(Engine::Postgres).await;
    let store = database.open().await;
    account(&store, 1, Amount::from_dollars(100)).await;
    let boot = store.node_boot(NODE, noon()).await.expect("boot");

    let address = url.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("host and port");
    let (proxy, port) = Proxy::start(address.to_owned()).await;
    let direct = database.options().url.expect("url");
    let through = StoreOptions {
        connections: 1,
        ..StoreOptions::postgres(direct.replace(address, &format!("127.0.0.1:{port}")))
    };
    let proxied = Store::open(&through).await.expect("opens");

    let mut charged = Amount::ZERO;
    for round in 0..u64::from(cuts()) {
        let batch = [(round + 1, Arc::new(settlement(round, account_id(1), key_id(1), noon())))];
        charged = charged.saturating_add(batch[0].1.charge);
        proxy.armed.store(true, Ordering::SeqCst);
        let outcome =
            proxied.settle_batch(NODE, boot, &batch, Stretch { after: round, up_to: round + 1 }, noon()).await;
        assert!(outcome.expect_err("the answer is lost").is_retryable(), "round {round}");
        // What the drain does: send the batch again.
        assert_eq!(proxied.drained_position(NODE).await.expect("position"), round + 1);
        let again = proxied
            .settle_batch(NODE, boot, &batch, Stretch { after: round, up_to: round + 1 }, noon())
            .await
            .expect("batch");
        assert_eq!((again.posted, again.duplicates), (0, 1), "round {round}");
    }
    assert_eq!(proxy.cuts.load(Ordering::SeqCst), cuts());
    assert_eq!(store.credits(account_id(1)).await.expect("read"), Some((Amount::from_dollars(100), charged)));
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
    proxied.close().await;
    store.close().await;
    database.remove().await;
}
