//! The shipped catalogue, served and imported again.

use super::{DATE, rules};
use crate::catalog::file::ModelText;
use crate::catalog::import::{ImportFormat, Mapping, diff, import};
use crate::catalog::{Catalog, CatalogBuilder, Endpoint, Model};
use crate::money::{PriceOverride, PriceSheet, UnitPrice};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shipped() -> CatalogBuilder {
    let mut builder = CatalogBuilder::default();
    let providers: Vec<crate::catalog::file::ProviderText> =
        serde_json::from_str(&read(&folder().join("providers.json"))).expect("providers");
    for provider in providers {
        builder.provider(provider);
    }
    for entry in std::fs::read_dir(folder().join("models")).expect("models") {
        let models: Vec<ModelText> = serde_json::from_str(&read(&entry.expect("entry").path())).expect("models");
        for model in models {
            builder.model(model);
        }
    }
    builder
}

fn mapping() -> Mapping {
    serde_json::from_str(&read(&folder().join("mapping.json"))).expect("mapping")
}

/// Prices as lists publish them: decimal texts in USD per unit.
fn pricing(sheet: &PriceSheet) -> Value {
    let Ok(Value::Object(fields)) = serde_json::to_value(PriceSheet { overrides: Vec::new(), ..sheet.clone() }) else {
        panic!("object")
    };
    let mut served = per_unit(fields);
    if !sheet.overrides.is_empty() {
        served.insert("overrides".to_owned(), sheet.overrides.iter().map(rule).collect());
    }
    Value::Object(served)
}

fn rule(over: &PriceOverride) -> Value {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(over) else { panic!("object") };
    fields.remove("min_prompt_tokens");
    let mut served = per_unit(fields);
    served.insert("min_prompt_tokens".to_owned(), json!(over.min_prompt_tokens));
    Value::Object(served)
}

fn per_unit(fields: Map<String, Value>) -> Map<String, Value> {
    let price = |femtos: &Value| Some(json!(UnitPrice::from_femtos(femtos.as_i64()?).to_usd_per_unit()));
    fields.into_iter().filter_map(|(name, femtos)| Some((name, price(&femtos)?))).collect()
}

fn listed(model: &Model, endpoint: &Endpoint) -> Value {
    json!({"id": model.id, "canonical_slug": model.canonical_slug, "name": model.name, "context_length": model.context_length,
        "architecture": {"input_modalities": model.input_modalities, "output_modalities": model.output_modalities, "tokenizer": model.tokenizer},
        "pricing": pricing(&endpoint.price), "top_provider": {"context_length": endpoint.context_length}})
}

fn endpoints(model: &Model) -> Value {
    let shown = |endpoint: &std::sync::Arc<Endpoint>| {
        json!({"tag": endpoint.tag, "provider_name": endpoint.provider.name,
        "context_length": endpoint.context_length, "pricing": pricing(&endpoint.price), "quantization": endpoint.quantization})
    };
    json!({"data": {"id": model.id, "name": model.name, "endpoints": model.endpoints.iter().map(shown).collect::<Vec<_>>()}})
}

fn unchanged(document: &Value, known: &Catalog, builder: &CatalogBuilder) -> usize {
    let imported =
        import(ImportFormat::OpenRouter, &document.to_string(), known, &mapping(), DATE, "own list").expect("readable");
    assert_eq!(imported.skipped, []);
    let result = diff(builder.models(), &imported.models, &rules()).expect("prices");
    assert_eq!((&result.added[..], &result.changed[..], &result.refused[..]), (&[][..], &[][..], &[][..]));
    assert!(result.documents.is_empty());
    result.unchanged
}

#[test]
fn importing_what_every_model_serves_changes_nothing() {
    let builder = shipped();
    let known = builder.build().expect("catalogue");
    let documents: Vec<Value> = known.models().iter().map(|model| endpoints(model)).collect();
    let served: usize = known.models().iter().map(|model| model.endpoints.len()).sum();
    assert_eq!(unchanged(&json!(documents), &known, &builder), served);
}

#[test]
fn importing_the_list_changes_nothing() {
    let builder = shipped();
    let known = builder.build().expect("catalogue");
    let resold = |model: &std::sync::Arc<Model>| {
        let endpoint = model.endpoints.iter().find(|endpoint| endpoint.tag == "openrouter")?;
        Some(listed(model, endpoint))
    };
    let models: Vec<Value> = known.models().iter().filter_map(resold).collect();
    assert!(models.len() > 200, "{} models", models.len());
    assert_eq!(unchanged(&json!({"data": models}), &known, &builder), models.len());
}

#[test]
fn the_mapping_names_models_and_providers_of_the_catalogue() {
    let known = shipped().build().expect("catalogue");
    let mapping = mapping();
    for id in mapping.litellm.values().chain(mapping.models_dev.values()) {
        assert!(known.model(id).is_some(), "{id}");
    }
    for slug in mapping.providers.litellm.values().chain(mapping.providers.models_dev.values()) {
        assert!(known.provider(slug).is_some(), "{slug}");
    }
}
