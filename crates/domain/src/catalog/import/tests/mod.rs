//! Documents of each format in, catalogue documents and a difference out.

mod difference;
mod formats;
mod shipped;

use super::{ImportDiff, ImportFormat, ImportRules, Imported, Mapping, diff, import};
use crate::catalog::file::{ModelText, ProviderText};
use crate::catalog::{Catalog, CatalogBuilder};
use serde_json::{Value, json};

const DATE: &str = "2026-11-21";
const SOURCE: &str = "prices.json";

fn rules() -> ImportRules {
    ImportRules { force: false, effective_from: DATE.to_owned() }
}

fn force() -> ImportRules {
    ImportRules { force: true, ..rules() }
}

/// Two models at `acme` and `beta`, one of them also at `openrouter`, and a free variant.
fn documents() -> CatalogBuilder {
    let mut builder = CatalogBuilder::default();
    for (slug, name) in [("acme", "Acme"), ("beta", "Beta Cloud"), ("azure", "Azure"), ("openrouter", "OpenRouter")] {
        let text = json!({"slug": slug, "name": name, "dialect": "openai", "base_url": "http://127.0.0.1/v1"});
        builder.provider(serde_json::from_value::<ProviderText>(text).expect("provider"));
    }
    let one = json!({"id": "a/one", "context_length": 1000, "canonical_slug": "a/one-20260101", "name": "One", "endpoints": [
        {"provider": "acme", "upstream_id": "one", "price": {"prompt": "1.00", "completion": "2.00", "input_cache_read": "0.10",
            "web_search": "0.01", "overrides": [{"min_prompt_tokens": 500, "prompt": "2.00"}]}, "source": "list", "date": "2026-01-01"},
        {"provider": "beta", "tag": "beta/eu", "region": "eu", "upstream_id": "eu.one", "price": {"prompt": "1.50", "completion": "2.50"}},
        {"provider": "openrouter", "upstream_id": "a/one", "price": {"prompt": "1.00", "completion": "2.00"}},
    ]});
    let two = json!({"id": "a/two", "context_length": 1000, "endpoints": [
        {"provider": "azure", "upstream_id": "two", "price": {"prompt": "1", "completion": "1"}},
        {"provider": "azure", "tag": "azure/eu", "region": "eu", "upstream_id": "two", "price": {"prompt": "1.1", "completion": "1.1"}},
    ]});
    let free = json!({"id": "a/one:free", "context_length": 1000, "endpoints": [
        {"provider": "openrouter", "upstream_id": "a/one:free", "price": {"prompt": "0", "completion": "0"}},
    ]});
    for model in [one, two, free] {
        builder.model(serde_json::from_value::<ModelText>(model).expect("model"));
    }
    builder
}

fn mapping() -> Mapping {
    serde_json::from_value(json!({
        "litellm": {"acme/one": "a/one", "acme/one-2026": "a/one", "beta/eu.one": "a/one", "azure/two": "a/two", "azure/eu/two": "a/two",
            "azure/us/two": "a/two", "azure/global/two": "a/two", "zeta/one": "a/one", "acme/new": "b/new"},
        "models.dev": {"acme/one": "a/one", "beta/big-two": "a/two", "zeta/one": "a/one", "acme/new": "b/new"},
        "providers": {"litellm": {"acme": "acme", "beta": "beta", "azure": "azure", "zeta": "zeta"},
            "models.dev": {"acme": "acme", "beta": "beta", "openrouter": "openrouter"}},
    }))
    .expect("mapping")
}

fn catalog() -> Catalog {
    documents().build().expect("catalogue")
}

fn imported(format: ImportFormat, document: &Value) -> Imported {
    import_text(format, &document.to_string())
}

fn import_text(format: ImportFormat, json: &str) -> Imported {
    import(format, json, &catalog(), &mapping(), DATE, SOURCE).expect("readable")
}

fn compared(models: &[ModelText], rules: &ImportRules) -> ImportDiff {
    diff(documents().models(), models, rules).expect("prices")
}

fn reasons(imported: &Imported) -> Vec<(&str, String)> {
    imported.skipped.iter().map(|skipped| (skipped.id.as_str(), skipped.reason.to_string())).collect()
}
