//! U5: a name service that says no, hangs or changes its mind.

use super::{LookingUp, Lookup, Names};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What the name service does next.
#[derive(Debug, Clone, Copy)]
enum Does {
    Finds(u8),
    FindsNothing,
    Fails,
    Hangs,
}

use Does::{Fails, Finds, FindsNothing, Hangs};

#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Does>>>, Arc<AtomicUsize>);

impl Lookup for Script {
    fn look_up(&self, _name: &str) -> LookingUp {
        self.1.fetch_add(1, Ordering::SeqCst);
        let does = self.0.lock().pop_front().unwrap_or(Fails);
        Box::pin(async move {
            match does {
                Finds(last) => Ok(vec![address(last)]),
                FindsNothing => Ok(Vec::new()),
                Fails => Err(io::Error::other("SERVFAIL")),
                Hangs => std::future::pending().await,
            }
        })
    }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 0))
}

const KEEP: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_millis(50);

fn names(script: &[Does]) -> (Names, Arc<AtomicUsize>) {
    let script = Script(Arc::new(Mutex::new(script.iter().copied().collect())), Arc::default());
    let asked = Arc::clone(&script.1);
    (Names::with(Box::new(script), KEEP, PATIENCE), asked)
}

async fn find(names: &Names) -> Option<Vec<SocketAddr>> {
    find_after(names, Duration::ZERO).await
}

/// As if so much time had passed.
async fn find_after(names: &Names, later: Duration) -> Option<Vec<SocketAddr>> {
    names.clone().find("api.example.com".to_owned(), Instant::now() + later).await.ok()
}

#[tokio::test]
async fn u5_the_last_addresses_serve_while_a_name_cannot_be_resolved_and_no_longer_than_they_are_kept() {
    let (names, _) = names(&[Fails, Finds(1), Fails, FindsNothing, Finds(2), Fails, Fails, Finds(3)]);
    assert_eq!(find(&names).await, None, "never resolved: there is nothing to fall back on");
    assert_eq!(find(&names).await, Some(vec![address(1)]));
    assert_eq!(find(&names).await, Some(vec![address(1)]), "SERVFAIL");
    assert_eq!(find(&names).await, Some(vec![address(1)]), "no address");
    assert_eq!(find(&names).await, Some(vec![address(2)]), "a new answer replaces the old one at once");
    assert_eq!(find_after(&names, KEEP - PATIENCE).await, Some(vec![address(2)]));
    assert_eq!(find_after(&names, KEEP + PATIENCE).await, None, "kept for ten minutes, not for ever");
    assert_eq!(find(&names).await, Some(vec![address(3)]));
}

#[tokio::test]
async fn u5_a_name_service_that_hangs_costs_a_known_name_its_patience_and_one_look_up() {
    let (names, asked) = names(&[Finds(1), Hangs]);
    assert_eq!(find(&names).await, Some(vec![address(1)]));
    let started = Instant::now();
    let mut waiting = JoinSet::new();
    for _ in 0..200 {
        let names = names.clone();
        waiting.spawn(async move { find(&names).await });
    }
    for found in waiting.join_all().await {
        assert_eq!(found, Some(vec![address(1)]));
    }
    assert!(started.elapsed() >= PATIENCE);
    assert_eq!(asked.load(Ordering::SeqCst), 2, "two hundred connections share one look-up");
    let unknown = names.clone().find("new.example.com".to_owned(), Instant::now());
    assert!(tokio::time::timeout(Duration::from_secs(60), unknown).await.is_ok(), "other names are not held up");
}

#[tokio::test]
async fn u5_a_name_that_comes_and_goes_always_has_addresses() {
    let flapping: Vec<Does> = (0..50).flat_map(|round| [Finds(round), Fails, Fails]).collect();
    let (names, _) = names(&flapping);
    for round in 0..50 {
        for _ in 0..3 {
            assert_eq!(find(&names).await, Some(vec![address(round)]));
        }
    }
}

#[tokio::test]
async fn the_machines_own_name_service_is_asked_by_default() {
    let names = Names::new(KEEP, PATIENCE);
    let found = names.clone().find("localhost".to_owned(), Instant::now()).await.unwrap();
    assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    assert!(names.find("provider.invalid".to_owned(), Instant::now()).await.is_err());
}
