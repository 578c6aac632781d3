//! From the file's sections to the settings of each part; ranges are checked here.

use crate::config::{Config, ConfigError};
use control::ControlSettings;
use domain::address::{Network, NetworkError};
use domain::limit::FreeLimits;
use domain::money::Amount;
use domain::route::Balance;
use edge::egress::EgressSettings;
use gateway::{DocumentSettings, FreeFailedAnswers, GatewaySettings, HealthSettings};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use store::StoreOptions;
use store::durable::PresetLimits;

fn amount(key: &str, text: &str) -> Result<Amount, ConfigError> {
    let wrong = || ConfigError::Value {
        key: key.to_owned(),
        problem: format!("{text:?} is not a plain amount of USD, 0 or more"),
    };
    Amount::parse_usd(text).ok().filter(|amount| !amount.is_negative()).ok_or_else(wrong)
}

/// Limits on free models.
fn free_limits(config: &Config) -> Result<FreeLimits, ConfigError> {
    let limits = &config.file.limits;
    Ok(FreeLimits {
        per_minute: limits.free_per_minute,
        per_day: limits.free_per_day,
        per_day_high: limits.free_per_day_high,
        threshold: amount("limits.free_threshold", &limits.free_threshold)?,
    })
}

fn balance(config: &Config) -> Result<Balance, ConfigError> {
    Balance::parse(&config.file.server.balance).ok_or_else(|| ConfigError::Value {
        key: "server.balance".to_owned(),
        problem: "must be inverse-price or shares".to_owned(),
    })
}

/// The address under which people reach the server.
pub fn public_url(config: &Config, listening: SocketAddr) -> String {
    match &config.file.server.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{listening}"),
    }
}

fn in_range<T: Copy + PartialOrd + std::fmt::Display>(
    key: &str,
    value: T,
    least: T,
    most: T,
) -> Result<T, ConfigError> {
    if (&least..=&most).contains(&&value) {
        return Ok(value);
    }
    Err(ConfigError::Value { key: key.to_owned(), problem: format!("must be from {least} to {most}") })
}

/// What may be fetched on callers' word.
fn egress(config: &Config) -> Result<EgressSettings, ConfigError> {
    let section = &config.file.egress;
    let range = |text: &String| {
        let wrong = |error: NetworkError| ConfigError::Value {
            key: "egress.allow".to_owned(),
            problem: format!("{text:?}: {error}"),
        };
        text.parse::<Network>().map_err(wrong)
    };
    Ok(EgressSettings {
        allow_http: section.allow_http,
        ports: section.ports.clone(),
        allow: section.allow.iter().map(range).collect::<Result<_, _>>()?,
        hosts: section.hosts.iter().map(|(name, machine)| (name.to_ascii_lowercase(), *machine)).collect(),
        connect: section.connect,
        time: section.time,
        redirects: in_range("egress.redirects", section.redirects, 0, 20)?,
        item_bytes: in_range("egress.item_bytes", section.item_bytes, 1024, 1 << 30)?,
        request_bytes: in_range("egress.request_bytes", section.request_bytes, 1024, 1 << 30)?,
        items: in_range("egress.items", section.items, 0, 1000)?,
        parallel: in_range("egress.parallel", section.parallel, 1, 10_000)?,
    })
}

/// How documents are read. The program is this one: as it runs, whatever has become of its file meanwhile.
fn documents(config: &Config) -> Result<DocumentSettings, ConfigError> {
    let section = &config.file.documents;
    let running = PathBuf::from("/proc/self/exe");
    let program = if running.exists() { Some(running) } else { std::env::current_exe().ok() };
    Ok(DocumentSettings {
        program,
        memory_bytes: in_range("documents.memory_bytes", section.memory_bytes, 64 << 20, 1 << 40)?,
        cpu: section.cpu,
        time: section.time,
        text_bytes: in_range("documents.text_bytes", section.text_bytes, 1024, 64 << 20)?,
        pages: in_range("documents.pages", section.pages, 1, 1_000_000)?,
        parallel: in_range("documents.parallel", section.parallel, 1, 1000)?,
    })
}

/// Settings of the data plane.
///
/// # Errors
/// [`ConfigError::Value`] naming the setting and its range.
pub fn gateway_settings(config: &Config, listening: SocketAddr) -> Result<GatewaySettings, ConfigError> {
    let (timeouts, limits) = (&config.file.timeouts, &config.file.limits);
    let extension = amount("limits.extension", &limits.extension)?;
    if extension.is_zero() {
        return Err(ConfigError::Value { key: "limits.extension".to_owned(), problem: "must be above 0".to_owned() });
    }
    if !(1..=100).contains(&limits.attempts) {
        return Err(ConfigError::Value {
            key: "limits.attempts".to_owned(),
            problem: "must be from 1 to 100".to_owned(),
        });
    }
    Ok(GatewaySettings {
        connect: timeouts.connect,
        first_byte: timeouts.first_byte,
        idle: timeouts.idle,
        http2_connections: config.file.upstreams.http2_connections,
        keep_addresses: config.file.upstreams.keep_addresses,
        event: timeouts.event,
        comments: timeouts.comments,
        total: timeouts.total,
        head_hold: timeouts.head_hold,
        keep_alive: timeouts.keep_alive,
        body_wait: timeouts.body,
        in_flight_wait: timeouts.in_flight,
        drain_time: timeouts.drain,
        running_max: limits.running.or_else(descriptors_allow).unwrap_or(usize::MAX),
        lag_max: limits.lag,
        attempts_max: limits.attempts,
        health: health_settings(config)?,
        body_max: limits.body_bytes,
        reply_max: limits.reply_bytes,
        event_max: limits.event_bytes,
        extension,
        free: free_limits(config)?,
        free_failed_answers: if limits.failed_answers_free {
            FreeFailedAnswers::Free
        } else {
            FreeFailedAnswers::Charged
        },
        drain_tasks: limits.drains,
        drain_bytes: limits.drain_bytes,
        default_model: config.file.server.default_model.clone(),
        balance: balance(config)?,
        region: config.file.server.region.clone(),
        console_url: public_url(config, listening),
        egress: egress(config)?,
        documents: documents(config)?,
        ..GatewaySettings::default()
    })
}

/// Descriptors that are not for answers: listeners, database, journal, logs.
const OTHER_DESCRIPTORS: usize = 512;

/// Answers that the process's file descriptors allow: each needs one towards its client and one towards its provider.
fn descriptors_allow() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    // Absent for "unlimited".
    let most: usize = line.split_whitespace().next()?.parse().ok()?;
    Some((most.saturating_sub(OTHER_DESCRIPTORS) / 2).max(1))
}

/// Settings of the health book.
fn health_settings(config: &Config) -> Result<HealthSettings, ConfigError> {
    let health = &config.file.health;
    let outside = |key: &str, range: &str| ConfigError::Value {
        key: format!("health.{key}"),
        problem: format!("must be {range}"),
    };
    let seconds = Duration::from_secs;
    for (key, value) in [("window", health.window), ("unstable_for", health.unstable_for)] {
        if !(seconds(1)..=seconds(30)).contains(&value) {
            return Err(outside(key, "from 1s to 30s"));
        }
    }
    for (key, value) in [
        ("success_percent", health.success_percent),
        ("retry_percent", health.retry_percent),
        ("rate_limited_percent", health.rate_limited_percent),
    ] {
        if value > 100 {
            return Err(outside(key, "from 0 to 100"));
        }
    }
    for (key, value) in [("failures", health.failures), ("outcomes", health.outcomes), ("stalls", health.stalls)] {
        if value == 0 {
            return Err(outside(key, "1 or more"));
        }
    }
    Ok(HealthSettings {
        ejects: health.ejects,
        failures: health.failures,
        outcomes: health.outcomes,
        success_percent: health.success_percent,
        window: health.window,
        probe_interval: health.probe_interval,
        refused_interval: health.refused_interval,
        unstable_for: health.unstable_for,
        hint_max: health.hint_max,
        last_per_second: health.last_per_second,
        retry_percent: health.retry_percent,
        retry_floor: health.retry_floor,
        adaptive_deadline: health.adaptive_deadline,
        deadline_answers: health.deadline_answers,
        deadline_min: health.deadline_min,
        stalls: health.stalls,
        concurrency_min: health.concurrency_min,
        rate_limited_percent: health.rate_limited_percent,
        sticky_for: health.sticky,
        sticky_max: health.sticky_max,
    })
}

/// Settings of the control plane.
///
/// # Errors
/// [`ConfigError::Value`] naming the setting and its range.
pub fn control_settings(config: &Config, listening: SocketAddr, is_demo: bool) -> Result<ControlSettings, ConfigError> {
    let limits = &config.file.limits;
    let least = [
        ("limits.management_body_bytes", u64::try_from(limits.management_body_bytes).unwrap_or(u64::MAX), 1024),
        ("limits.presets", limits.presets, 1),
        ("limits.preset_versions", limits.preset_versions, 1),
    ];
    for (key, value, least) in least {
        if value < least {
            return Err(ConfigError::Value { key: key.to_owned(), problem: format!("must be {least} or more") });
        }
    }
    Ok(ControlSettings {
        body_max: limits.management_body_bytes,
        presets: PresetLimits { presets: limits.presets, versions: limits.preset_versions },
        secure_cookies: public_url(config, listening).starts_with("https://"),
        public_url: public_url(config, listening),
        signup_allowance: signup_credit(config)?,
        free: free_limits(config)?,
        demo: is_demo,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..ControlSettings::default()
    })
}

/// Promotional credit of a new account.
///
/// # Errors
/// [`ConfigError::Value`] for no plain amount.
pub fn signup_credit(config: &Config) -> Result<Amount, ConfigError> {
    amount("accounts.signup_credit", &config.file.accounts.signup_credit)
}

/// How to open the database.
pub fn store_options(config: &Config) -> StoreOptions {
    let database = &config.file.database;
    let mut options = match &database.url {
        Some(url) => StoreOptions::postgres(url.clone()),
        None => StoreOptions::sqlite(config.data.join("portolan.db")),
    };
    options.connections = database.connections.unwrap_or(options.connections);
    options
}
