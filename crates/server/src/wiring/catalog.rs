//! The catalogue in force: shipped documents, stored imports, the operator's file, the demonstration models.

use super::demo::Demo;
use crate::config::{Config, ConfigError, ProviderSection};
use anyhow::Context;
use domain::catalog::file::{ModelText, ProviderText};
use domain::catalog::{BuildError, Catalog, CatalogBuilder, Family};
use domain::time::Timestamp;
use rust_embed::RustEmbed;
use store::Store;

#[derive(RustEmbed)]
#[folder = "../../catalog"]
#[include = "providers.json"]
#[include = "models/*.json"]
struct Shipped;

/// Builds the catalogue in force at `now`.
///
/// # Errors
/// The first document that cannot be used, with its place.
pub async fn build_catalog(
    config: &Config,
    store: &Store,
    demo: Option<&Demo>,
    now: Timestamp,
) -> anyhow::Result<Catalog> {
    let mut builder = stored_builder(config, store, now).await?;
    // The operator's own words come last and win.
    for model in &config.file.models {
        builder.model(model.clone());
    }
    if let Some(demo) = demo {
        demo.add_to(&mut builder)?;
    }
    builder.build().map_err(|error| match error {
        BuildError::UnknownProvider { model, provider } if config.file.models.iter().any(|own| own.id == model) => {
            let problem =
                format!("names the provider {provider:?}, which is neither in the catalogue nor in this file");
            ConfigError::Value { key: format!("models: {model:?}"), problem }.into()
        }
        error => anyhow::Error::new(error).context("catalogue"),
    })
}

/// The shipped documents with what imports stored over them, before private models.
///
/// # Errors
/// The first document that cannot be read, with its place.
pub async fn stored_builder(config: &Config, store: &Store, now: Timestamp) -> anyhow::Result<CatalogBuilder> {
    let mut builder = base_builder(config)?;
    for entry in store.catalog_current(now).await? {
        if let Some(document) = &entry.document {
            let model: ModelText = serde_json::from_str(document)
                .with_context(|| format!("stored catalogue entry {} version {}", entry.model_id, entry.version))?;
            builder.model(model);
        }
    }
    Ok(builder)
}

/// The shipped documents with the operator's providers, before imports and private models.
///
/// # Errors
/// A shipped document that cannot be read, or an unknown provider without a dialect.
pub fn base_builder(config: &Config) -> anyhow::Result<CatalogBuilder> {
    let mut builder = CatalogBuilder::default();
    for name in Shipped::iter() {
        let Some(file) = Shipped::get(&name) else { continue };
        if name == "providers.json" {
            let providers: Vec<ProviderText> = serde_json::from_slice(&file.data).context("catalog/providers.json")?;
            for provider in providers {
                builder.provider(provider);
            }
        } else if config.file.catalog.shipped {
            let models: Vec<ModelText> =
                serde_json::from_slice(&file.data).with_context(|| format!("catalog/{name}"))?;
            for model in models {
                builder.model(model);
            }
        }
    }
    for (slug, section) in &config.file.providers {
        // A variable's name has no hyphens: `google_ai_studio` means the provider with them.
        let hyphened = slug.replace('_', "-");
        let name = if builder.provider_mut(slug).is_some() { slug } else { &hyphened };
        match builder.provider_mut(name) {
            Some(known) => apply(known, section),
            None => {
                builder.provider(private(slug, section)?);
            }
        }
    }
    Ok(builder)
}

fn private(slug: &str, section: &ProviderSection) -> Result<ProviderText, ConfigError> {
    let missing = |what: &str| ConfigError::Value {
        key: format!("providers.{slug}.{what}"),
        problem: "is needed for a provider that the catalogue does not know".to_owned(),
    };
    let dialect = section.dialect.ok_or_else(|| missing("dialect"))?;
    if dialect == Family::Unsupported {
        return Err(ConfigError::Value {
            key: format!("providers.{slug}.dialect"),
            problem: "must be openai, openai-responses, anthropic or gemini".to_owned(),
        });
    }
    let auth = match dialect {
        Family::Anthropic => "x-api-key",
        Family::Gemini => "x-goog-api-key",
        Family::OpenAi | Family::OpenAiResponses | Family::Unsupported => "bearer",
    };
    let mut provider = ProviderText {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        dialect,
        base_url: Some(section.base_url.clone().ok_or_else(|| missing("base_url"))?),
        auth: domain::catalog::file::AuthText { style: auth.to_owned(), header: None },
        key_env: Vec::new(),
        headers: std::collections::BTreeMap::new(),
        privacy_policy_url: None,
        terms_of_service_url: None,
        status_page_url: None,
        headquarters: None,
        datacenters: Vec::new(),
        data_policy: None,
        stops_billing_on_cancel: false,
        quirks: domain::catalog::Quirks::default(),
        source: "configuration".to_owned(),
        date: String::new(),
    };
    if dialect == Family::Anthropic {
        provider.headers.insert("anthropic-version".to_owned(), "2023-06-01".to_owned());
    }
    apply(&mut provider, section);
    Ok(provider)
}

fn apply(provider: &mut ProviderText, section: &ProviderSection) {
    if let Some(name) = &section.name {
        provider.name.clone_from(name);
    }
    provider.dialect = section.dialect.unwrap_or(provider.dialect);
    if section.base_url.is_some() {
        provider.base_url.clone_from(&section.base_url);
    }
    if let Some(auth) = &section.auth {
        provider.auth = auth.clone();
    }
    provider.headers.extend(section.headers.clone());
    if let Some(quirks) = &section.quirks {
        provider.quirks = quirks.clone();
    }
    provider.data_policy = section.data_policy.or(provider.data_policy);
    provider.stops_billing_on_cancel = section.stops_billing_on_cancel.unwrap_or(provider.stops_billing_on_cancel);
}

#[cfg(test)]
mod tests {
    use super::base_builder;
    use crate::config::Config;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn the_shipped_catalogue_builds_and_has_the_promised_size() {
        let config = Config::parse("", None, Path::new("data"), &BTreeMap::new()).expect("defaults");
        let catalog = base_builder(&config).expect("documents").build().expect("catalogue");
        let free = catalog.models().iter().filter(|model| model.id.ends_with(":free")).count();
        assert!(catalog.providers().len() >= 60, "{} providers", catalog.providers().len());
        assert!(catalog.models().len() >= 340, "{} models", catalog.models().len());
        assert!(free >= 25, "{free} free models");
        for model in catalog.models().iter().filter(|model| model.id.ends_with(":free")) {
            assert!(model.is_free(), "{} costs something", model.id);
        }
    }
}
