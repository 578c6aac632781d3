//! Importing models and prices: a document is fetched, compared with the catalogue in force and stored.

use super::catalog::stored_builder;
use crate::config::{CatalogSection, Config};
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use domain::catalog::CatalogBuilder;
use domain::catalog::import::{ImportDiff, ImportFormat, ImportRules, Mapping, Skipped, diff, import};
use domain::time::Timestamp;
use gateway::UpstreamClient;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use std::path::Path;
use std::time::Duration;
use store::Store;
use store::durable::NewCatalogEntry;
use tokio::io::AsyncReadExt;

/// Names of other sources, as shipped.
const MAPPING: &str = include_str!("../../../../catalog/mapping.json");

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct ImportOrder {
    /// File or http(s) address.
    pub from: String,
    /// Whose document it is.
    pub format: ImportFormat,
    /// Accepts what would be refused.
    pub force: bool,
    /// Compares only.
    pub dry_run: bool,
}

/// What an import found.
#[derive(Debug)]
pub struct ImportOutcome {
    /// The difference to the catalogue before.
    pub diff: ImportDiff,
    /// Entries of the document that were left out.
    pub skipped: Vec<Skipped>,
}

/// Imports a document and, unless it is a dry run, stores the models that change, all or none.
///
/// # Errors
/// A document that cannot be fetched or read; a catalogue that could not be built with it; a store that refuses.
pub async fn import_catalog(
    config: &Config,
    store: &Store,
    order: &ImportOrder,
    now: Timestamp,
) -> anyhow::Result<ImportOutcome> {
    let json = fetch(&order.from, &config.file.catalog).await.with_context(|| format!("cannot read {}", order.from))?;
    let builder = stored_builder(config, store, now).await?;
    let judged = order.clone();
    let outcome =
        tokio::task::spawn_blocking(move || compare(builder, &json, &judged, now)).await.context("import")??;
    if !order.dry_run && !outcome.diff.documents.is_empty() {
        store.catalog_put(&entries(&outcome.diff, now)?).await?;
    }
    Ok(outcome)
}

fn compare(
    mut builder: CatalogBuilder,
    json: &str,
    order: &ImportOrder,
    now: Timestamp,
) -> anyhow::Result<ImportOutcome> {
    let mapping: Mapping = serde_json::from_str(MAPPING).context("catalog/mapping.json")?;
    let (known, today) = (builder.build().context("catalogue")?, now.to_date());
    let imported = import(order.format, json, &known, &mapping, &today, &order.from)?;
    let rules = ImportRules { force: order.force, effective_from: today };
    let diff = diff(builder.models(), &imported.models, &rules)?;
    for stored in &diff.documents {
        builder.model(stored.document.clone());
    }
    builder.build().context("the imported models do not fit the catalogue")?;
    Ok(ImportOutcome { diff, skipped: imported.skipped })
}

fn entries(diff: &ImportDiff, now: Timestamp) -> anyhow::Result<Vec<NewCatalogEntry>> {
    let entry = |stored: &domain::catalog::import::StoredModel| {
        Ok(NewCatalogEntry {
            model_id: stored.document.id.clone(),
            // The moment tells apart prices that come back within a day.
            version: format!("{}-{}", now.micros(), stored.version),
            document: Some(serde_json::to_string(&stored.document)?),
            effective_from: now,
            at: now,
        })
    };
    diff.documents.iter().map(entry).collect()
}

async fn fetch(from: &str, limits: &CatalogSection) -> anyhow::Result<String> {
    let bytes = if from.starts_with("http://") || from.starts_with("https://") {
        tokio::time::timeout(limits.import_timeout, download(from, limits)).await.context("no answer in time")??
    } else {
        read_file(Path::new(from), limits.import_bytes).await?
    };
    String::from_utf8(bytes.into()).context("not UTF-8 text")
}

async fn read_file(path: &Path, most: usize) -> anyhow::Result<Bytes> {
    let file = tokio::fs::File::open(path).await?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).await?;
    ensure!(bytes.len() <= most, "larger than {most} bytes (catalog.import_bytes)");
    Ok(bytes.into())
}

async fn download(url: &str, limits: &CatalogSection) -> anyhow::Result<Bytes> {
    let request = Request::get(url)
        .header(header::ACCEPT, "application/json")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::USER_AGENT, concat!("portolan/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::new()))?;
    let response =
        UpstreamClient::new(limits.import_connect, 0, Duration::ZERO).send(request).await.context("no connection")?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
        bail!("the server redirects to {to}; give that address instead");
    }
    ensure!(status.is_success(), "the server answers {status}");
    match Limited::new(response.into_body(), limits.import_bytes).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => bail!("the document breaks off or is larger than {} bytes: {error}", limits.import_bytes),
    }
}

#[cfg(test)]
mod tests;
