//! Building a [`Catalog`] from documents: shipped data first, overlays later, checked as a whole.

use super::file::{AuthText, EndpointText, ModelText, ProviderText};
use super::{AuthStyle, Catalog, Endpoint, Family, Model, Provider, Slug};
use crate::money::{PriceError, PriceSheet};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A document that cannot become part of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The model id is malformed.
    #[error("{id:?} is not a valid model id")]
    ModelId {
        /// What was written.
        id: String,
    },
    /// An endpoint names a provider that does not exist.
    #[error("model {model} names the unknown provider {provider:?}")]
    UnknownProvider {
        /// The model.
        model: String,
        /// The provider that was named.
        provider: String,
    },
    /// Two endpoints of a model share a tag.
    #[error("model {model} has two endpoints tagged {tag:?}")]
    DuplicateTag {
        /// The model.
        model: String,
        /// The tag.
        tag: String,
    },
    /// A price cannot be used.
    #[error("price of {model} at {provider}")]
    Price {
        /// The model.
        model: String,
        /// The provider.
        provider: String,
        /// What is wrong with it.
        #[source]
        source: PriceError,
    },
}

/// Collects documents; a later document replaces an earlier one with the same slug or id.
#[derive(Debug, Default)]
pub struct CatalogBuilder {
    providers: BTreeMap<String, ProviderText>,
    models: BTreeMap<String, ModelText>,
}

impl CatalogBuilder {
    /// Adds or replaces a provider.
    pub fn provider(&mut self, provider: ProviderText) -> &mut Self {
        self.providers.insert(provider.slug.clone(), provider);
        self
    }

    /// The provider document with this slug, to be changed in place (an operator overrides single fields).
    pub fn provider_mut(&mut self, slug: &str) -> Option<&mut ProviderText> {
        self.providers.get_mut(slug)
    }

    /// Adds or replaces a model.
    pub fn model(&mut self, model: ModelText) -> &mut Self {
        self.models.insert(model.id.clone(), model);
        self
    }

    /// The collected model documents, sorted by id.
    pub fn models(&self) -> impl Iterator<Item = &ModelText> {
        self.models.values()
    }

    /// The collected provider documents, sorted by slug.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderText> {
        self.providers.values()
    }

    /// Checks everything and builds the immutable catalogue.
    ///
    /// # Errors
    /// The first [`BuildError`]; nothing is half-built.
    pub fn build(&self) -> Result<Catalog, BuildError> {
        let mut catalog = Catalog::default();
        for text in self.providers.values() {
            catalog.by_slug.insert(text.slug.clone(), catalog.providers.len());
            catalog.providers.push(Arc::new(provider(text)));
        }
        let mut aliases: HashMap<String, usize> = HashMap::new();
        for text in self.models.values() {
            let at = catalog.models.len();
            let model = model(text, &catalog)?;
            for alias in text.aliases.iter().chain([&model.canonical_slug]) {
                aliases.entry(alias.clone()).or_insert(at);
            }
            catalog.by_id.insert(model.id.clone(), at);
            catalog.models.push(Arc::new(model));
        }
        for (alias, at) in aliases {
            catalog.by_id.entry(alias).or_insert(at);
        }
        Ok(catalog)
    }
}

fn auth(text: &AuthText) -> AuthStyle {
    match (text.header.as_deref(), text.style.as_str()) {
        (Some(header), _) => AuthStyle::Header(header.to_ascii_lowercase()),
        (None, "" | "bearer") => AuthStyle::Bearer,
        (None, style @ ("x-api-key" | "x-goog-api-key" | "api-key")) => AuthStyle::Header(style.to_owned()),
        (None, "none") => AuthStyle::None,
        (None, _) => AuthStyle::Unsupported,
    }
}

fn provider(text: &ProviderText) -> Provider {
    Provider {
        slug: text.slug.clone(),
        name: text.name.clone(),
        family: text.dialect,
        base_url: text.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
        auth: auth(&text.auth),
        key_env: text.key_env.clone(),
        headers: text.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect(),
        privacy_policy_url: text.privacy_policy_url.clone(),
        terms_of_service_url: text.terms_of_service_url.clone(),
        status_page_url: text.status_page_url.clone(),
        headquarters: text.headquarters.clone(),
        datacenters: text.datacenters.clone(),
        data_policy: text.data_policy.unwrap_or_default(),
        stops_billing_on_cancel: text.stops_billing_on_cancel,
        quirks: text.quirks.clone(),
    }
}

fn model(text: &ModelText, catalog: &Catalog) -> Result<Model, BuildError> {
    let slug = Slug::parse(&text.id).map_err(|_error| BuildError::ModelId { id: text.id.clone() })?;
    if slug.model != text.id {
        return Err(BuildError::ModelId { id: text.id.clone() });
    }
    let mut tags = HashSet::new();
    let mut endpoints = Vec::with_capacity(text.endpoints.len());
    for written in &text.endpoints {
        let endpoint = endpoint(written, text, catalog)?;
        if !tags.insert(endpoint.tag.clone()) {
            return Err(BuildError::DuplicateTag { model: text.id.clone(), tag: endpoint.tag });
        }
        endpoints.push(Arc::new(endpoint));
    }
    Ok(Model {
        id: text.id.clone(),
        canonical_slug: text.canonical_slug.clone().unwrap_or_else(|| text.id.clone()),
        name: text.name.clone().unwrap_or_else(|| text.id.clone()),
        created: text.created.unwrap_or(0),
        description: text.description.clone().unwrap_or_default(),
        context_length: text.context_length,
        max_completion_tokens: text.max_completion_tokens,
        input_modalities: or_text(&text.input_modalities),
        output_modalities: or_text(&text.output_modalities),
        supported_parameters: text.supported_parameters.clone(),
        tokenizer: text.tokenizer.clone().unwrap_or_else(|| "Other".to_owned()),
        instruct_type: text.instruct_type.clone(),
        hugging_face_id: text.hugging_face_id.clone(),
        knowledge_cutoff: text.knowledge_cutoff.clone(),
        expiration_date: text.expiration_date.clone(),
        reasoning: text.reasoning.clone(),
        distillable: text.distillable,
        quality: text.quality.clone(),
        endpoints,
        stands_for: None,
    })
}

fn endpoint(text: &EndpointText, model: &ModelText, catalog: &Catalog) -> Result<Endpoint, BuildError> {
    let provider = catalog
        .provider(&text.provider)
        .ok_or_else(|| BuildError::UnknownProvider { model: model.id.clone(), provider: text.provider.clone() })?;
    let price = PriceSheet::try_from(&text.price).map_err(|source| BuildError::Price {
        model: model.id.clone(),
        provider: text.provider.clone(),
        source,
    })?;
    Ok(Endpoint {
        model_id: model.id.clone(),
        provider: Arc::clone(provider),
        upstream_id: text.upstream_id.clone(),
        tag: text.tag.clone().unwrap_or_else(|| text.provider.clone()),
        service_tier: text.service_tier.clone(),
        quantization: text.quantization.clone(),
        region: text.region.clone(),
        context_length: text.context_length.unwrap_or(model.context_length),
        max_completion_tokens: text.max_completion_tokens.or(model.max_completion_tokens),
        max_prompt_tokens: text.max_prompt_tokens,
        supported_parameters: text.supported_parameters.clone().unwrap_or_else(|| model.supported_parameters.clone()),
        input_modalities: text.input_modalities.clone().unwrap_or_else(|| or_text(&model.input_modalities)),
        price_version: price_version(&price),
        price: Arc::new(price),
        data_policy: text.data_policy.unwrap_or(provider.data_policy),
        supports_implicit_caching: text.supports_implicit_caching.unwrap_or(false),
    })
}

fn or_text(modalities: &[String]) -> Vec<String> {
    if modalities.is_empty() { vec!["text".to_owned()] } else { modalities.to_vec() }
}

fn price_version(price: &PriceSheet) -> String {
    let text = serde_json::to_vec(price).unwrap_or_default();
    hex::encode(Sha256::digest(text).get(..8).unwrap_or_default())
}

impl Family {
    /// Whether this build has an adapter for the family.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        !matches!(self, Self::Unsupported)
    }
}

#[cfg(test)]
mod tests;
