//! What is asked, and how often at once.

use bytes::Bytes;
use serde_json::json;

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The bare proxy, or the provider itself: model names are the provider's.
    Floor,
    /// The product: model names are its catalogue's.
    Product,
}

/// A kind of load.
#[derive(Debug)]
pub struct Scenario {
    /// Name in the table.
    pub name: &'static str,
    /// The model by its name in the product's catalogue.
    pub model: &'static str,
    /// The model by the provider's name.
    pub upstream_model: &'static str,
    /// Size of the request body in bytes.
    pub bytes: usize,
    /// Chunks of the answer, when it is a stream.
    pub chunks: Option<u32>,
    /// Connections, each with one request at a time.
    pub workers: usize,
    /// The same while latency is measured.
    pub quiet_workers: usize,
    /// Largest CPU time in multiples of the floor's.
    pub ratio_max: Option<f64>,
}

/// Everything that is measured in CPU time.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "plain 1 KB",
        model: "bench/plain",
        upstream_model: "bench",
        bytes: 1 << 10,
        chunks: None,
        workers: 32,
        quiet_workers: 1,
        ratio_max: Some(2.0),
    },
    Scenario {
        name: "plain 32 KB",
        model: "bench/plain",
        upstream_model: "bench",
        bytes: 32 << 10,
        chunks: None,
        workers: 32,
        quiet_workers: 1,
        ratio_max: Some(2.0),
    },
    Scenario {
        name: "stream, 200 chunks at once",
        model: "bench/stream",
        upstream_model: "bench~answer.tokens=200",
        bytes: 1 << 10,
        chunks: Some(200),
        workers: 16,
        quiet_workers: 1,
        ratio_max: None,
    },
    Scenario {
        name: "stream, 200 chunks every 10 ms",
        model: "bench/paced",
        upstream_model: "bench~answer.tokens=200~body.chunk_delay_ms=10",
        bytes: 1 << 10,
        chunks: Some(200),
        workers: 64,
        quiet_workers: 16,
        ratio_max: Some(1.5),
    },
];

/// Streams that say something every three seconds, which is less than anything has to keep awake for.
pub const IDLE: Scenario = Scenario {
    name: "idle, 2 000 streams",
    model: "bench/idle",
    upstream_model: "bench~answer.tokens=40~body.chunk_delay_ms=3000",
    bytes: 1 << 10,
    chunks: Some(40),
    workers: 2_000,
    quiet_workers: 0,
    ratio_max: None,
};

/// Longest text of one message: a conversation, not one slab.
const MESSAGE_BYTES: usize = 2_000;

impl Scenario {
    /// The request body for a side, exactly as long as the scenario says.
    pub fn request(&self, side: Side) -> Request {
        let model = if side == Side::Product { self.model } else { self.upstream_model };
        Request { body: body(model, self.chunks.is_some(), self.bytes), is_stream: self.chunks.is_some() }
    }
}

/// A request, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    /// JSON.
    pub body: Bytes,
    /// Whether the answer is a stream.
    pub is_stream: bool,
}

fn body(model: &str, is_stream: bool, bytes: usize) -> Bytes {
    let render = |filler: usize| {
        let mut messages = vec![json!({"role": "system", "content": "You are a careful assistant."})];
        let mut left = filler;
        while left > 0 || messages.len() < 2 {
            let taken = left.min(MESSAGE_BYTES);
            let role = if messages.len() % 2 == 1 { "user" } else { "assistant" };
            messages.push(json!({"role": role, "content": text(taken)}));
            left -= taken;
        }
        json!({
            "model": model, "messages": messages, "max_tokens": 400, "temperature": 0.7, "stream": is_stream,
        })
        .to_string()
        .into_bytes()
    };
    // Each message costs a fixed frame beside its text, so the text shrinks until the whole fits and the rest is blanks.
    let mut filler = bytes.saturating_sub(render(0).len());
    while render(filler).len() > bytes && filler > 0 {
        filler = filler.saturating_sub((render(filler).len() - bytes).max(1));
    }
    let mut body = render(filler);
    body.resize(body.len().max(bytes), b' ');
    body.into()
}

fn text(bytes: usize) -> String {
    "the quick brown fox jumps over the lazy dog \"again\"\n".chars().cycle().take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::{IDLE, SCENARIOS, Side};

    #[test]
    fn bodies_have_the_promised_size_and_are_json_that_names_the_sides_model() {
        for scenario in SCENARIOS.iter().chain([&IDLE]) {
            for (side, model) in [(Side::Floor, scenario.upstream_model), (Side::Product, scenario.model)] {
                let request = scenario.request(side);
                assert_eq!(request.body.len(), scenario.bytes, "{}", scenario.name);
                let json: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
                assert_eq!(json["model"], model);
                assert_eq!(json["stream"], scenario.chunks.is_some());
            }
        }
    }
}
