//! The catalogue: providers, models, endpoints and prices, as data.
//!
//! [`mod@file`] holds the structs of the JSON and TOML documents, [`Catalog`] the immutable form that the router reads. A new
//! catalogue is built whole, checked, and swapped in atomically; nothing in here changes in place.

mod build;
pub mod file;
pub mod import;
mod slug;

pub use build::{BuildError, CatalogBuilder};
pub use slug::{Slug, SlugError, Variant};

use crate::money::PriceSheet;
use crate::route::Router;
use std::collections::HashMap;
use std::sync::Arc;

/// The wire format family that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// OpenAI chat completions and everything that imitates it.
    OpenAi,
    /// OpenAI Responses, stateless.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
    /// A format that no adapter of this build speaks; listed, never called.
    #[serde(other)]
    Unsupported,
}

/// How the credential travels to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthStyle {
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header that holds the bare key.
    Header(String),
    /// No credential (local servers).
    None,
    /// A scheme that no adapter of this build speaks.
    Unsupported,
}

/// Where a provider of the OpenAI family differs from the original.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// The field for the output limit: `max_completion_tokens` or `max_tokens`.
    pub max_tokens_field: String,
    /// Request parameters that the provider rejects; they are left out.
    pub drop: Vec<String>,
    /// How usage is asked for on streams: `stream_options`, `always` (sent unasked) or `never`.
    pub stream_usage: String,
    /// The answer's field that carries reasoning text, if any.
    pub reasoning_field: Option<String>,
    /// Whether the `developer` role is understood; else it is sent as `system`.
    pub developer_role: bool,
    /// Whether unknown request fields are forwarded; else dropped.
    pub forward_unknown: bool,
    /// Whether `strict` on tools is understood.
    pub tool_strict: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            max_tokens_field: "max_tokens".to_owned(),
            drop: Vec::new(),
            stream_usage: "stream_options".to_owned(),
            reasoning_field: Some("reasoning_content".to_owned()),
            developer_role: false,
            forward_unknown: true,
            tool_strict: true,
        }
    }
}

/// What a provider does with prompts. `None` = not published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataPolicy {
    /// Trains on prompts.
    pub training: Option<bool>,
    /// Stores prompts.
    pub retains_prompts: Option<bool>,
    /// For how many days.
    pub retention_days: Option<u32>,
    /// Offers zero data retention.
    pub zdr: Option<bool>,
    /// Publishes prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publishes: Option<bool>,
}

/// A provider as the catalogue knows it (no credentials).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Lower-case handle, e.g. `openai`.
    pub slug: String,
    /// Display name, the `provider` field of answers.
    pub name: String,
    /// Wire format.
    pub family: Family,
    /// Base address of the API without trailing slash; `None` when the operator must give it.
    pub base_url: Option<String>,
    /// How the credential travels.
    pub auth: AuthStyle,
    /// Environment variables that usually hold the credential.
    pub key_env: Vec<String>,
    /// Fixed request headers.
    pub headers: Vec<(String, String)>,
    /// Public privacy policy.
    pub privacy_policy_url: Option<String>,
    /// Public terms.
    pub terms_of_service_url: Option<String>,
    /// Public status page.
    pub status_page_url: Option<String>,
    /// ISO country code.
    pub headquarters: Option<String>,
    /// ISO country codes.
    pub datacenters: Vec<String>,
    /// What it does with prompts.
    pub data_policy: DataPolicy,
    /// Whether closing a stream stops the provider's meter.
    pub stops_billing_on_cancel: bool,
    /// Deviations of the wire format.
    pub quirks: Quirks,
}

/// A model that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// `author/slug[:variant]`.
    pub id: String,
    /// The dated, permanent form of the id.
    pub canonical_slug: String,
    /// Display name.
    pub name: String,
    /// Unix seconds of publication; 0 when unknown.
    pub created: i64,
    /// One or two sentences.
    pub description: String,
    /// Tokens of prompt and answer together.
    pub context_length: u64,
    /// Longest answer in tokens.
    pub max_completion_tokens: Option<u64>,
    /// `text`, `image`, `file`, `audio`, `video`.
    pub input_modalities: Vec<String>,
    /// `text`, `image`, `embeddings`, ….
    pub output_modalities: Vec<String>,
    /// Request parameters that at least one endpoint supports.
    pub supported_parameters: Vec<String>,
    /// Tokenizer family.
    pub tokenizer: String,
    /// Prompt format of instruct models.
    pub instruct_type: Option<String>,
    /// Hugging Face repository.
    pub hugging_face_id: Option<String>,
    /// `YYYY-MM` or `YYYY-MM-DD`.
    pub knowledge_cutoff: Option<String>,
    /// `YYYY-MM-DD` after which the model is gone.
    pub expiration_date: Option<String>,
    /// How reasoning is controlled.
    pub reasoning: Option<file::ReasoningText>,
    /// Whether its author allows other models to be trained on its answers.
    pub distillable: Option<bool>,
    /// How good it is, as somebody measured it.
    pub quality: Option<file::QualityText>,
    /// Who serves it; never empty in a built catalogue.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// Set in lists only: this is no model of the catalogue but an id that leads to one.
    pub stands_for: Option<StandsFor>,
}

/// What an id of a list stands for that is no model itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandsFor {
    /// A choice among models.
    Router(Router),
    /// The newest model of a family.
    Newest {
        /// Its id.
        slug: String,
        /// Its display name.
        name: String,
    },
}

/// One provider's offer of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Id of the model it belongs to.
    pub model_id: String,
    /// The provider.
    pub provider: Arc<Provider>,
    /// The model's name at the provider.
    pub upstream_id: String,
    /// Unique within the model: the provider slug, or `slug/variant`.
    pub tag: String,
    /// Service tier; `None` for the ordinary one.
    pub service_tier: Option<String>,
    /// Weight format, e.g. `fp8`.
    pub quantization: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Tokens of prompt and answer together.
    pub context_length: u64,
    /// Longest answer in tokens.
    pub max_completion_tokens: Option<u64>,
    /// Longest prompt in tokens.
    pub max_prompt_tokens: Option<u64>,
    /// Request parameters that it supports.
    pub supported_parameters: Vec<String>,
    /// Input modalities.
    pub input_modalities: Vec<String>,
    /// Prices in force.
    pub price: Arc<PriceSheet>,
    /// Names the prices: the first 16 hexadecimal digits of the SHA-256 of the sheet. A request pins one.
    pub price_version: String,
    /// What it does with prompts; the provider's policy unless the endpoint states its own.
    pub data_policy: DataPolicy,
    /// Whether the provider caches prompts unasked.
    pub supports_implicit_caching: bool,
}

/// The whole catalogue, immutable.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    models: Vec<Arc<Model>>,
    by_id: HashMap<String, usize>,
    providers: Vec<Arc<Provider>>,
    by_slug: HashMap<String, usize>,
}

impl Catalog {
    /// All models, sorted by id.
    #[must_use]
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// All providers, sorted by slug.
    #[must_use]
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    /// Finds a model by id, canonical slug or alias.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Arc<Model>> {
        self.by_id.get(id).and_then(|at| self.models.get(*at))
    }

    /// Finds a provider by slug.
    #[must_use]
    pub fn provider(&self, slug: &str) -> Option<&Arc<Provider>> {
        self.by_slug.get(slug).and_then(|at| self.providers.get(*at))
    }

    /// The known model ids that resemble `id` most, best first, at most `limit`; for error texts.
    #[must_use]
    pub fn similar(&self, id: &str, limit: usize) -> Vec<&str> {
        slug::similar(self.models.iter().map(|model| model.id.as_str()), id, limit)
    }
}

impl Model {
    /// The endpoint whose prices hold when a provider says that it served another tier than `asked`: the same model at the
    /// same provider in that tier. `None` when the tier is the one that was asked for, or is not in the catalogue.
    ///
    /// `served` is the provider's word; `standard` and `on_demand` mean the ordinary tier, `fast` means `priority`.
    #[must_use]
    pub fn served_as(&self, asked: &Endpoint, served: &str) -> Option<&Arc<Endpoint>> {
        let served = match served {
            "default" | "standard" | "on_demand" => None,
            "fast" => Some("priority"),
            other => Some(other),
        };
        if asked.service_tier.as_deref() == served {
            return None;
        }
        self.endpoints.iter().find(|other| {
            other.service_tier.as_deref() == served
                && other.provider.slug == asked.provider.slug
                && other.upstream_id == asked.upstream_id
                && other.region == asked.region
        })
    }

    /// Whether the model is gone on a day, written `YYYY-MM-DD`.
    #[must_use]
    pub fn is_gone(&self, today: &str) -> bool {
        // Dates of this form sort like text.
        self.expiration_date.as_deref().is_some_and(|date| date < today)
    }

    /// Whether some endpoint costs nothing at all.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.price.is_free())
    }
}
