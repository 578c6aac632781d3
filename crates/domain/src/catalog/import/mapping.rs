//! What ties the names of other sources to ours: `catalog/mapping.json`.

use super::ImportFormat;
use std::collections::BTreeMap;

/// Names of other sources and the catalogue's, as written in `catalog/mapping.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Keys of the LiteLLM price map, by key, to model ids.
    pub litellm: BTreeMap<String, String>,
    /// `provider/model` of models.dev to model ids.
    #[serde(rename = "models.dev")]
    pub models_dev: BTreeMap<String, String>,
    /// Names of providers.
    pub providers: ProviderMapping,
}

/// Provider names of other sources to provider slugs.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderMapping {
    /// `litellm_provider` of the price map.
    pub litellm: BTreeMap<String, String>,
    /// Top-level keys of models.dev.
    #[serde(rename = "models.dev")]
    pub models_dev: BTreeMap<String, String>,
}

impl Mapping {
    /// The model id behind a source's name of a model. OpenRouter's ids are ours.
    pub(super) fn model<'a>(&'a self, format: ImportFormat, key: &'a str) -> Option<&'a str> {
        match format {
            ImportFormat::OpenRouter => Some(key),
            ImportFormat::LiteLlm => self.litellm.get(key).map(String::as_str),
            ImportFormat::ModelsDev => self.models_dev.get(key).map(String::as_str),
        }
    }

    /// The provider slug behind a source's name of a provider.
    pub(super) fn provider<'a>(&'a self, format: ImportFormat, name: &'a str) -> Option<&'a str> {
        match format {
            ImportFormat::OpenRouter => Some(name),
            ImportFormat::LiteLlm => self.providers.litellm.get(name).map(String::as_str),
            ImportFormat::ModelsDev => self.providers.models_dev.get(name).map(String::as_str),
        }
    }

    /// What a provider calls a model, where models.dev knows exactly one name.
    pub(super) fn upstream_id(&self, provider: &str, model: &str) -> Option<&str> {
        let mut names = self.models_dev.iter().filter(|(_, id)| *id == model).filter_map(|(key, _)| {
            let (name, upstream) = key.split_once('/')?;
            (self.providers.models_dev.get(name)? == provider).then_some(upstream)
        });
        let first = names.next()?;
        names.next().is_none().then_some(first)
    }
}
