//! The connections in force: environment, file, store, demonstration; later ones win.

use super::demo::Demo;
use crate::config::Config;
use anyhow::Context;
use control::seal::Seal;
use domain::catalog::Catalog;
use edge::upstream::{Secret, Upstream, UpstreamSource, Upstreams};
use store::Store;

/// Builds the table of connections.
///
/// # Errors
/// An address that cannot be used, or a stored credential that cannot be opened.
pub async fn build_upstreams(
    config: &Config,
    catalog: &Catalog,
    store: &Store,
    seal: &dyn Seal,
    demo: Option<&Demo>,
) -> anyhow::Result<Upstreams> {
    let mut upstreams = Upstreams::default();
    for upstream in from_environment(config, catalog) {
        upstreams.put(upstream);
    }
    for upstream in from_config(config, catalog) {
        upstream.check()?;
        upstreams.put(upstream);
    }
    for stored in store.upstream_list().await? {
        let secret = control::upstream::stored_secret(&stored, seal)
            .with_context(|| format!("stored upstream {}", stored.slug))?;
        let upstream = Upstream {
            slug: stored.slug.clone(),
            base_url: stored.base_url.clone(),
            secret,
            disabled: stored.is_disabled,
            source: UpstreamSource::Store,
        };
        upstream.check()?;
        upstreams.put(upstream);
    }
    for upstream in demo.map(Demo::upstreams).unwrap_or_default() {
        upstreams.put(upstream);
    }
    Ok(upstreams)
}

/// Credentials under their usual names make their providers live.
fn from_environment(config: &Config, catalog: &Catalog) -> Vec<Upstream> {
    if !config.file.upstreams.from_environment {
        return Vec::new();
    }
    catalog
        .providers()
        .iter()
        .filter(|provider| provider.family.is_supported())
        .filter_map(|provider| {
            let key = provider.key_env.iter().find_map(|name| config.provider_keys.get(name))?;
            Some(Upstream {
                slug: provider.slug.clone(),
                base_url: provider.base_url.clone()?,
                secret: Some(Secret::new(key)),
                disabled: false,
                source: UpstreamSource::Environment,
            })
        })
        .collect()
}

fn from_config(config: &Config, catalog: &Catalog) -> Vec<Upstream> {
    config
        .file
        .providers
        .iter()
        .filter_map(|(slug, section)| {
            let provider = catalog.provider(slug).or_else(|| catalog.provider(&slug.replace('_', "-")))?;
            let usual = || provider.key_env.iter().find_map(|name| config.provider_keys.get(name)).cloned();
            let key =
                section.api_key.clone().or_else(|| if config.file.upstreams.from_environment { usual() } else { None });
            Some(Upstream {
                slug: provider.slug.clone(),
                base_url: provider.base_url.clone()?,
                secret: key.map(|key| Secret::new(&key)),
                disabled: section.disabled,
                source: UpstreamSource::Config,
            })
        })
        .collect()
}
