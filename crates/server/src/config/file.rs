//! Every setting, with its default. `docs/configuration.md` describes them; tidy compares the two.

use super::duration;
use super::health::HealthSection;
use domain::catalog::file::{AuthText, ModelText};
use domain::catalog::import::ImportFormat;
use domain::catalog::{DataPolicy, Family, Quirks};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Listener and HTTP limits.
    pub server: ServerSection,
    /// Where accounts and the ledger live.
    pub database: DatabaseSection,
    /// The settlement file.
    pub journal: JournalSection,
    /// Waits on providers.
    pub timeouts: TimeoutsSection,
    /// Sizes and numbers.
    pub limits: LimitsSection,
    /// How providers are measured, taken out and brought back.
    pub health: HealthSection,
    /// What is fetched on callers' word.
    pub egress: EgressSection,
    /// Reading of documents.
    pub documents: DocumentsSection,
    /// New accounts.
    pub accounts: AccountsSection,
    /// Where provider connections may come from.
    pub upstreams: UpstreamsSection,
    /// Private providers, and changes to known ones, by slug.
    pub providers: BTreeMap<String, ProviderSection>,
    /// Private models, and replacements of known ones.
    pub models: Vec<ModelText>,
    /// The shipped catalogue and its import.
    pub catalog: CatalogSection,
    /// Demonstration models.
    pub demo: DemoSection,
    /// Log lines.
    pub log: LogSection,
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port of the API and the console.
    pub listen: SocketAddr,
    /// Address and port of `/metrics`; on the main listener, for loopback callers only, when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// Address under which people reach the server; `http://` and the listen address when absent.
    pub public_url: Option<String>,
    /// Region of this server, as it appears in records.
    pub region: Option<String>,
    /// Model that serves requests that name none.
    pub default_model: Option<String>,
    /// How traffic is shared among equal endpoints: `inverse-price` or `shares`.
    pub balance: String,
    /// Most open connections.
    pub connections_max: usize,
    /// Longest wait for the head of a request.
    #[serde(deserialize_with = "duration::deserialize")]
    pub header_timeout: Duration,
    /// Longest time that a client may read nothing while there is something for it.
    #[serde(deserialize_with = "duration::deserialize")]
    pub write_timeout: Duration,
    /// Longest wait for running answers at shutdown.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain_timeout: Duration,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            metrics_listen: None,
            public_url: None,
            region: None,
            default_model: None,
            balance: "inverse-price".to_owned(),
            connections_max: 10_000,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(120),
            drain_timeout: Duration::from_secs(600),
        }
    }
}

/// `[database]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSection {
    /// `postgres://…`; the embedded SQLite file of the data directory when absent.
    pub url: Option<String>,
    /// Connections; 4 readers for SQLite, 10 for PostgreSQL when absent.
    pub connections: Option<u32>,
}

/// `[journal]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalSection {
    /// Largest part of a power failure's loss: how often the file is flushed.
    #[serde(deserialize_with = "duration::deserialize")]
    pub flush_interval: Duration,
    /// Whether the end of an answer waits until its charge is on disk, so that a power failure loses nothing.
    pub strict: bool,
    /// Longest such wait.
    #[serde(deserialize_with = "duration::deserialize")]
    pub strict_wait: Duration,
    /// Size of one segment in bytes.
    pub segment_bytes: u64,
    /// How often settlements are posted to the database.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain_interval: Duration,
    /// Most settlements that wait in memory to be posted; older ones are read from the journal's files.
    pub handover_max: usize,
}

impl Default for JournalSection {
    fn default() -> Self {
        let usual = ::store::journal::JournalOptions::default();
        Self {
            flush_interval: Duration::from_millis(10),
            strict: usual.strict,
            strict_wait: usual.strict_wait,
            segment_bytes: usual.segment_bytes,
            drain_interval: Duration::from_millis(200),
            handover_max: usual.handover_max,
        }
    }
}

/// `[timeouts]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutsSection {
    /// To a connection with a provider, all phases together.
    #[serde(deserialize_with = "duration::deserialize")]
    pub connect: Duration,
    /// To the first content event of an attempt; ten times as long for answers that are not streamed.
    #[serde(deserialize_with = "duration::deserialize")]
    pub first_byte: Duration,
    /// Between two events of a provider.
    #[serde(deserialize_with = "duration::deserialize")]
    pub idle: Duration,
    /// To the end of an event of a stream that has begun.
    #[serde(deserialize_with = "duration::deserialize")]
    pub event: Duration,
    /// While nothing but comments comes.
    #[serde(deserialize_with = "duration::deserialize")]
    pub comments: Duration,
    /// Of a whole answer.
    #[serde(deserialize_with = "duration::deserialize")]
    pub total: Duration,
    /// How long the head of a stream is held back so that early failures are plain errors.
    #[serde(deserialize_with = "duration::deserialize")]
    pub head_hold: Duration,
    /// Between keep-alive comments.
    #[serde(deserialize_with = "duration::deserialize")]
    pub keep_alive: Duration,
    /// To the next piece of a request body.
    #[serde(deserialize_with = "duration::deserialize")]
    pub body: Duration,
    /// How long admission waits for other requests' holds to end.
    #[serde(deserialize_with = "duration::deserialize")]
    pub in_flight: Duration,
    /// How long a left client's answer is read on to learn its usage.
    #[serde(deserialize_with = "duration::deserialize")]
    pub drain: Duration,
}

impl Default for TimeoutsSection {
    fn default() -> Self {
        let settings = gateway::GatewaySettings::default();
        Self {
            connect: settings.connect,
            first_byte: settings.first_byte,
            idle: settings.idle,
            event: settings.event,
            comments: settings.comments,
            total: settings.total,
            head_hold: settings.head_hold,
            keep_alive: settings.keep_alive,
            body: settings.body_wait,
            in_flight: settings.in_flight_wait,
            drain: settings.drain_time,
        }
    }
}

/// `[limits]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Largest request body in bytes.
    pub body_bytes: usize,
    /// Largest plain answer of a provider in bytes.
    pub reply_bytes: usize,
    /// Largest single event of a provider's stream in bytes.
    pub event_bytes: usize,
    /// Most answers that run at once; half of what the process's file descriptors allow when absent.
    pub running: Option<usize>,
    /// Longest time that the runtime may be late before requests are refused.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lag: Duration,
    /// Most attempts of one request.
    pub attempts: usize,
    /// Step by which a running stream extends its hold, in USD.
    pub extension: String,
    /// Left clients' answers that are read on at once.
    pub drains: usize,
    /// Most bytes of such an answer.
    pub drain_bytes: usize,
    /// Free-model requests per minute and account.
    pub free_per_minute: u32,
    /// Free-model requests per day for accounts below the threshold.
    pub free_per_day: u32,
    /// Free-model requests per day from the threshold on.
    pub free_per_day_high: u32,
    /// Credit ever bought from which the higher number holds, in USD.
    pub free_threshold: String,
    /// Whether answers that fail after content was out are free.
    pub failed_answers_free: bool,
    /// Largest request body of the management API in bytes.
    pub management_body_bytes: usize,
    /// Most presets of a workspace.
    pub presets: u64,
    /// Most versions of a preset.
    pub preset_versions: u64,
}

impl Default for LimitsSection {
    fn default() -> Self {
        let settings = gateway::GatewaySettings::default();
        let control = control::ControlSettings::default();
        Self {
            management_body_bytes: control.body_max,
            presets: control.presets.presets,
            preset_versions: control.presets.versions,
            body_bytes: settings.body_max,
            reply_bytes: settings.reply_max,
            event_bytes: settings.event_max,
            running: None,
            lag: settings.lag_max,
            attempts: settings.attempts_max,
            extension: settings.extension.to_usd(),
            drains: settings.drain_tasks,
            drain_bytes: settings.drain_bytes,
            free_per_minute: settings.free.per_minute,
            free_per_day: settings.free.per_day,
            free_per_day_high: settings.free.per_day_high,
            free_threshold: settings.free.threshold.to_usd(),
            failed_answers_free: false,
        }
    }
}

/// `[egress]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EgressSection {
    /// Whether unencrypted addresses are fetched.
    pub allow_http: bool,
    /// Ports that an address may name.
    pub ports: Vec<u16>,
    /// Ranges that may be reached although they are not public.
    pub allow: Vec<String>,
    /// Names with the machine and port that they mean, in place of the name service.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// Longest wait for a connection.
    #[serde(deserialize_with = "duration::deserialize")]
    pub connect: Duration,
    /// Longest time for one item.
    #[serde(deserialize_with = "duration::deserialize")]
    pub time: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
    /// Largest item in bytes.
    pub item_bytes: usize,
    /// Most bytes of all items of a request.
    pub request_bytes: usize,
    /// Most items of a request.
    pub items: usize,
    /// Items that the server fetches at once.
    pub parallel: usize,
}

impl Default for EgressSection {
    fn default() -> Self {
        let settings = gateway::GatewaySettings::default().egress;
        Self {
            allow_http: settings.allow_http,
            ports: settings.ports,
            allow: settings.allow.iter().map(ToString::to_string).collect(),
            hosts: settings.hosts,
            connect: settings.connect,
            time: settings.time,
            redirects: settings.redirects,
            item_bytes: settings.item_bytes,
            request_bytes: settings.request_bytes,
            items: settings.items,
            parallel: settings.parallel,
        }
    }
}

/// `[documents]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DocumentsSection {
    /// Address space of the reading process in bytes.
    pub memory_bytes: u64,
    /// Its processor time, in whole seconds.
    #[serde(deserialize_with = "duration::deserialize")]
    pub cpu: Duration,
    /// Longest time for one document.
    #[serde(deserialize_with = "duration::deserialize")]
    pub time: Duration,
    /// Most bytes of text of one document.
    pub text_bytes: usize,
    /// Most pages of one document.
    pub pages: usize,
    /// Documents that the server reads at once.
    pub parallel: usize,
}

impl Default for DocumentsSection {
    fn default() -> Self {
        let settings = gateway::DocumentSettings::default();
        Self {
            memory_bytes: settings.memory_bytes,
            cpu: settings.cpu,
            time: settings.time,
            text_bytes: settings.text_bytes,
            pages: settings.pages,
            parallel: settings.parallel,
        }
    }
}

/// `[accounts]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsSection {
    /// Promotional credit of a new account in USD, unless its creation names a credit.
    pub signup_credit: String,
}

impl Default for AccountsSection {
    fn default() -> Self {
        Self { signup_credit: "0.10".to_owned() }
    }
}

/// `[upstreams]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamsSection {
    /// Most connections to a host that speaks HTTP/2; 0 never offers it.
    pub http2_connections: usize,
    /// How long the last addresses of a provider's name serve when the name cannot be resolved; zero never.
    #[serde(deserialize_with = "duration::deserialize")]
    pub keep_addresses: Duration,
    /// Whether well-known variables such as `OPENAI_API_KEY` configure their providers.
    pub from_environment: bool,
}

impl Default for UpstreamsSection {
    fn default() -> Self {
        let usual = gateway::GatewaySettings::default();
        Self {
            http2_connections: usual.http2_connections,
            keep_addresses: usual.keep_addresses,
            from_environment: true,
        }
    }
}

/// `[providers.<slug>]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSection {
    /// Display name.
    pub name: Option<String>,
    /// Wire format family: openai, anthropic or gemini.
    pub dialect: Option<Family>,
    /// Base address.
    pub base_url: Option<String>,
    /// The credential.
    pub api_key: Option<String>,
    /// A file that holds the credential.
    pub api_key_file: Option<PathBuf>,
    /// An environment variable that holds the credential.
    pub api_key_env: Option<String>,
    /// Switched off.
    pub disabled: bool,
    /// How the credential travels.
    pub auth: Option<AuthText>,
    /// Fixed request headers.
    pub headers: BTreeMap<String, String>,
    /// Deviations of the wire format.
    pub quirks: Option<Quirks>,
    /// What it does with prompts.
    pub data_policy: Option<DataPolicy>,
    /// Whether closing a stream stops its meter.
    pub stops_billing_on_cancel: Option<bool>,
}

/// `[catalog]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogSection {
    /// Whether the shipped models are listed.
    pub shipped: bool,
    /// Largest document that is imported, in bytes.
    pub import_bytes: usize,
    /// Longest wait for such a document, all together.
    #[serde(deserialize_with = "duration::deserialize")]
    pub import_timeout: Duration,
    /// Longest wait for the connection to it.
    #[serde(deserialize_with = "duration::deserialize")]
    pub import_connect: Duration,
    /// Scheduled import.
    pub sync: Option<SyncSection>,
}

impl Default for CatalogSection {
    fn default() -> Self {
        Self {
            shipped: true,
            import_bytes: 64 << 20,
            import_timeout: Duration::from_secs(30),
            import_connect: Duration::from_secs(10),
            sync: None,
        }
    }
}

/// `[catalog.sync]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSection {
    /// File or http(s) address.
    pub from: String,
    /// `openrouter`, `litellm` or `models.dev`.
    pub format: ImportFormat,
    /// How often; a minute at least.
    #[serde(deserialize_with = "duration::deserialize")]
    pub every: Duration,
}

/// `[demo]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoSection {
    /// Whether the demonstration models answer; when absent, exactly while no upstream is configured.
    pub enabled: Option<bool>,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// Filter, e.g. `info` or `gateway=debug,info`.
    pub level: String,
    /// `json` or `text`; JSON when standard output is no terminal, when absent.
    pub format: Option<String>,
    /// Most bytes of JSON lines that wait to be written; further lines are dropped and counted.
    pub buffer_bytes: usize,
    /// Shortest time between two writes of JSON lines that nobody has to act on.
    #[serde(deserialize_with = "duration::deserialize")]
    pub interval: Duration,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: None, buffer_bytes: 4 << 20, interval: Duration::from_millis(50) }
    }
}
