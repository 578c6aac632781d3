//! `portolan upstream add | list | test | disable | enable | remove`.

use super::open::Opened;
use super::say;
use crate::cli::{Shared, UpstreamCommand};
use crate::wiring::{UpstreamProbe, base_builder, build_catalog, build_upstreams, master_key};
use anyhow::{Context, bail};
use arc_swap::ArcSwap;
use comfy_table::Table;
use control::seal::{MasterKey, Seal};
use control::upstream::{Probe, secret_place};
use domain::id::UpstreamId;
use edge::upstream::UpstreamSource;
use serde_json::json;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use store::durable::Upstream;

/// Longest credential that is read from standard input.
const SECRET_MAX: u64 = 16 << 10;

/// Runs an upstream command. A running server takes changes over within a second.
pub async fn run(shared: &Shared, command: UpstreamCommand) -> anyhow::Result<ExitCode> {
    let opened = Opened::open(shared).await?;
    let seal = MasterKey::new(&master_key(&opened.config.data, &opened.random)?, Arc::clone(&opened.random));
    match command {
        UpstreamCommand::Add { slug, base_url, no_key } => add(&opened, &seal, slug, base_url, no_key).await,
        UpstreamCommand::List => list(&opened, &seal, shared).await,
        UpstreamCommand::Test { slug } => test(&opened, &seal, &slug).await,
        UpstreamCommand::Disable { slug } => switch(&opened, &slug, true).await,
        UpstreamCommand::Enable { slug } => switch(&opened, &slug, false).await,
        UpstreamCommand::Remove { slug } => {
            let stored = find(&opened, &slug).await?;
            anyhow::ensure!(opened.store.upstream_delete(stored.id, opened.clock.now()).await?, "no such upstream");
            say("removed");
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn find(opened: &Opened, slug: &str) -> anyhow::Result<Upstream> {
    let stored = opened.store.upstream_list().await?;
    stored.into_iter().find(|upstream| upstream.slug == slug).with_context(|| {
        format!("{slug} was not added at run time; connections of the configuration are changed there")
    })
}

async fn add(
    opened: &Opened,
    seal: &dyn Seal,
    slug: String,
    base_url: Option<String>,
    no_key: bool,
) -> anyhow::Result<ExitCode> {
    let catalog = base_builder(&opened.config)?.build()?;
    let provider = catalog.provider(&slug).with_context(|| format!("the catalogue has no provider {slug:?}"))?;
    let base_url = base_url.or_else(|| provider.base_url.clone()).context("this provider needs --base-url")?;
    let now = opened.clock.now();
    let known = opened.store.upstream_list().await?.into_iter().find(|upstream| upstream.slug == slug);
    let id = known.as_ref().map_or_else(|| UpstreamId::new(now, opened.random.bytes()), |known| known.id);
    let secret = if no_key { None } else { Some(seal.seal(read_secret()?.as_bytes(), &secret_place(id))?) };
    let upstream = Upstream {
        id,
        slug: slug.clone(),
        family: format!("{:?}", provider.family).to_ascii_lowercase(),
        base_url: base_url.trim_end_matches('/').to_owned(),
        is_sealed: secret.is_some(),
        secret,
        is_disabled: false,
        settings_json: "{}".to_owned(),
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: now,
    };
    edge::upstream::Upstream {
        slug,
        base_url: upstream.base_url.clone(),
        secret: None,
        disabled: false,
        source: UpstreamSource::Store,
    }
    .check()?;
    opened.store.upstream_upsert(&upstream).await?;
    say("added");
    Ok(ExitCode::SUCCESS)
}

fn read_secret() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(SECRET_MAX).read_to_string(&mut text).context("standard input")?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        bail!("no credential on standard input (or give --no-key)");
    }
    Ok(text)
}

async fn switch(opened: &Opened, slug: &str, is_disabled: bool) -> anyhow::Result<ExitCode> {
    let mut upstream = find(opened, slug).await?;
    upstream.is_disabled = is_disabled;
    upstream.updated_at = opened.clock.now();
    opened.store.upstream_upsert(&upstream).await?;
    say(if is_disabled { "disabled" } else { "enabled" });
    Ok(ExitCode::SUCCESS)
}

async fn list(opened: &Opened, seal: &dyn Seal, shared: &Shared) -> anyhow::Result<ExitCode> {
    let catalog = build_catalog(&opened.config, &opened.store, None, opened.clock.now()).await?;
    let upstreams = build_upstreams(&opened.config, &catalog, &opened.store, seal, None).await?;
    let mut table = Table::new();
    table.set_header(["provider", "address", "credential", "source", "state"]);
    let mut rows = Vec::new();
    for upstream in upstreams.all() {
        let source = format!("{:?}", upstream.source).to_ascii_lowercase();
        let label = upstream.secret.as_ref().map_or_else(|| "none".to_owned(), edge::upstream::Secret::label);
        let state = if upstream.disabled { "disabled" } else { "on" };
        rows.push(json!({"slug": upstream.slug, "base_url": upstream.base_url, "source": source, "disabled": upstream.disabled}));
        table.add_row([upstream.slug.clone(), upstream.base_url.clone(), label, source, state.to_owned()]);
    }
    if shared.quiet {
        upstreams.all().iter().for_each(|upstream| say(&upstream.slug));
    } else {
        say(&if shared.json { serde_json::to_string(&rows)? } else { table.to_string() });
    }
    Ok(ExitCode::SUCCESS)
}

async fn test(opened: &Opened, seal: &dyn Seal, slug: &str) -> anyhow::Result<ExitCode> {
    let catalog = build_catalog(&opened.config, &opened.store, None, opened.clock.now()).await?;
    let upstreams = build_upstreams(&opened.config, &catalog, &opened.store, seal, None).await?;
    let probe = UpstreamProbe::new(
        opened.config.file.timeouts.connect,
        Arc::new(ArcSwap::from_pointee(catalog)),
        Arc::new(ArcSwap::from_pointee(upstreams)),
        Arc::clone(&opened.clock),
    );
    let found = probe.probe(slug).await;
    say(&format!("{} after {} ms: {}", if found.is_ok { "ok" } else { "failed" }, found.latency_ms, found.message));
    Ok(ExitCode::from(if found.is_ok { 0 } else { 3 }))
}
