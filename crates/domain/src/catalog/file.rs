//! The catalogue's documents: shipped JSON, the operator's TOML and importers all produce these structs.

use super::{DataPolicy, Family, Quirks};
use crate::money::PriceSheetText;
use std::collections::BTreeMap;

/// How the credential travels, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthText {
    /// `bearer`, `x-api-key`, `x-goog-api-key`, `api-key`, `none`, or a scheme without adapter (`sigv4`, `oauth`, …).
    pub style: String,
    /// Another header name for the bare key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// A provider, as written in `catalog/providers.json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderText {
    /// Lower-case handle.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Wire format family.
    pub dialect: Family,
    /// Base address, without trailing slash.
    #[serde(default)]
    pub base_url: Option<String>,
    /// How the credential travels.
    #[serde(default)]
    pub auth: AuthText,
    /// Environment variables that usually hold the credential.
    #[serde(default)]
    pub key_env: Vec<String>,
    /// Fixed request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Public privacy policy.
    #[serde(default)]
    pub privacy_policy_url: Option<String>,
    /// Public terms.
    #[serde(default)]
    pub terms_of_service_url: Option<String>,
    /// Public status page.
    #[serde(default)]
    pub status_page_url: Option<String>,
    /// ISO country code.
    #[serde(default)]
    pub headquarters: Option<String>,
    /// ISO country codes.
    #[serde(default)]
    pub datacenters: Vec<String>,
    /// What it does with prompts.
    #[serde(default)]
    pub data_policy: Option<DataPolicy>,
    /// Whether closing a stream stops the provider's meter.
    #[serde(default)]
    pub stops_billing_on_cancel: bool,
    /// Deviations of the wire format.
    #[serde(default)]
    pub quirks: Quirks,
    /// Where the facts come from.
    #[serde(default)]
    pub source: String,
    /// When they were read, `YYYY-MM-DD`.
    #[serde(default)]
    pub date: String,
}

/// How reasoning is controlled, as written and as served in the model document.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReasoningText {
    /// Cannot be switched off.
    pub mandatory: bool,
    /// Effort levels that are understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supported_efforts: Option<Vec<String>>,
    /// Level when none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_effort: Option<String>,
    /// On when nothing is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_enabled: Option<bool>,
    /// A token budget is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports_max_tokens: Option<bool>,
}

/// How good a model is, as somebody measured it; what the automatic router ranks by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityText {
    /// The tier, best first.
    pub tier: QualityTier,
    /// Where the measurement was read.
    pub source: String,
    /// When it was read, `YYYY-MM-DD`.
    pub date: String,
}

/// A quality tier. Models without one rank below all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QualityTier {
    /// The lowest third.
    Low,
    /// The middle third.
    Medium,
    /// The best third.
    High,
}

/// A model, as written in `catalog/models/*.json` and under `[[models]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelText {
    /// `author/slug[:variant]`.
    pub id: String,
    /// Dated, permanent form; the id itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical_slug: Option<String>,
    /// Display name; the id itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unix seconds of publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// One or two sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tokens of prompt and answer together.
    pub context_length: u64,
    /// Longest answer in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u64>,
    /// Input modalities; `["text"]` when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_modalities: Vec<String>,
    /// Output modalities; `["text"]` when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_modalities: Vec<String>,
    /// Request parameters that are supported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_parameters: Vec<String>,
    /// Tokenizer family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<String>,
    /// Prompt format of instruct models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruct_type: Option<String>,
    /// Hugging Face repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hugging_face_id: Option<String>,
    /// `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge_cutoff: Option<String>,
    /// `YYYY-MM-DD` after which the model is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
    /// How reasoning is controlled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<ReasoningText>,
    /// Whether its author allows other models to be trained on its answers; unknown when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillable: Option<bool>,
    /// How good it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityText>,
    /// Other ids that mean this model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where the facts come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When they were read, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Who serves it.
    #[serde(default)]
    pub endpoints: Vec<EndpointText>,
}

/// An endpoint, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointText {
    /// Provider slug.
    pub provider: String,
    /// The model's name at the provider.
    pub upstream_id: String,
    /// Unique within the model; the provider slug when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Static variant of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Service tier of the endpoint (`priority`, `flex`, …); the ordinary one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// Weight format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<String>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// When different from the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// When different from the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u64>,
    /// Longest prompt in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_prompt_tokens: Option<u64>,
    /// When different from the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_parameters: Option<Vec<String>>,
    /// When different from the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_modalities: Option<Vec<String>>,
    /// Prices.
    pub price: PriceSheetText,
    /// When different from the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_policy: Option<DataPolicy>,
    /// Whether the provider caches prompts unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supports_implicit_caching: Option<bool>,
    /// `YYYY-MM-DD` from which the prices hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Where the prices come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When they were read, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}
