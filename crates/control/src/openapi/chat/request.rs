//! What is asked of a model.

use super::message::{CacheControl, Message, TextContent};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A chat request. Unknown fields never fail; parameters that the model does not support are left out.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatRequest {
    /// The conversation, oldest first. A trailing assistant message is continued.
    messages: Vec<Message>,
    /// Model id, `author/slug`, with optional suffixes such as `:free`, `:nitro`, `:floor`.
    model: Option<String>,
    /// Further models in order of preference, tried when the ones before fail.
    models: Option<Vec<String>>,
    /// Which providers may serve, and in which order.
    provider: Option<ProviderPreferences>,
    /// Functions that the model may call.
    tools: Option<Vec<Tool>>,
    /// Whether and which function has to be called.
    tool_choice: Option<ToolChoice>,
    /// Whether several functions may be called at once.
    parallel_tool_calls: Option<bool>,
    /// Form of the answer.
    response_format: Option<ResponseFormat>,
    /// 0 to 2.
    temperature: Option<f64>,
    /// 0 to 1.
    top_p: Option<f64>,
    /// 0 is off.
    top_k: Option<u64>,
    /// 0 to 1.
    top_a: Option<f64>,
    /// 0 to 1.
    min_p: Option<f64>,
    /// -2 to 2.
    frequency_penalty: Option<f64>,
    /// -2 to 2.
    presence_penalty: Option<f64>,
    /// 0 to 2.
    repetition_penalty: Option<f64>,
    /// For repeatable sampling where the provider offers it.
    seed: Option<i64>,
    /// Token id to bias, -100 to 100.
    logit_bias: Option<BTreeMap<String, f64>>,
    /// Whether token probabilities are returned.
    logprobs: Option<bool>,
    /// Alternatives per token, 0 to 20.
    top_logprobs: Option<u32>,
    /// Longest answer in tokens; former name of `max_completion_tokens`. The largest of several spellings counts.
    max_tokens: Option<u64>,
    /// Longest answer in tokens.
    max_completion_tokens: Option<u64>,
    /// A text, or up to four, at which the answer ends.
    stop: Option<Stop>,
    /// Whether the answer comes as server-sent events.
    stream: Option<bool>,
    /// Accepted; usage is always sent.
    stream_options: Option<StreamOptions>,
    /// Accepted; usage is always sent.
    usage: Option<UsageOptions>,
    /// How much the model thinks.
    reasoning: Option<ReasoningOptions>,
    /// `max`, `xhigh`, `high`, `medium`, `low`, `minimal` or `none`; short for `reasoning.effort`.
    reasoning_effort: Option<String>,
    /// Historic; short for `reasoning.exclude` turned round.
    include_reasoning: Option<bool>,
    /// `low`, `medium`, `high`, `xhigh` or `max`.
    verbosity: Option<String>,
    /// `auto`, `default`, `fast`, `flex`, `priority`, `scale` or `ultrafast`.
    service_tier: Option<String>,
    /// Text that the answer will mostly repeat.
    prediction: Option<Prediction>,
    /// `text`, `image`, `audio`.
    modalities: Option<Vec<String>>,
    /// Voice and format of spoken answers.
    audio: Option<AudioOptions>,
    /// Image settings of the provider.
    image_config: Option<BTreeMap<String, Value>>,
    /// Automatic prompt caching.
    cache_control: Option<CacheControl>,
    /// Names requests that share a prompt prefix.
    prompt_cache_key: Option<String>,
    /// The end user, as the caller names them.
    user: Option<String>,
    /// Conversation, at most 256 characters.
    session_id: Option<String>,
    /// Up to 16 pairs, names up to 64 characters, values up to 512.
    metadata: Option<BTreeMap<String, String>>,
    /// Names for tracing.
    trace: Option<BTreeMap<String, Value>>,
    /// Extensions by `id`.
    plugins: Option<Vec<BTreeMap<String, Value>>>,
}

/// One text or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Stop {
    /// One text.
    One(String),
    /// Up to four.
    Many(Vec<String>),
}

/// Streaming options.
#[derive(Serialize, ToSchema)]
pub(crate) struct StreamOptions {
    include_usage: Option<bool>,
}

/// Usage options.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageOptions {
    include: Option<bool>,
}

/// How much the model thinks.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReasoningOptions {
    /// `max`, `xhigh`, `high`, `medium`, `low`, `minimal` or `none`.
    effort: Option<String>,
    /// Token budget of the thoughts.
    max_tokens: Option<u64>,
    /// Whether the thoughts are left out of the answer.
    exclude: Option<bool>,
    /// Whether the model thinks at all.
    enabled: Option<bool>,
    /// `auto`, `concise` or `detailed`.
    summary: Option<String>,
}

/// Text that the answer will mostly repeat.
#[derive(Serialize, ToSchema)]
pub(crate) struct Prediction {
    /// `content`.
    r#type: String,
    content: TextContent,
}

/// Voice and format of spoken answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct AudioOptions {
    voice: Option<String>,
    format: Option<String>,
}

/// A function that the model may call.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tool {
    /// `function`.
    r#type: String,
    function: Option<FunctionDefinition>,
    cache_control: Option<CacheControl>,
}

/// A function's signature.
#[derive(Serialize, ToSchema)]
pub(crate) struct FunctionDefinition {
    name: String,
    description: Option<String>,
    /// JSON Schema of the arguments.
    parameters: Option<BTreeMap<String, Value>>,
    /// Whether the arguments must match the schema exactly.
    strict: Option<bool>,
}

/// Whether and which function has to be called.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ToolChoice {
    /// `none`, `auto` or `required`.
    Mode(String),
    /// This function.
    Named(NamedToolChoice),
}

/// A function that has to be called.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedToolChoice {
    /// `function`.
    r#type: String,
    function: FunctionName,
}

/// A function by its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct FunctionName {
    name: String,
}

/// Form of the answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponseFormat {
    /// `text`, `json_object`, `json_schema`, `grammar` or `python`.
    r#type: String,
    json_schema: Option<JsonSchemaFormat>,
    grammar: Option<String>,
}

/// A schema that the answer has to match.
#[derive(Serialize, ToSchema)]
pub(crate) struct JsonSchemaFormat {
    name: String,
    description: Option<String>,
    schema: Option<BTreeMap<String, Value>>,
    strict: Option<bool>,
}

/// Which providers may serve, and in which order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderPreferences {
    /// Provider handles or endpoint tags to try first, in order.
    order: Option<Vec<String>>,
    /// The only ones that may serve.
    only: Option<Vec<String>>,
    /// Ones that may not.
    ignore: Option<Vec<String>>,
    /// Whether others are tried after those in `order`.
    allow_fallbacks: Option<bool>,
    /// Whether every parameter of the request must be supported.
    require_parameters: Option<bool>,
    /// `allow` or `deny`: providers that keep or train on prompts.
    data_collection: Option<String>,
    /// Only endpoints without data retention.
    zdr: Option<bool>,
    /// Weight formats, e.g. `fp8`.
    quantizations: Option<Vec<String>>,
    /// `price`, `throughput` or `latency`, or an object with `by` and `partition`.
    sort: Option<Value>,
    max_price: Option<MaxPrice>,
}

/// Highest acceptable prices in US dollars: tokens per million, the rest per item.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaxPrice {
    prompt: Option<Value>,
    completion: Option<Value>,
    image: Option<Value>,
    audio: Option<Value>,
    request: Option<Value>,
}
