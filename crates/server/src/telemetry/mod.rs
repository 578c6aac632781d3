//! Log lines: text on a terminal, JSON elsewhere, always on standard output as one stream.

mod line;
mod outlet;

pub use outlet::{Losses, Outlet};

use crate::config::LogSection;
use anyhow::Context as _;
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

/// Starts logging for the rest of the process. JSON lines pass through the outlet that is returned: dropping it writes
/// what it still holds.
///
/// # Errors
/// When the level is no filter, no thread can be started, or logging has been started before.
pub fn start(section: &LogSection) -> anyhow::Result<Option<Outlet>> {
    let filter = EnvFilter::builder().parse(&section.level)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let (started, outlet) = if is_json(section) {
        let outlet = Outlet::start(std::io::stdout(), section.buffer_bytes, section.interval).context("logging")?;
        (builder.with_writer(outlet.inlet()).event_format(line::JsonLine::default()).try_init(), Some(outlet))
    } else {
        (builder.with_writer(std::io::stdout).with_target(false).compact().try_init(), None)
    };
    started.map_err(|error| anyhow::anyhow!("logging: {error}"))?;
    Ok(outlet)
}
