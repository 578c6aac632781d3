//! What is asked of a model.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A Responses request. Unknown fields never fail.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesRequest {
    /// Model id, `author/slug`, with optional suffixes such as `:free`, `:nitro`, `:floor`.
    model: Option<String>,
    /// The conversation, oldest first: a text, or items. Items that only another provider can read are left out.
    input: ResponsesInput,
    /// What the model is told before anything else.
    instructions: Option<String>,
    /// Longest answer in tokens; providers of this format take no less than 16.
    max_output_tokens: Option<u64>,
    /// Functions, free-form tools and namespaces of either; tools that only the provider of this format runs reach that
    /// provider and are left out elsewhere.
    tools: Option<Vec<BTreeMap<String, Value>>>,
    /// `auto`, `none`, `required`, or a tool: `{"type": "function", "name": …}`, `allowed_tools`.
    tool_choice: Option<Value>,
    /// Whether several tools may be called at once.
    parallel_tool_calls: Option<bool>,
    /// Form and length of the answer.
    text: Option<ResponsesText>,
    /// How much the model thinks.
    reasoning: Option<ResponsesReasoning>,
    /// `reasoning.encrypted_content` for reasoning that can be sent back, `message.output_text.logprobs`; others reach
    /// providers of this format.
    include: Option<Vec<String>>,
    /// 0 to 2.
    temperature: Option<f64>,
    /// 0 to 1.
    top_p: Option<f64>,
    /// Alternatives per token, 0 to 20.
    top_logprobs: Option<u32>,
    /// `auto` lets prompts that are too long lose their middle.
    truncation: Option<String>,
    /// Whether the answer comes as server-sent events.
    stream: Option<bool>,
    /// Only false.
    store: Option<bool>,
    /// Refused: nothing is stored.
    previous_response_id: Option<String>,
    /// Only false.
    background: Option<bool>,
    /// `auto`, `default`, `fast`, `flex`, `priority`, `scale` or `ultrafast`.
    service_tier: Option<String>,
    /// Names requests that share a prompt prefix.
    prompt_cache_key: Option<String>,
    /// The end user, as the caller names them; the older name is `user`.
    safety_identifier: Option<String>,
    user: Option<String>,
    /// Up to 16 pairs, names up to 64 characters, values up to 512.
    metadata: Option<BTreeMap<String, String>>,
    /// Further models, tried when the ones before fail.
    models: Option<Vec<String>>,
    /// Which providers may serve, and in which order.
    provider: Option<BTreeMap<String, Value>>,
    /// Extensions by `id`.
    plugins: Option<Vec<BTreeMap<String, Value>>>,
    /// Conversation, at most 256 characters.
    session_id: Option<String>,
}

/// A text, or items in order.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ResponsesInput {
    /// What the user says.
    Text(String),
    /// Messages, calls and their answers, reasoning.
    Items(Vec<ResponsesInputItem>),
}

/// One item; which fields count depends on the type.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesInputItem {
    /// `message` when absent; `reasoning`, `function_call`, `function_call_output`, `custom_tool_call`,
    /// `custom_tool_call_output`, and what tools of the caller or the provider write.
    r#type: Option<String>,
    /// Of a message: `user`, `system`, `developer` or `assistant`.
    role: Option<String>,
    /// Of a message: a text, or `input_text`, `input_image`, `input_file`, `input_audio`, `output_text` and `refusal` parts.
    content: Option<Value>,
    /// Of calls and their answers.
    call_id: Option<String>,
    /// Of a call: the tool.
    name: Option<String>,
    /// Of a call: the namespace of the tool.
    namespace: Option<String>,
    /// Of a function call: JSON as text.
    arguments: Option<String>,
    /// Of a call of a free-form tool.
    input: Option<String>,
    /// Of an answer to a call: a text, or parts.
    output: Option<Value>,
    /// Of reasoning: as returned earlier, to be sent back unchanged.
    encrypted_content: Option<String>,
}

/// Form and length of the answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesText {
    /// `{"type": "text"}`, `{"type": "json_object"}`, or `json_schema` with `name`, `schema` and `strict`.
    format: Option<BTreeMap<String, Value>>,
    /// `low`, `medium`, `high`, `xhigh` or `max`.
    verbosity: Option<String>,
}

/// How much the model thinks.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponsesReasoning {
    /// `max`, `xhigh`, `high`, `medium`, `low`, `minimal` or `none`.
    effort: Option<String>,
    /// `auto`, `concise` or `detailed`.
    summary: Option<String>,
    /// Token budget of the thoughts, in place of `effort`.
    max_tokens: Option<u64>,
    /// Whether the model thinks at all.
    enabled: Option<bool>,
}
