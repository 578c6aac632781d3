//! The short commands: check, setup-link, openapi, healthcheck.

use super::open::Opened;
use super::say;
use crate::cli::Shared;
use crate::config::Config;
use crate::wiring::{base_builder, control_settings, gateway_settings, public_url};
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use store::durable::NewSetupToken;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long a set-up link is good for.
const LINK_LIFE: Duration = Duration::from_secs(30 * 60);

/// `portolan check`: reads and checks the configuration, touches nothing.
pub async fn check(shared: &Shared) -> anyhow::Result<ExitCode> {
    let config = Config::load(shared.config.as_deref(), &shared.data)?;
    let mut builder = base_builder(&config)?;
    for model in &config.file.models {
        builder.model(model.clone());
    }
    let catalog = builder.build()?;
    let listening = config.file.server.listen;
    gateway_settings(&config, listening)?;
    control_settings(&config, listening, false)?;
    let place = config.source.as_ref().map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
    say(&format!("ok: {place}, {} models, {} providers", catalog.models().len(), catalog.providers().len()));
    Ok(ExitCode::SUCCESS)
}

/// Makes a one-time link for the first account's owner, or for a new account.
///
/// # Errors
/// When the database refuses.
pub async fn new_setup_link(opened: &Opened, base: &str) -> anyhow::Result<String> {
    let token = hex::encode(opened.random.bytes::<24>());
    let account = opened.store.account_first().await?.map(|account| account.id);
    let new = NewSetupToken {
        hash: Sha256::digest(token.as_bytes()).into(),
        account,
        user_name: "Owner".to_owned(),
        expires_at: opened.clock.now().plus(LINK_LIFE),
    };
    opened.store.setup_token_insert(&new).await?;
    Ok(format!("{base}/setup?token={token}"))
}

/// File of the data directory that holds the address of the server that was started there last.
const ADDRESS_FILE: &str = "address";

/// Writes down under which address this server can be reached: it may be known to nobody but the flag that started it.
///
/// # Errors
/// When the file cannot be written.
pub fn keep_address(config: &Config, url: &str) -> anyhow::Result<()> {
    std::fs::write(config.data.join(ADDRESS_FILE), url).context("address")
}

fn last_address(config: &Config) -> Option<String> {
    let text = std::fs::read_to_string(config.data.join(ADDRESS_FILE)).ok()?;
    text.starts_with("http").then_some(text)
}

/// `portolan setup-link`.
pub async fn setup_link(shared: &Shared) -> anyhow::Result<ExitCode> {
    let opened = Opened::open(shared).await?;
    let configured = || public_url(&opened.config, opened.config.file.server.listen);
    let base = if opened.config.file.server.public_url.is_some() {
        configured()
    } else {
        last_address(&opened.config).unwrap_or_else(configured)
    };
    say(&new_setup_link(&opened, &base).await?);
    Ok(ExitCode::SUCCESS)
}

/// `portolan openapi`.
pub fn openapi() -> anyhow::Result<ExitCode> {
    say(&control::openapi().to_pretty_json().context("API document")?);
    Ok(ExitCode::SUCCESS)
}

/// `portolan healthcheck`: 0 when the server is ready, 3 when it cannot be reached, 1 when it is not ready.
pub async fn healthcheck(address: SocketAddr) -> anyhow::Result<ExitCode> {
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let Ok(Ok(answer)) = tokio::time::timeout(Duration::from_secs(5), ask).await else { return Ok(ExitCode::from(3)) };
    Ok(ExitCode::from(if answer.starts_with("HTTP/1.1 200") { 0 } else { 1 }))
}
