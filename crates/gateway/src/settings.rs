//! Limits and waits of the data plane. Every one is a setting; the defaults are stated here.

use crate::call::HealthSettings;
use domain::limit::FreeLimits;
use domain::money::Amount;
use domain::route::Balance;
use edge::egress::EgressSettings;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the data plane.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Longest wait for a connection to a provider, all phases together.
    pub connect: Duration,
    /// Longest wait of an attempt for its first content event.
    pub first_byte: Duration,
    /// Longest silence of a provider between events; its keep-alive comments do not count as events.
    pub idle: Duration,
    /// Most connections to a host that speaks HTTP/2; 0 never offers it.
    pub http2_connections: usize,
    /// How long the last addresses of a provider's name serve when the name cannot be resolved; zero never.
    pub keep_addresses: Duration,
    /// Longest time from the end of an event to the end of the next one that has begun.
    pub event: Duration,
    /// Longest time that nothing but comments may come.
    pub comments: Duration,
    /// Longest life of an answer.
    pub total: Duration,
    /// How long the head of a streamed answer is held back, so that early failures are plain JSON errors.
    pub head_hold: Duration,
    /// Interval of keep-alive comments while the provider is silent.
    pub keep_alive: Duration,
    /// Most answers that run at once; more are refused with 503.
    pub running_max: usize,
    /// Longest time that the runtime may be late before requests are refused with 503.
    pub lag_max: Duration,
    /// Most attempts of one request.
    pub attempts_max: usize,
    /// How endpoints are measured, taken out and brought back.
    pub health: HealthSettings,
    /// Longest wait for the next piece of a request body.
    pub body_wait: Duration,
    /// Largest request body.
    pub body_max: usize,
    /// Largest answer of a provider that is not streamed.
    pub reply_max: usize,
    /// Largest single event of a provider's stream.
    pub event_max: usize,
    /// Largest error body that is read from a provider.
    pub error_max: usize,
    /// Step by which a running stream extends its hold.
    pub extension: Amount,
    /// How long admission waits for other holds to end.
    pub in_flight_wait: Duration,
    /// Fewest answer tokens that are worth sending a request for when the credit is short.
    pub affordable_min: u64,
    /// Limits on free models.
    pub free: FreeLimits,
    /// Whether answers that failed after content was out are charged.
    pub free_failed_answers: FreeFailedAnswers,
    /// Answers of clients that left, read to their end at once to learn the usage.
    pub drain_tasks: usize,
    /// Longest such reading.
    pub drain_time: Duration,
    /// Most bytes of such reading.
    pub drain_bytes: usize,
    /// How traffic is shared among endpoints of equal standing.
    pub balance: Balance,
    /// Model that serves requests that name none.
    pub default_model: Option<String>,
    /// Region of this server, as it appears in records.
    pub region: Option<String>,
    /// Where the console lives, for links in error texts.
    pub console_url: String,
    /// What may be fetched on a caller's word.
    pub egress: EgressSettings,
    /// Reading of documents.
    pub documents: DocumentSettings,
}

/// Limits of the process that reads documents.
#[derive(Debug, Clone)]
pub struct DocumentSettings {
    /// The program that knows `read-document`; documents cannot be read without.
    pub program: Option<PathBuf>,
    /// Its address space in bytes.
    pub memory_bytes: u64,
    /// Its processor time, in whole seconds.
    pub cpu: Duration,
    /// Longest time for one document, waiting for a free slot included.
    pub time: Duration,
    /// Most bytes of text of one document.
    pub text_bytes: usize,
    /// Most pages of one document.
    pub pages: usize,
    /// Documents that the whole server reads at once.
    pub parallel: usize,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            program: None,
            memory_bytes: 256 << 20,
            cpu: Duration::from_secs(8),
            time: Duration::from_secs(10),
            text_bytes: 512 << 10,
            pages: 1000,
            parallel: 4,
        }
    }
}

/// What failed answers cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreeFailedAnswers {
    /// What had been delivered is charged.
    Charged,
    /// Nothing.
    Free,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            http2_connections: 16,
            keep_addresses: Duration::from_secs(600),
            event: Duration::from_secs(120),
            comments: Duration::from_secs(600),
            total: Duration::from_secs(1800),
            head_hold: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            running_max: usize::MAX,
            lag_max: Duration::from_secs(1),
            attempts_max: 6,
            health: HealthSettings::default(),
            body_wait: Duration::from_secs(10),
            body_max: 32 << 20,
            reply_max: 64 << 20,
            event_max: 8 << 20,
            error_max: 64 << 10,
            extension: Amount::from_nanos(10_000_000),
            in_flight_wait: Duration::from_secs(2),
            affordable_min: 16,
            free: FreeLimits::default(),
            free_failed_answers: FreeFailedAnswers::Charged,
            drain_tasks: 64,
            drain_time: Duration::from_secs(120),
            drain_bytes: 8 << 20,
            balance: Balance::default(),
            default_model: None,
            region: None,
            console_url: "http://127.0.0.1:7878".to_owned(),
            egress: EgressSettings::default(),
            documents: DocumentSettings::default(),
        }
    }
}
