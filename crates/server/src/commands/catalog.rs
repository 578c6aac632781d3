//! `portolan catalog sync | list`.

use super::open::Opened;
use super::say;
use crate::cli::{CatalogCommand, Shared};
use crate::wiring::{ImportOrder, ImportOutcome, build_catalog, import_catalog};
use comfy_table::Table;
use domain::catalog::{Catalog, Endpoint};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Runs a catalogue command. A running server takes changes over within a second.
pub async fn run(shared: &Shared, command: CatalogCommand) -> anyhow::Result<ExitCode> {
    let opened = Opened::open(shared).await?;
    match command {
        CatalogCommand::List => {
            let catalog = build_catalog(&opened.config, &opened.store, None, opened.clock.now()).await?;
            list(shared, &catalog);
        }
        CatalogCommand::Sync { from, format, dry_run, force } => {
            let order = ImportOrder { from, format, force, dry_run };
            let outcome = import_catalog(&opened.config, &opened.store, &order, opened.clock.now()).await?;
            show(shared, &order, &outcome)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(shared: &Shared, catalog: &Catalog) {
    if shared.quiet {
        catalog.models().iter().for_each(|model| say(&model.id));
        return;
    }
    if shared.json {
        let models: Vec<Value> = catalog
            .models()
            .iter()
            .map(|model| {
                let endpoints: Vec<Value> = model.endpoints.iter().map(|endpoint| endpoint_json(endpoint)).collect();
                json!({"id": model.id, "context_length": model.context_length, "endpoints": endpoints})
            })
            .collect();
        say(&Value::Array(models).to_string());
        return;
    }
    let mut table = table(&["model", "endpoint", "context", "prompt $/M", "completion $/M", "price version"]);
    for endpoint in catalog.models().iter().flat_map(|model| &model.endpoints) {
        table.add_row([
            endpoint.model_id.clone(),
            endpoint.tag.clone(),
            endpoint.context_length.to_string(),
            endpoint.price.prompt.to_usd_per_million(),
            endpoint.price.completion.to_usd_per_million(),
            endpoint.price_version.clone(),
        ]);
    }
    say(&table.to_string());
}

fn endpoint_json(endpoint: &Endpoint) -> Value {
    json!({
        "tag": endpoint.tag,
        "provider": endpoint.provider.slug,
        "context_length": endpoint.context_length,
        "prompt": endpoint.price.prompt.to_usd_per_million(),
        "completion": endpoint.price.completion.to_usd_per_million(),
        "price_version": endpoint.price_version,
    })
}

fn show(shared: &Shared, order: &ImportOrder, outcome: &ImportOutcome) -> anyhow::Result<()> {
    let diff = &outcome.diff;
    if shared.quiet {
        say(&diff.documents.len().to_string());
    } else if shared.json {
        say(&report(order, outcome)?.to_string());
    } else {
        if diff.added.len() + diff.changed.len() + diff.refused.len() > 0 {
            say(&difference(outcome).to_string());
        }
        for (reason, count) in reasons(outcome) {
            say(&format!("left out {count}: {reason}"));
        }
        say(&format!(
            "{} endpoints added, {} prices changed, {} endpoints unchanged, {} prices refused",
            diff.added.len(),
            diff.changed.len(),
            diff.unchanged,
            diff.refused.len()
        ));
        let stored = if order.dry_run { "would change; nothing is stored in a dry run" } else { "stored" };
        say(&format!("{} models {stored}", diff.documents.len()));
        if !diff.refused.is_empty() {
            say("refused prices stay as they were; --force accepts them");
        }
    }
    Ok(())
}

fn report(order: &ImportOrder, outcome: &ImportOutcome) -> anyhow::Result<Value> {
    let diff = &outcome.diff;
    let models: Vec<Value> =
        diff.documents.iter().map(|stored| json!({"id": stored.document.id, "version": stored.version})).collect();
    let skipped: Vec<Value> =
        outcome.skipped.iter().map(|skipped| json!({"id": skipped.id, "reason": skipped.reason.to_string()})).collect();
    Ok(json!({
        "added": serde_json::to_value(&diff.added)?,
        "changed": serde_json::to_value(&diff.changed)?,
        "refused": serde_json::to_value(&diff.refused)?,
        "unchanged": diff.unchanged,
        "skipped": skipped,
        "models": models,
        "stored": !order.dry_run,
    }))
}

/// One row for each endpoint or price that differs. Prices are USD per million tokens, or per item.
fn difference(outcome: &ImportOutcome) -> Table {
    let diff = &outcome.diff;
    let text = |price: &Option<String>| price.clone().unwrap_or_else(|| "–".to_owned());
    let mut table = table(&["", "model", "endpoint", "price", "from", "to"]);
    for added in &diff.added {
        let what = if added.new_model { "new model" } else { "new endpoint" };
        let prices = format!("{} / {}", added.prompt, added.completion);
        table.add_row(["+", &added.model, &added.endpoint_tag, what, "–", &prices]);
    }
    for change in &diff.changed {
        let (from, to) = (text(&change.from), text(&change.to));
        table.add_row(["~", &change.model, &change.endpoint_tag, &change.field, &from, &to]);
    }
    for refusal in &diff.refused {
        let to = format!("{} refused: {}", text(&refusal.to), refusal.reason);
        table.add_row(["!", &refusal.model, &refusal.endpoint_tag, &refusal.field, &text(&refusal.from), &to]);
    }
    table
}

fn reasons(outcome: &ImportOutcome) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for skipped in &outcome.skipped {
        *counts.entry(skipped.reason.to_string()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.iter().copied());
    table
}
