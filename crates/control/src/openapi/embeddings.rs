//! Documentation of `POST /embeddings`. The data plane reads requests leniently; these types only describe the contract.

#![expect(dead_code, reason = "types of this file describe JSON; nothing constructs them")]

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Turn texts into vectors
///
/// Planned among the models that give embeddings. Vectors come in the order of the inputs. Where a provider reports no
/// usage, tokens are estimated.
#[utoipa::path(post, path = "/embeddings", tag = "Inference", request_body = EmbeddingsRequest,
    params(("X-OpenRouter-Metadata" = Option<String>, Header, description = "`enabled` adds `openrouter_metadata`")),
    responses(
        (status = 200, description = "The vectors", body = EmbeddingsReply),
        (status = 400), (status = 401), (status = 402), (status = 403), (status = 404), (status = 408), (status = 413),
        (status = 415), (status = 422), (status = 429), (status = 500), (status = 502), (status = 503), (status = 504)))]
pub(super) fn embeddings() {}

/// An embeddings request. Unknown fields never fail.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmbeddingsRequest {
    /// Model id, `author/slug`.
    model: Option<String>,
    /// A text, token ids, or up to 2048 of one kind. Token ids only reach providers of the OpenAI format.
    input: EmbeddingsInput,
    /// Length of the vectors, 1 to 65536, where the model offers a choice.
    dimensions: Option<u32>,
    /// `float` or `base64`: 32-bit numbers, little-endian.
    encoding_format: Option<String>,
    /// What the vectors are for, such as `search_query` or `search_document`.
    input_type: Option<String>,
    /// The end user, as the caller names them.
    user: Option<String>,
    /// Conversation, at most 256 characters.
    session_id: Option<String>,
    /// Which providers may serve, and in which order.
    provider: Option<BTreeMap<String, Value>>,
}

/// What is turned into vectors.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum EmbeddingsInput {
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// One text as token ids.
    Tokens(Vec<u32>),
    /// Several texts as token ids.
    TokenLists(Vec<Vec<u32>>),
    /// Contents with text parts.
    Contents(Vec<BTreeMap<String, Value>>),
}

/// The vectors.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmbeddingsReply {
    /// `list`.
    object: String,
    /// Generation id, `gen-…`.
    id: String,
    /// Model that served.
    model: String,
    /// Provider that served.
    provider: String,
    data: Vec<EmbeddingsVector>,
    usage: EmbeddingsUsage,
    openrouter_metadata: Option<BTreeMap<String, Value>>,
}

/// One vector.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmbeddingsVector {
    /// `embedding`.
    object: String,
    /// Place of its input.
    index: u32,
    /// Numbers, or a text in base64.
    embedding: Value,
}

/// What the vectors consumed and cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmbeddingsUsage {
    prompt_tokens: u64,
    total_tokens: u64,
    /// What was charged, in US dollars.
    cost: f64,
    /// Whether an own provider key served.
    is_byok: bool,
    cost_details: EmbeddingsCostDetails,
}

/// How the cost is made up, in US dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct EmbeddingsCostDetails {
    upstream_inference_cost: f64,
    upstream_inference_prompt_cost: f64,
    upstream_inference_completions_cost: f64,
}
