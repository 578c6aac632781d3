//! The load: clients that keep asking through every life of the server.

use super::client;
use super::sight::{Board, End};
use super::wish::Wish;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Clients at once.
pub const CLIENTS: usize = 32;
/// Pause of a client that did not reach the server although it should be there.
const AGAIN: Duration = Duration::from_millis(5);

/// What the clients know of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It is not there.
    Down,
    /// It listens; the number counts its lives.
    Up(u64, SocketAddr),
    /// No more requests.
    Over,
}

/// Starts the clients; they end when the life is over.
pub fn start(seed: u64, key: &str, board: &Arc<Board>, life: &watch::Receiver<Life>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for worker in 0..CLIENTS {
        let number = u64::try_from(worker).unwrap_or(0);
        let random = SmallRng::seed_from_u64(seed.wrapping_mul(1009).wrapping_add(number));
        let client = Client { worker, seed, random, key: key.to_owned(), board: Arc::clone(board), life: life.clone() };
        clients.spawn(client.run());
    }
    clients
}

struct Client {
    worker: usize,
    seed: u64,
    random: SmallRng,
    key: String,
    board: Arc<Board>,
    life: watch::Receiver<Life>,
}

impl Client {
    async fn run(mut self) {
        let mut number = 0_u64;
        loop {
            let now = *self.life.borrow_and_update();
            match now {
                Life::Over => return,
                Life::Down => {
                    if self.life.changed().await.is_err() {
                        return;
                    }
                }
                Life::Up(epoch, address) => {
                    number += 1;
                    let tag = format!("c{:x}-{}-{number}", self.seed, self.worker);
                    self.ask(tag, epoch, address).await;
                }
            }
        }
    }

    async fn ask(&mut self, tag: String, epoch: u64, address: SocketAddr) {
        let wish = Wish::draw(tag, self.worker, &mut self.random);
        let at = self.board.begin(wish.clone(), epoch, u64::try_from(wish.body().len()).unwrap_or(u64::MAX));
        let mut life = self.life.clone();
        let gone = async move {
            // An ended sender means that the run is over, which is as good as gone.
            let _closed = life.wait_for(|life| !matches!(life, Life::Up(now, _) if *now == epoch)).await;
        };
        client::ask(address, &self.key, &wish, &self.board, at, gone).await;
        let was_refused = self.board.ended_as(at) == Some(End::Unsent);
        if was_refused {
            // The kill is known to the clients a moment after it happened.
            let _still_there = tokio::time::timeout(AGAIN, self.life.changed()).await;
        }
    }
}
