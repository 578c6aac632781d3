//! Log lines: text on a terminal, JSON elsewhere, always on standard error or standard output as one stream.

use crate::config::LogSection;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Whether log lines are JSON.
pub fn is_json(section: &LogSection) -> bool {
    match section.format.as_deref() {
        Some("json") => true,
        Some(_) => false,
        None => !std::io::stdout().is_terminal(),
    }
}

/// Starts logging for the rest of the process.
///
/// # Errors
/// When the level is no filter, or logging has been started before.
pub fn start(section: &LogSection) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(&section.level)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stdout);
    let started = if is_json(section) {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        builder.with_target(false).compact().try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging: {error}"))
}
