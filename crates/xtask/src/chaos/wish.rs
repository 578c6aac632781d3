//! [`Wish`]: one request of the load, drawn from the seed.

use super::world::{FAILOVER, FLOOD, FLOOD_BYTES, Model, PLAIN};
use rand::Rng as _;
use rand::rngs::SmallRng;
use serde_json::{Value, json};

/// How a client behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Reads everything.
    Reads,
    /// Stops reading after so many bytes of the body and goes on when the server is gone.
    Stalls(usize),
    /// Leaves after so many bytes of the body; 0 is before the head.
    Leaves(usize),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Names the request at the client, at the simulator and in the ledger.
    pub tag: String,
    /// Model asked for.
    pub model: &'static Model,
    /// Streamed answer.
    pub stream: bool,
    /// Bytes of text that the whole answer has.
    pub text_bytes: u64,
    /// The provider breaks the answer or the request off.
    pub is_faulty: bool,
    /// The provider reports its usage.
    pub has_usage: bool,
    /// How the client behaves.
    pub manner: Manner,
    knobs: Value,
}

impl Wish {
    /// Draws a request. Worker 0 asks for answers larger than any buffer and does not read them.
    pub fn draw(tag: String, worker: usize, random: &mut SmallRng) -> Self {
        if worker == 0 {
            return Self::flood(tag, random);
        }
        let stream = random.random_bool(0.6);
        let tokens = if stream { random.random_range(16..140) } else { random.random_range(8..400) };
        let mut wish = Self {
            tag,
            model: PLAIN.get(random.random_range(0..PLAIN.len())).unwrap_or(&FAILOVER),
            stream,
            text_bytes: tokens * 4,
            is_faulty: false,
            has_usage: true,
            manner: Manner::Reads,
            knobs: json!({
                "headers": {"delay_ms": random.random_range(0..80)},
                "body": {
                    "delay_ms": random.random_range(0..20),
                    "chunk_delay_ms": random.random_range(0..7),
                    "tokens_per_chunk": random.random_range(2..16),
                },
                "answer": {"tokens": tokens},
            }),
        };
        match random.random_range(0..100) {
            0..12 => wish.fault(random),
            12..22 => wish.model = &FAILOVER,
            22..26 => wish.without_usage(),
            26..36 => {
                wish.manner = Manner::Leaves(if random.random_bool(0.4) { 0 } else { random.random_range(1..4000) });
            }
            _ => {}
        }
        wish
    }

    fn flood(tag: String, random: &mut SmallRng) -> Self {
        let stream = random.random_bool(0.75);
        Self {
            tag,
            model: &FLOOD,
            stream,
            text_bytes: u64::try_from(FLOOD_BYTES / 11 * 11).unwrap_or(u64::MAX),
            is_faulty: false,
            has_usage: true,
            manner: Manner::Stalls(random.random_range(1..200_000)),
            knobs: json!({}),
        }
    }

    fn fault(&mut self, random: &mut SmallRng) {
        self.is_faulty = true;
        let after = random.random_range(1..6);
        let status: u16 = match random.random_range(0..3) {
            0 => 429,
            1 => 400,
            _ => 503,
        };
        match random.random_range(0..6) {
            0 | 1 => self.set("headers", "status", json!(status)),
            2 => self.set("body", "rst_after", json!(after)),
            3 => self.set("body", "fin_after", json!(after)),
            4 => self.set("body", "error_after", json!(after)),
            _ => self.set("body", "end_after", json!(after)),
        }
    }

    fn without_usage(&mut self) {
        self.has_usage = false;
        if let Some(knobs) = self.knobs.as_object_mut() {
            knobs.insert("usage".to_owned(), json!({"mode": "missing"}));
        }
    }

    fn set(&mut self, group: &str, knob: &str, value: Value) {
        if let Some(group) = self.knobs.get_mut(group).and_then(Value::as_object_mut) {
            group.insert(knob.to_owned(), value);
        }
    }

    /// The request's body.
    pub fn body(&self) -> String {
        let text = format!("TAG:{} please answer\nSIM:{}", self.tag, self.knobs);
        json!({
            "model": self.model.id,
            "stream": self.stream,
            // Only the gateway reads this one; it is how a ledger row is found whose id no client learnt.
            "session_id": self.tag,
            "messages": [{"role": "user", "content": text}],
        })
        .to_string()
    }
}
