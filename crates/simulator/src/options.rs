//! What a simulator is started with, and the bounds that keep it small.

use std::net::SocketAddr;

/// Largest request body a simulator reads, in bytes; more is answered with 413.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most requests the observation ring remembers; the oldest is dropped first.
pub const OBSERVED_MAX: usize = 100_000;

/// Most models that may have a scenario at one time.
pub const SCENARIOS_MAX: usize = 10_000;

/// Longest wait a knob may ask for, in milliseconds (ten minutes).
pub const WAIT_MS_MAX: u64 = 600_000;

/// Most tokens a scenario may make the simulator produce in one answer.
pub const TOKENS_MAX: u64 = 200_000;

/// How a simulator listens and judges.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on; port 0 lets the system choose. Ignored by [`crate::router`].
    pub listen: SocketAddr,
    /// Source of every identifier and of every random choice: equal seeds give equal runs.
    pub seed: u64,
    /// The only credential accepted; others get 401 in the family's envelope. `None` accepts any, and none.
    pub api_key: Option<String>,
    /// Whether requests are held to the provider's published schema.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), seed: 1, api_key: None, strict: true }
    }
}
